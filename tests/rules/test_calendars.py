import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_rules import Calendar, DateOutOfRange, HolidaysUnknown, Period, PeriodError

WEEKEND = {"weekend": [6, 7]}
LISTED = {**WEEKEND, "holidays": ["2024-05-03", "2024-05-06"], "holidays_until": "2025-01-01"}


def business_days(count: int, **calendar: object) -> Period:
    """So many business days of a calendar."""
    return Period.from_mapping({"unit": "business_day", "count": count, **calendar})


# ---------------------------------------------------------------- open days


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Calendars around the year 2024, with any weekend."""
    weekend = draw(st.frozensets(st.integers(1, 7), max_size=6))
    holidays = draw(st.frozensets(st.dates(date(2023, 10, 1), date(2024, 6, 30)), max_size=40))
    until = date(2100, 1, 1) if holidays else None
    return Calendar(weekend, holidays, date(1950, 1, 1) if holidays else None, until)


def nth_open_day_by_day(calendar: Calendar, day: date, count: int, *, included: bool) -> date:
    """The same as `nth_open`, by looking at one day after the other."""
    step = timedelta(days=1 if count > 0 else -1)
    day = day if included else day + step
    found = int(calendar.is_open(day))
    while found < abs(count):
        day += step
        found += calendar.is_open(day)
    return day


@given(calendars(), st.dates(date(2023, 9, 1), date(2024, 8, 1)), st.integers(-60, 60).filter(bool), st.booleans())
def test_open_days_found_by_arithmetic_are_those_found_day_by_day(
    calendar: Calendar, day: date, count: int, included: bool
) -> None:
    expected = nth_open_day_by_day(calendar, day, count, included=included)
    assert calendar.nth_open(day, count, included=included) == expected


@pytest.mark.parametrize("count", [1, -1])
def test_a_long_run_of_holidays_is_passed_over(count: int) -> None:
    closed = frozenset(date(2024, 1, 1) + timedelta(days=days) for days in range(366))
    calendar = Calendar(frozenset({6, 7}), closed, date(2000, 1, 1), date(2030, 1, 1))
    found = calendar.nth_open(date(2024, 6, 1), count)
    assert str(found) == ("2025-01-01" if count > 0 else "2023-12-29")


def test_the_first_and_the_last_day_of_the_calendar_can_be_open() -> None:
    everyday = Calendar()
    assert everyday.nth_open(date(1, 1, 2), -1) == date.min
    assert everyday.nth_open(date(9999, 12, 30), 1) == date.max
    for day, count in ((date.min, -1), (date.max, 1), (date(2024, 1, 1), 4_000_000)):
        with pytest.raises(OverflowError):
            everyday.nth_open(day, count)


def test_holidays_between_are_those_on_open_weekdays() -> None:
    calendar = Calendar.from_mapping({**LISTED, "holidays": ["2024-05-03", "2024-05-04", "2024-05-06"]})
    assert calendar.holidays_between(date(2024, 5, 3), date(2024, 5, 6)) == [date(2024, 5, 3), date(2024, 5, 6)]
    assert calendar.holidays_between(date(2024, 5, 4), date(2024, 5, 5)) == []


# ---------------------------------------------------------------- for which dates it is known


@pytest.mark.parametrize(
    ("count", "event", "last_day"),
    [(1, "2023-12-31", "2024-01-01"), (1, "2024-12-30", "2024-12-31"), (2, "2024-05-02", "2024-05-08")],
)
def test_a_list_counts_from_its_first_year_until_it_ends(count: int, event: str, last_day: str) -> None:
    assert str(business_days(count, **LISTED).last_day(date.fromisoformat(event))) == last_day


@pytest.mark.parametrize(
    ("count", "event", "too_early", "message"),
    [
        (
            1,
            "2023-12-30",
            True,
            (
                "whether 2023-12-31 is a holiday is not known: the holidays are listed from 2024-01-01 until "
                "2025-01-01: add those of 2023, and move holidays_until"
            ),
        ),
        (
            1,
            "2024-12-31",
            False,
            (
                "whether 2025-01-01 is a holiday is not known: the holidays are listed from 2024-01-01 until "
                "2025-01-01: add those of 2025, and move holidays_until"
            ),
        ),
        (
            20,
            "2030-06-01",
            False,
            (
                "whether 2030-06-02 is a holiday is not known: the holidays are listed from 2024-01-01 until "
                "2025-01-01: add those of 2030, and move holidays_until"
            ),
        ),
    ],
)
def test_a_list_is_never_used_beyond_the_dates_that_it_covers(
    count: int, event: str, too_early: bool, message: str
) -> None:
    with pytest.raises(HolidaysUnknown, match=f"^{re.escape(message)}$") as error:
        business_days(count, **LISTED).last_day(date.fromisoformat(event))
    assert error.value.too_early is too_early
    assert isinstance(error.value, DateOutOfRange)


def test_a_list_says_from_when_it_is_complete_where_that_is_no_first_of_january() -> None:
    since_april = {**LISTED, "holidays_from": date(2024, 4, 1)}
    assert business_days(1, **since_april).last_day(date(2024, 3, 31)) == date(2024, 4, 1)
    with pytest.raises(
        HolidaysUnknown,
        match=(
            r"^whether 2024-03-31 is a holiday is not known: the holidays are listed from 2024-04-01 until "
            r"2025-01-01: add those of 2024, and move holidays_until$"
        ),
    ):
        business_days(1, **since_april).last_day(date(2024, 3, 30))


@pytest.mark.parametrize("roll", ["forward", "backward"])
def test_a_roll_looks_at_the_list_too(roll: str) -> None:
    rolled = Period.from_mapping({"unit": "day", "count": 14, "roll": roll, **LISTED})
    assert rolled.last_day(date(2024, 12, 17)) == date(2024, 12, 31)
    with pytest.raises(HolidaysUnknown):
        rolled.last_day(date(2024, 12, 18))


def test_a_weekend_alone_is_known_for_all_dates() -> None:
    assert business_days(1, **WEEKEND).last_day(date(9999, 12, 30)) == date.max


# ---------------------------------------------------------------- what no calendar is


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (
            {"holidays": ["2024-05-03"]},
            (
                "holidays do not say until when they are complete: write holidays_until, the first date whose "
                "holidays are not listed, as in 2025-01-01"
            ),
        ),
        (
            {"holidays": ["9999-05-03"]},
            (
                "holidays do not say until when they are complete: write holidays_until, the first date whose "
                "holidays are not listed, as in 9999-01-01"
            ),
        ),
        (
            {"holidays": ["2024-05-03"], "holidays_until": "2024-05-03"},
            (
                "holidays go from 2024-05-03 to 2024-05-03 and are complete from 2024-01-01 until 2024-05-03: "
                "write holidays_from <= holiday < holidays_until"
            ),
        ),
        (
            {**LISTED, "holidays_from": "2024-05-04"},
            (
                "holidays go from 2024-05-03 to 2024-05-06 and are complete from 2024-05-04 until 2025-01-01: "
                "write holidays_from <= holiday < holidays_until"
            ),
        ),
        (
            {**WEEKEND, "holidays_until": "2025-01-01"},
            "holidays_until says until when holidays are complete: write holidays, or leave it out",
        ),
        (
            {**WEEKEND, "holidays_from": "2025-01-01"},
            "holidays_until says until when holidays are complete: write holidays, or leave it out",
        ),
        ({**LISTED, "holidays_until": 2025}, "holidays_until has 2025: write dates as YYYY-MM-DD"),
        (
            {"weekend": [1, 2, 3, 4, 5, 6, 7]},
            "weekend closes all seven weekdays: leave at least one of 1 to 7 out",
        ),
        (
            {"days": [6, 7]},
            "'days' is not a key of a calendar: write one of weekend, holidays, holidays_from, holidays_until",
        ),
        ([6, 7], "[6, 7] is not a calendar: write a table with weekend, holidays, holidays_until"),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_refused_with_what_to_write_instead(mapping: object, message: str) -> None:
    with pytest.raises(PeriodError, match=f"^{re.escape(message)}$"):
        Calendar.from_mapping(mapping)
