"""Durations as operators type and read them: `90s`, `15m`, `2h`, `7d`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator

EXPECTED = "a number with its unit, as in 30s, 15m, 2h or 7d"

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
_FIRST, _LAST = (end.replace(tzinfo=UTC) for end in (datetime.min, datetime.max))  # noqa: DTZ901 - given one here
_WRITTEN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([smhd])")


def parse_duration(text: str) -> timedelta:
    """Parse a duration.

    Raises:
        ValueError: The unit is missing or unknown.

    >>> parse_duration("7d")
    datetime.timedelta(days=7)
    """
    match = _WRITTEN.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"expected {EXPECTED}")
    return float(match[1]) * _UNITS[match[2]]


def show_duration(span: timedelta) -> str:
    """Format a duration in the largest unit that divides it.

    >>> show_duration(timedelta(minutes=90)), show_duration(timedelta(days=1))
    ('90m', '1d')
    """
    for unit, size in _UNITS.items():
        if span % size == timedelta():
            return f"{span // size}{unit}"
    return f"{span.total_seconds():g}s"


def _typed(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_typed)]
"""A setting that is a duration. Its unit is required, so that seconds are not mistaken for minutes."""


def so_far_ahead(now: datetime, span: timedelta) -> datetime:
    """The instant that far ahead, or the last representable one."""
    return now + min(span, _LAST - now)


def within_utc(instant: datetime) -> datetime:
    """The instant itself, or the first or last of UTC if its offset leads beyond."""
    try:
        instant.astimezone(UTC)
    except OverflowError:
        return _FIRST if instant.year == _FIRST.year else _LAST
    return instant
