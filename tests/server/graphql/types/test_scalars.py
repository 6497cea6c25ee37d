"""Days and instants are read strictly, and written so that they are read back as the same."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from contract_server.graphql.types.scalars import SCALARS

DAY, INSTANT = SCALARS[date], SCALARS[datetime]


@pytest.mark.parametrize(
    "text",
    ["2024-02-30", "2024-3-1", "20240301", "2024-03-01T00:00:00", "２０２４-03-01", "", 20_240_301.0, None, 1.5],
)
def test_a_day_is_read_as_year_month_and_day_alone(text: object) -> None:
    assert DAY.parse_value is not None
    assert DAY.parse_value("2024-02-29") == date(2024, 2, 29)
    with pytest.raises(ValueError, match=r"calendar day|day is out of range|month"):
        DAY.parse_value(text)


@pytest.mark.parametrize(
    "text",
    ["2024-03-16", "2024-03-16T00:00:00", "2024-03-16T00:00+09:00", "2024-03-16T00:00:00+0900", 1710514800, None],
)
def test_an_instant_without_an_offset_is_refused(text: object) -> None:
    assert INSTANT.parse_value is not None
    with pytest.raises(ValueError, match="instant with its offset"):
        INSTANT.parse_value(text)


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2024, 3, 16, tzinfo=ZoneInfo("Asia/Tokyo")),
        datetime(2024, 3, 16, 1, 2, 3, 456_789, tzinfo=UTC),
        datetime(1880, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo")),  # local mean time: +09:18:59
        datetime(2024, 3, 16, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_an_instant_is_read_back_as_it_was_written(instant: datetime) -> None:
    assert INSTANT.parse_value is not None
    assert INSTANT.serialize is not None
    assert INSTANT.parse_value(INSTANT.serialize(instant)) == instant


def test_a_small_t_and_z_are_rfc_3339_too() -> None:
    assert INSTANT.parse_value is not None
    assert INSTANT.parse_value("2024-03-16t00:00:00z") == datetime(2024, 3, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("0001-01-01T00:00:00+14:00", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59-14:00", datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    ],
)
def test_an_instant_beyond_the_calendar_of_utc_is_its_end(text: str, end: datetime) -> None:
    assert INSTANT.parse_value is not None
    assert INSTANT.parse_value(text) == end
