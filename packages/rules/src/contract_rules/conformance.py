"""Conformance: does this package answer as its vectors say?

A vector is a case: a question, and the answer that every implementation of these rules has to give. Which
question it is follows from the answer's key:

    last_day    the last day of `period`, set off by `event` (a date, or a datetime where the time matters)
    ends_at     the instant at which it is over in `zone`
    error       the class of the error with which either of them is refused
    decision    what becomes of the contract of these `facts` if `actor` asks for `action` at `now`, under `policy`
    refused     the same, where only the reason matters
    standing    where the contract of these `facts` stands at `now`

`id` names the case in a report; every other key is for people and ignored. A file is a list of cases, or an object
with `cases` and, each by its name, the `policies` and `facts` that its cases refer to.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from importlib import resources
from typing import Final, NamedTuple, TypeVar

from contract_rules.decisions import Refused, decide
from contract_rules.facts import Facts
from contract_rules.instants import DateOutOfRange, local_time, require_instant, zone_named
from contract_rules.lifecycle import Action, Actor
from contract_rules.periods import Period, PeriodError
from contract_rules.policy import Policy, PolicyError
from contract_rules.policy.toml import policy_from_mapping
from contract_rules.portable import FACTS, to_json
from contract_rules.shapes import FactsError
from contract_rules.standing import standing

Value = TypeVar("Value")

VECTORS: Final = (
    "deadline-vectors.json",
    "deadline-vectors-2.json",
    "period-vectors.json",
    "rejected-vectors.json",
    "instant-vectors.json",
    "decision-vectors.json",
)
ANSWERS: Final = ("last_day", "ends_at", "error", "decision", "refused", "standing")
"""The keys of answers: each case has one."""

ALL_KNOWN: Final = {"holidays_from": str(date.min), "holidays_until": str(date.max)}
"""A published date comes with the holidays that matter to it; where it does not say so, all others are known."""

NAMED: Final = {"policy": "policies", "facts": "facts"}
"""Which table of a file a key's names belong to."""

FORMS: Final = {
    "action": "one of " + ", ".join(Action),
    "actor": "one of " + ", ".join(Actor),
    "now": "an instant with its UTC offset, as in 2024-03-01T09:30:00+09:00",
    "event": "a date or a time, as in 2024-03-01 or 2024-03-01T09:30",
    "zone": "the name of a time zone, as in Asia/Tokyo",
}


class Mismatch(NamedTuple):
    """A case that this package does not reproduce, and what it answers instead."""

    case: str
    difference: str


class NotACase(ValueError):
    """What is written is no case; the message says what to write."""


def shipped_cases() -> list[object]:
    """The cases of every file of vectors that the package brings.

    >>> mismatches(shipped_cases())
    []
    """
    folder = resources.files("contract_rules") / "vectors"
    return [case for name in VECTORS for case in read_cases((folder / name).read_text(encoding="utf-8"))]


