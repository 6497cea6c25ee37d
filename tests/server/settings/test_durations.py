from datetime import UTC, datetime, timedelta

import pytest

from contract_server.settings.durations import parse_duration, show_duration, so_far_ahead


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("15 m", timedelta(minutes=15)),
        ("1.5H", timedelta(minutes=90)),
        ("7d", timedelta(7)),
    ],
)
def test_a_span_is_typed_with_its_unit(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span
    assert parse_duration(show_duration(span)) == span


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1w", "7d 2h", "1000000000d", "١d"])
def test_a_span_without_a_unit_or_beyond_the_calendar_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number with its unit"):
        parse_duration(text)


def test_a_span_of_milliseconds_is_shown_in_seconds() -> None:
    assert show_duration(timedelta(milliseconds=10)) == "0.01s"


def test_an_instant_beyond_the_calendar_is_the_last_one() -> None:
    now = datetime(2024, 3, 1, tzinfo=UTC)
    assert so_far_ahead(now, timedelta(days=1)) == datetime(2024, 3, 2, tzinfo=UTC)
    assert so_far_ahead(now, timedelta.max) == datetime.max.replace(tzinfo=UTC)
