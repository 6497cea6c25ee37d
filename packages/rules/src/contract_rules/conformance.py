"""Conformance: does this package reproduce dates that laws, courts and ministries have published?

A case is a mapping with `event` (a date, or a datetime where the time of day matters), `period` (fields of
`Period`) and `last_day`. `id` names it in a report; every other key is for people and ignored.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from importlib import resources
from typing import Final, NamedTuple

from contract_rules.instants import DateOutOfRange
from contract_rules.periods import Period, PeriodError

VECTORS: Final = ("deadline-vectors.json", "deadline-vectors-2.json")
COMPLETE: Final = {"holidays_from": str(date.min), "holidays_until": str(date.max)}


class Mismatch(NamedTuple):
    """A case that this package does not reproduce, and what it answers instead."""

    case: str
    difference: str


def shipped_cases() -> list[object]:
    """The published dates that this package brings along.

    >>> len(shipped_cases())
    105
    """
    folder = resources.files("contract_rules") / "vectors"
    return [case for name in VECTORS for case in json.loads((folder / name).read_text(encoding="utf-8"))]


def mismatches(cases: Iterable[object]) -> list[Mismatch]:
    """The cases that do not hold, in their order. Nothing that a case may contain raises an error.

    >>> period = {"unit": "day", "count": 14}
    >>> mismatches([{"id": "OL01", "event": "2024-03-01", "period": period, "last_day": "2024-03-14"}])
    [Mismatch(case='OL01', difference='last day 2024-03-15, expected 2024-03-14')]
    """
    found = []
    for number, case in enumerate(cases, start=1):
        difference = _difference(case)
        if difference is not None:
            found.append(Mismatch(_name(case, number), difference))
    return found


def _name(case: object, number: int) -> str:
    return str(case["id"]) if isinstance(case, Mapping) and "id" in case else f"case {number}"


def _difference(case: object) -> str | None:
    try:
        event, period, expected = _read(case)
        last_day = period.last_day(event)
    except PeriodError as error:
        return f"the period is refused: {error}"
    except DateOutOfRange as error:
        return str(error)
    except ValueError as error:
        return f"not a case: {error}"
    return None if last_day == expected else f"last day {last_day}, expected {expected}"


def _read(case: object) -> tuple[date, Period, date]:
    if not isinstance(case, Mapping):
        raise ValueError("write an object with event, period and last_day")  # noqa: TRY004  # the case is wrong, not the caller
    period = case.get("period")
    if not isinstance(period, Mapping):
        raise ValueError("write period as an object")  # noqa: TRY004  # the case is wrong, not the caller
    return (
        _event(_text(case, "event")),
        Period.from_mapping(_complete(period)),
        date.fromisoformat(_text(case, "last_day")),
    )


def _complete(calendar: Mapping[str, object]) -> Mapping[str, object]:
    """A published case lists the holidays that matter to it: its list is complete unless it says until when."""
    return {**COMPLETE, **calendar} if "holidays" in calendar else calendar


def _text(case: Mapping[str, object], key: str) -> str:
    value = case.get(key)
    if not isinstance(value, str):
        raise ValueError(f"write {key} as text")  # noqa: TRY004  # the case is wrong, not the caller
    return value


def _event(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text)
