"""Policies as TOML files, checked in full when they are read."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from zoneinfo import ZoneInfo

from contract_rules.instants import zone_named
from contract_rules.periods import Period, PeriodError
from contract_rules.policy.terms import Policy, PolicyError

KEYS = tuple(each.name for each in fields(Policy) if each.init and each.compare)


def parse_policy(text: str, source: str = "policy") -> Policy:
    """The policy that a TOML text writes down; `source` is named in errors.

    Raises:
        PolicyError: with the source, the key, and what was expected there.

    >>> parse_policy('name = "terms"', source="terms.toml")
    Traceback (most recent call last):
    ...
    contract_rules.policy.terms.PolicyError: terms.toml: version: missing: write text
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, nesting without end
        raise PolicyError(f"{source}: not TOML: {error}") from None
    try:
        return _policy(table, source)
    except PolicyError as error:
        raise PolicyError(f"{source}: {error}") from None


def _policy(table: Mapping[str, object], source: str) -> Policy:
    for key in table:
        if key not in KEYS:
            raise PolicyError(f"{key}: not a key of a policy: write one of {', '.join(KEYS)}")
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
        return Period.from_mapping(value)
    except PeriodError as error:
        raise PolicyError(f"{key}: {error}") from None


def _day(table: Mapping[str, object], key: str) -> date | None:
    value = table.get(key)
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise PolicyError(f"{key}: {_found(value)}: write a date without quotes, as in 2024-03-01")


def _found(value: object) -> str:
    return "missing" if value is None else f"{value!r}"
