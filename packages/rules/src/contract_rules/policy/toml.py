"""Policies as TOML files, checked in full when they are read."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from contract_rules.calendars import CALENDAR_KEYS, Calendar, PeriodError
from contract_rules.instants import zone_named
from contract_rules.periods import Period, calendar_readers
from contract_rules.policy.terms import Policy, PolicyError
from contract_rules.policy.timeline import DeadlineKind

KEYS = (*(each.name for each in fields(Policy) if each.init and each.compare), "calendar")
LONGEST_TEXT = 256 * 1024
"""Characters: twenty years of holidays with their names are a tenth of it."""


def parse_policy(text: str, source: str = "policy") -> Policy:
    """The policy that a TOML text writes down; `source` is named in errors.

    Raises:
        PolicyError: with the source, the key, and what was expected there.

    >>> parse_policy('name = "terms"', source="terms.toml")
    Traceback (most recent call last):
    ...
    contract_rules.policy.terms.PolicyError: terms.toml: version: missing: write text
    """
    table = _table(text, source)
    try:
        return policy_from_mapping(table, source)
    except PolicyError as error:
        raise PolicyError(f"{source}: {error}") from None


def parse_period(text: str, source: str = "period") -> tuple[Period, ZoneInfo]:
    """A period alone, with the zone whose days it counts: the keys of a period, and `zone`.

    Raises:
        PolicyError: as `parse_policy`.

    >>> period, zone = parse_period('''
    ... zone = "Asia/Tokyo"
    ... unit = "day"
    ... count = 14
    ... ''')
    >>> print(period.ends_at(date(2024, 3, 1), zone))
    2024-03-16 00:00:00+09:00
    """
    table = _table(text, source)
    try:
        zone = _zone(table)
        return Period.from_mapping({key: value for key, value in table.items() if key != "zone"}), zone
    except (PolicyError, PeriodError) as error:
        raise PolicyError(f"{source}: {error}") from None


def _table(text: str, source: str) -> dict[str, Any]:
    if len(text) > LONGEST_TEXT:
        raise PolicyError(f"{source}: {len(text)} characters: write at most {LONGEST_TEXT}")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, nesting without end
        raise PolicyError(f"{source}: not TOML: {error}") from None


def policy_from_mapping(table: Mapping[str, object], source: str = "policy") -> Policy:
    """The policy that parsed TOML, or the same in JSON, writes down.

    Raises:
        PolicyError: with the key, and what was expected there.

    >>> from contract_rules import shipped_policies
    >>> (shipped,) = shipped_policies()
    >>> policy_from_mapping(shipped.terms) == shipped
    True
    """
    for key in table:
        if key not in KEYS:
            raise PolicyError(f"{key}: not a key of a policy: write one of {', '.join(KEYS)}")
    _check_calendar(table)
    return Policy(
        name=_text(table, "name"),
        version=_text(table, "version"),
        zone=_zone(table),
        service_end=_period(table, "service_end"),
        resumption=_period(table, "resumption"),
        erasure=_period(table, "erasure"),
        valid_from=_day(table, "valid_from"),
        valid_until=_day(table, "valid_until"),
        source=source,
    )


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if isinstance(value, str):
        return value
    raise PolicyError(f"{key}: {_found(value)}: write text")


def _zone(table: Mapping[str, object]) -> ZoneInfo:
    key = _text(table, "zone")
    try:
        return zone_named(key)
    except ValueError as error:
        raise PolicyError(f"zone: {error}") from None


def _period(table: Mapping[str, object], key: str) -> Period:
    value = table.get(key)
    if not isinstance(value, Mapping):
        raise PolicyError(f"{key}: {_found(value)}: write a table [{key}] with unit and count")
    try:
        return Period.from_mapping({**_shared_calendar(table, value), **value})
    except PeriodError as error:
        raise PolicyError(f"{key}: {error}") from None


def _shared_calendar(table: Mapping[str, object], period: Mapping[str, object]) -> Mapping[str, object]:
    """The keys of table [calendar] for a period that asks for closed days and writes none of its own."""
    shared = table.get("calendar")
    has_own = any(key in period for key in CALENDAR_KEYS)
    return shared if isinstance(shared, Mapping) and calendar_readers(period) and not has_own else {}


def _check_calendar(table: Mapping[str, object]) -> None:
    """Refuse a table [calendar] that is none, or that no period takes."""
    if "calendar" not in table:
        return
    try:
        Calendar.from_mapping(table["calendar"])
    except PeriodError as error:
        raise PolicyError(f"calendar: {error}") from None
    periods = [table.get(kind) for kind in DeadlineKind]
    if not any(isinstance(period, Mapping) and _shared_calendar(table, period) for period in periods):
        raise PolicyError("calendar: no period counts or moves by it: write a business_day or a roll, or leave it out")


def _day(table: Mapping[str, object], key: str) -> date | None:
    value = table.get(key)
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise PolicyError(f"{key}: {_found(value)}: write a date without quotes, as in 2024-03-01")


def _found(value: object) -> str:
    return "missing" if value is None else f"{value!r}"