def read_cases(text: str) -> list[object]:
    """The cases of a file of vectors.

    Raises:
        ValueError: the text is not JSON, or neither a list of cases nor an object that has one.

    >>> read_cases("[]")
    []
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    tables = document if isinstance(document, dict) else {"cases": document}
    cases = tables.get("cases")
    if not isinstance(cases, list):
        raise ValueError("not a list of cases")  # noqa: TRY004  # the text is wrong, not the caller
    return [_read_case(case, tables) for case in cases]


def _read_case(case: object, tables: Mapping[str, object]) -> object:
    if not isinstance(case, Mapping):
        return case
    resolved = _resolved(case, tables)
    period = case.get("period")
    if "last_day" in case and isinstance(period, Mapping) and "holidays" in period:
        resolved["period"] = period if "holidays_until" in period else {**ALL_KNOWN, **period}
    return resolved


def _resolved(case: Mapping[str, object], tables: Mapping[str, object]) -> dict[str, object]:
    """The case with policies and facts in the place of their names; an unknown name stays as it is."""
    replaced: dict[str, object] = {}
    for key, table in NAMED.items():
        name, things = case.get(key), tables.get(table)
        if isinstance(name, str) and isinstance(things, Mapping) and name in things:
            replaced[key] = things[name]
    decision = case.get("decision")
    if isinstance(decision, Mapping):
        replaced["decision"] = _resolved(decision, tables)
    return {**case, **replaced}


def mismatches(cases: Iterable[object]) -> list[Mismatch]:
    """The cases that do not hold, in their order. Nothing that a case may contain raises an error.

    >>> period = {"unit": "day", "count": 14}
    >>> mismatches([{"id": "OL01", "event": "2024-03-01", "period": period, "last_day": "2024-03-14"}])
    [Mismatch(case='OL01', difference='last_day 2024-03-15, expected last_day 2024-03-14')]
    """
    found = []
    for number, case in enumerate(cases, start=1):
        difference = _difference(case)
        if difference is not None:
            found.append(Mismatch(_name(case, number), difference))
    return found


def answer(case: Mapping[str, object]) -> dict[str, object]:
    """What this package answers to the question of a case, under the key that says which kind of answer it is.

    Raises:
        NotACase: the question cannot be read.

    >>> answer({"event": "2024-03-01", "period": {"unit": "day", "count": 14}})
    {'last_day': '2024-03-15'}
    """
    if "action" in case:
        return _decision(case)
    if "facts" in case:
        return _standing(case)
    return _end(case)


def _end(case: Mapping[str, object]) -> dict[str, object]:
    event, mapping = _read(case, "event", _event), _object(case.get("period"), "period")
    zone = _read(case, "zone", zone_named) if "zone" in case else None
    try:
        period = Period.from_mapping(mapping)
        if zone is None:
            return {"last_day": str(period.last_day(event))}
        return {"ends_at": period.ends_at(event, zone).isoformat()}
    except (PeriodError, DateOutOfRange) as error:
        return {"error": type(error).__name__, "message": str(error)}


def _decision(case: Mapping[str, object]) -> dict[str, object]:
    action, actor, now = _read(case, "action", Action), _read(case, "actor", Actor), _read(case, "now", _instant)
    decision = decide(_policy(case), _facts(case), action, actor, now)
    refused = {"refused": decision.reason} if isinstance(decision, Refused) else {}
    return refused | {"decision": json.loads(to_json(decision))["decision"]}


def _standing(case: Mapping[str, object]) -> dict[str, object]:
    found = standing(_facts(case), _read(case, "now", _instant))
    until = None if found.until is None else found.until.isoformat()
    return {"standing": {"phase": found.phase, "service_available": found.service_available, "until": until}}


def _facts(case: Mapping[str, object]) -> Facts:
    try:
        return FACTS.read(case.get("facts"), "facts")
    except FactsError as error:
        raise NotACase(str(error)) from None


def _policy(case: Mapping[str, object]) -> Policy:
    try:
        return policy_from_mapping(_object(case.get("policy"), "policy"))
    except PolicyError as error:
        raise NotACase(f"policy: {error}") from None


def agree(expected: object, found: object) -> bool:
    """Whether two answers are the same, instants being the same in whatever zone they are written.

    >>> agree("2024-03-16T00:00:00+09:00", "2024-03-15T15:00:00Z")
    True
    """
    return _comparable(expected) == _comparable(found)


def _name(case: object, number: int) -> str:
    return str(case["id"]) if isinstance(case, Mapping) and "id" in case else f"case {number}"


def _difference(case: object) -> str | None:
    try:
        question = _object(case, "a case")
        key = _answer_key(question)
        found = answer(question)
    except NotACase as error:
        return f"not a case: {error}"
    return None if agree(question[key], found.get(key)) else _told(found, f"{key} {question[key]}")


def _told(found: Mapping[str, object], expected: str) -> str:
    return f"{', '.join(f'{name} {value}' for name, value in found.items())}, expected {expected}"


def _answer_key(case: Mapping[str, object]) -> str:
    keys = [key for key in ANSWERS if key in case]
    if len(keys) != 1:
        raise NotACase(f"write one answer, as {' or '.join(ANSWERS)}")
    return keys[0]


def _comparable(value: object) -> object:
    """The same for two ways to write the same instant."""
    match value:
        case str() if "T" in value:
            return _comparable_text(value)
        case Mapping():
            return {key: _comparable(each) for key, each in value.items()}
        case list():
            return [_comparable(each) for each in value]
    return value


def _comparable_text(text: str) -> object:
    try:
        return local_time(datetime.fromisoformat(text), UTC)
    except ValueError:
        return text


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise NotACase(f"write {name} as an object")
    return value


def _read(case: Mapping[str, object], key: str, read: Callable[[str], Value]) -> Value:
    value = case.get(key)
    if not isinstance(value, str):
        raise NotACase(f"write {key} as text")
    try:
        return read(value)
    except ValueError:
        raise NotACase(f"{key} is {value!r}: write {FORMS[key]}") from None


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    require_instant(instant)
    return instant


def _event(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text)
