"""The scalars of calendar days and instants."""

import re
from datetime import UTC, date, datetime

import strawberry
from strawberry.types.scalar import ScalarDefinition

from contract_server.settings.durations import within_utc

_RFC_3339 = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _parse_day(value: object) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError("a calendar day is expected, as YYYY-MM-DD")


def _parse_instant(value: object) -> datetime:
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return within_utc(datetime.fromisoformat(value.upper()))
    raise ValueError("an instant with its offset is expected, as 2024-03-16T00:00:00+09:00")


def _write_instant(instant: datetime) -> str:
    """Write RFC 3339. Its offsets have no seconds, so an instant whose offset has some is written in UTC."""
    text = instant.isoformat()
    return text if _INSTANT.fullmatch(text) else instant.astimezone(UTC).isoformat()


SCALARS: dict[object, ScalarDefinition] = {
    date: strawberry.scalar(
        name="Date",
        description="A calendar day in the policy's time zone, `YYYY-MM-DD`.",
        specified_by_url=_RFC_3339,
        serialize=date.isoformat,
        parse_value=_parse_day,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An instant, RFC 3339 with an explicit offset; answers carry the policy's zone"
            " (`2024-03-16T00:00:00+09:00`). A value without an offset is refused."
        ),
        specified_by_url=_RFC_3339,
        serialize=_write_instant,
        parse_value=_parse_instant,
    ),
}
