import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contract_rules import (
    Align,
    Calendar,
    DateOutOfRange,
    Direction,
    FirstDay,
    MonthRule,
    Period,
    PeriodError,
    Roll,
    Unit,
)
from contract_rules.conformance import mismatches, shipped_cases

TOKYO = ZoneInfo("Asia/Tokyo")
WEEKEND = Calendar(weekend=frozenset({6, 7}))
UNTIL_2025 = {"holidays_until": "2025-01-01"}
PUBLISHED = [case for case in shipped_cases() if isinstance(case, dict) and "source" in case]


def period(unit: str, count: int, **rest: object) -> Period:
    """A period in the words of a conformance case."""
    return Period.from_mapping({"unit": unit, "count": count, **rest})


def moment(text: str) -> date:
    """A date, or a datetime where the text has a time."""
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: case["id"])
def test_published_date_is_reproduced(case: dict[str, Any]) -> None:
    assert mismatches([case]) == []
    assert case["source"]


def test_there_are_105_published_dates() -> None:
    assert len({case["id"] for case in PUBLISHED}) == 105


# ---------------------------------------------------------------- days and weeks


@pytest.mark.parametrize(
    ("unit", "count", "rest", "event", "last_day"),
    [
        ("day", 1, {}, "2024-02-28", "2024-02-29"),
        ("day", 1, {"first_day": "include"}, "2024-02-28", "2024-02-28"),
        ("day", 45, {}, "2023-12-31", "2024-02-14"),
        ("week", 1, {}, "2024-03-01", "2024-03-08"),
        ("week", 2, {"first_day": "include"}, "2024-03-01", "2024-03-14"),
        ("day", 14, {"clear_days": True}, "2024-03-01", "2024-03-16"),
        ("week", 1, {"clear_days": True}, "2024-03-01", "2024-03-09"),
        ("day", 14, {"direction": "backward"}, "2024-03-15", "2024-03-01"),
        ("day", 14, {"direction": "backward", "first_day": "include"}, "2024-03-15", "2024-03-02"),
        ("day", 1, {"direction": "backward", "first_day": "include"}, "2024-03-15", "2024-03-15"),
        ("day", 14, {"direction": "backward", "clear_days": True}, "2024-03-15", "2024-02-29"),
        ("week", 1, {"direction": "backward"}, "2024-03-08", "2024-03-01"),
    ],
)
def test_days_and_weeks_are_counted_by_the_calendar(
    unit: str, count: int, rest: dict[str, Any], event: str, last_day: str
) -> None:
    assert str(period(unit, count, **rest).last_day(moment(event))) == last_day


@pytest.mark.parametrize(
    ("event", "last_day"),
    [
        ("2024-03-01", "2024-03-15"),
        ("2024-03-01T00:00:00", "2024-03-14"),
        ("2024-03-01T00:00:00.000001", "2024-03-15"),
        ("2024-03-01T23:59:59.999999", "2024-03-15"),
        ("2024-03-01T00:00:00+09:00", "2024-03-14"),
        ("2024-03-01T15:00:00+00:00", "2024-03-15"),
    ],
)
def test_only_an_event_at_exactly_midnight_counts_its_own_day(event: str, last_day: str) -> None:
    assert str(period("day", 14, first_day="exclude_unless_midnight").last_day(moment(event))) == last_day


def test_last_day_takes_the_date_of_an_aware_event_as_written() -> None:
    late_in_new_york = datetime(2024, 3, 1, 23, tzinfo=timezone(timedelta(hours=-5)))
    assert period("day", 1).last_day(late_in_new_york) == date(2024, 3, 2)


def test_last_day_of_a_datetime_is_a_plain_date() -> None:
    assert type(period("day", 1).last_day(datetime(2024, 3, 1, 9, tzinfo=UTC))) is date


# ---------------------------------------------------------------- months and years


@pytest.mark.parametrize(
    ("count", "first_day", "event", "last_day"),
    [
        (1, "exclude", "2024-01-31", "2024-02-29"),  # from 1 February: the whole month
        (1, "exclude", "2024-01-30", "2024-02-29"),  # from the 31st, which February lacks
        (1, "exclude", "2024-01-29", "2024-02-29"),  # from the 30th, which it lacks too
        (1, "exclude", "2024-01-28", "2024-02-28"),  # from the 29th, which it has: the day before
        (1, "exclude", "2023-01-28", "2023-02-28"),  # from the 29th, which it lacks
        (1, "exclude", "2023-01-27", "2023-02-27"),
        (1, "exclude", "2023-02-28", "2023-03-31"),  # from 1 March
        (1, "exclude", "2024-02-28", "2024-03-28"),  # from 29 February
        (1, "include", "2024-02-29", "2024-03-28"),
        (12, "include", "2024-02-29", "2025-02-28"),
        (2, "include", "2023-12-31", "2024-02-29"),
        (1, "include", "2024-04-01", "2024-04-30"),
        (12, "exclude", "2023-12-31", "2024-12-31"),
        (13, "include", "2023-12-15", "2025-01-14"),
        (1, "exclude", "9999-11-30", "9999-12-31"),
    ],
)
def test_start_based_months_end_the_day_before_the_corresponding_day(
    count: int, first_day: str, event: str, last_day: str
) -> None:
    months = period("month", count, first_day=first_day, month_rule="start_based")
    assert str(months.last_day(moment(event))) == last_day


@pytest.mark.parametrize(
    ("count", "rest", "event", "last_day"),
    [
        (1, {}, "2024-01-31", "2024-02-29"),
        (1, {}, "2024-02-29", "2024-03-29"),
        (1, {}, "2024-04-30", "2024-05-30"),
        (11, {}, "2024-01-31", "2024-12-31"),
        (12, {}, "2024-02-29", "2025-02-28"),
        (1, {"clear_days": True}, "2024-01-31", "2024-03-01"),
        (1, {"direction": "backward"}, "2024-03-31", "2024-02-29"),
        (3, {"direction": "backward"}, "2024-01-15", "2023-10-15"),
        (12, {"direction": "backward"}, "2024-12-31", "2023-12-31"),
        (1, {"direction": "backward", "clear_days": True}, "2024-03-31", "2024-02-28"),
        (1, {"first_day": "include"}, "2024-02-10", "2024-03-09"),
        (1, {"first_day": "include"}, "2024-01-31", "2024-02-29"),
        (1, {"first_day": "exclude_unless_midnight"}, "2024-02-10T00:00:00", "2024-03-09"),
        (1, {"first_day": "exclude_unless_midnight"}, "2024-02-10T00:00:01", "2024-03-10"),
    ],
)
def test_event_based_months_end_on_the_day_with_the_events_number(
    count: int, rest: dict[str, Any], event: str, last_day: str
) -> None:
    assert str(period("month", count, month_rule="event_based", **rest).last_day(moment(event))) == last_day


@pytest.mark.parametrize(
    ("rule", "event", "last_day"),
    [
        ("start_based", "2024-02-28", "2025-02-28"),
        ("start_based", "2023-02-28", "2024-02-29"),
        ("event_based", "2024-02-29", "2025-02-28"),
        ("event_based", "2023-02-28", "2024-02-28"),
    ],
)
def test_a_year_is_twelve_months(rule: str, event: str, last_day: str) -> None:
    assert str(period("year", 1, month_rule=rule).last_day(moment(event))) == last_day
    assert str(period("month", 12, month_rule=rule).last_day(moment(event))) == last_day


DATES = st.dates(date(1, 1, 3), date(9000, 1, 1))


@given(DATES, st.integers(1, 400))
def test_start_based_months_follow_each_other_without_gap_or_overlap_from_a_first(event: date, count: int) -> None:
    first = event.replace(day=1)
    whole = period("month", count, first_day="include", month_rule="start_based").last_day(first)
    assert (whole + timedelta(days=1)).day == 1
    assert (whole.year - first.year) * 12 + whole.month - first.month == count - 1


@given(DATES, st.integers(1, 400))
def test_the_day_after_an_included_period_of_months_corresponds_where_the_month_has_it(event: date, count: int) -> None:
    after = period("month", count, first_day="include", month_rule="start_based").last_day(event) + timedelta(1)
    assert after.day in {event.day, 1}
    assert (after.day == event.day) or after.replace(day=1) == after


@given(DATES, st.integers(1, 400))
def test_excluding_the_first_day_is_including_the_next_where_months_are_start_based(event: date, count: int) -> None:
    excluded = period("month", count, month_rule="start_based")
    included = period("month", count, first_day="include", month_rule="start_based")
    assert excluded.last_day(event) == included.last_day(event + timedelta(days=1))


@given(DATES, st.integers(1, 400))
def test_event_based_with_the_first_day_included_is_start_based(event: date, count: int) -> None:
    assert period("month", count, first_day="include", month_rule="event_based").last_day(event) == period(
        "month", count, first_day="include", month_rule="start_based"
    ).last_day(event)


# ---------------------------------------------------------------- business days and rolling


@pytest.mark.parametrize(
    ("count", "rest", "event", "last_day"),
    [
        (1, {}, "2024-03-01", "2024-03-04"),  # Friday
        (5, {}, "2024-03-01", "2024-03-08"),
        (1, {"first_day": "include"}, "2024-03-01", "2024-03-01"),
        (2, {"first_day": "include"}, "2024-03-01", "2024-03-04"),
        (1, {"first_day": "include"}, "2024-03-02", "2024-03-04"),  # a closed day does not count
        (1, {"clear_days": True}, "2024-03-01", "2024-03-05"),
        (1, {"direction": "backward"}, "2024-03-04", "2024-03-01"),
        (2, {"direction": "backward", "first_day": "include"}, "2024-03-04", "2024-03-01"),
        (1, {"direction": "backward", "first_day": "include"}, "2024-03-03", "2024-03-01"),
        (1, {"direction": "backward", "clear_days": True}, "2024-03-04", "2024-02-29"),
        (1, {"holidays": ["2024-03-04"], **UNTIL_2025}, "2024-03-01", "2024-03-05"),
        (1, {"roll": "forward"}, "2024-03-01", "2024-03-04"),
        (1, {"first_day": "exclude_unless_midnight"}, "2024-03-01T00:00:00", "2024-03-01"),
        (1, {"first_day": "exclude_unless_midnight"}, "2024-03-01T12:00:00", "2024-03-04"),
    ],
)
def test_business_days_count_open_days_only(count: int, rest: dict[str, Any], event: str, last_day: str) -> None:
    counted = period("business_day", count, weekend=[6, 7], **rest)
    assert str(counted.last_day(moment(event))) == last_day


@pytest.mark.parametrize(
    ("rest", "event", "last_day"),
    [
        ({"roll": "forward", "weekend": [6, 7]}, "2024-03-01", "2024-03-04"),
        ({"roll": "backward", "weekend": [6, 7]}, "2024-03-01", "2024-03-01"),
        ({"roll": "forward", "weekend": [6, 7], "holidays": ["2024-03-04"], **UNTIL_2025}, "2024-03-01", "2024-03-05"),
        ({"roll": "forward", "holidays": ["2024-03-02"], **UNTIL_2025}, "2024-03-01", "2024-03-03"),
        ({"roll": "forward", "weekend": [6, 7], "direction": "backward"}, "2024-03-04", "2024-03-04"),
        ({"roll": "backward", "weekend": [6, 7], "direction": "backward"}, "2024-03-04", "2024-03-01"),
        ({"roll": "forward", "weekend": [6, 7], "clear_days": True}, "2024-02-29", "2024-03-04"),
    ],
)
def test_rolling_goes_by_the_calendar_whatever_the_direction(rest: dict[str, Any], event: str, last_day: str) -> None:
    assert str(period("day", 1, **rest).last_day(moment(event))) == last_day


def test_months_roll_after_counting() -> None:
    month = period("month", 1, month_rule="event_based", weekend=[6, 7], roll="backward")
    assert month.last_day(date(2024, 5, 15)) == date(2024, 6, 14)


ROLLED: dict[str, Any] = {"roll": "forward", "weekend": [6, 7]}
KNOWN = {"holidays_from": "1999-01-01", "holidays_until": "2032-01-01"}


def open_days_after(event: date, closed: frozenset[date]) -> Iterator[date]:
    day = event
    while True:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in closed:
            yield day


@given(
    event=st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    count=st.integers(1, 40),
    near=st.frozensets(st.integers(0, 60)),
)
def test_a_business_day_period_ends_on_the_nth_open_day(event: date, count: int, near: frozenset[int]) -> None:
    closed = frozenset(event + timedelta(days=days) for days in near)
    counted = period("business_day", count, weekend=[6, 7], holidays=closed, **(KNOWN if closed else {}))
    open_days = open_days_after(event, closed)
    assert counted.last_day(event) == [next(open_days) for _ in range(count)][-1]


# ---------------------------------------------------------------- the end of a month, a quarter, a year


@pytest.mark.parametrize(
    ("count", "rest", "event", "last_day"),
    [
        (1, {}, "2024-03-15", "2024-04-30"),
        (1, {}, "2024-03-31", "2024-04-30"),
        (1, {}, "2024-04-01", "2024-05-31"),
        (3, {}, "2024-01-10", "2024-04-30"),
        (3, {}, "2024-02-10", "2024-05-31"),
        (1, {"month_rule": "start_based", "first_day": "include"}, "2024-03-01", "2024-03-31"),
        (1, {"align": "quarter"}, "2024-01-15", "2024-03-31"),
        (1, {"align": "quarter"}, "2024-03-15", "2024-06-30"),
        (1, {"align": "year"}, "2024-11-30", "2024-12-31"),
        (1, {"align": "year"}, "2024-12-01", "2025-12-31"),
        (1, {"align": "year"}, "0001-01-01", "0001-12-31"),  # the year before is not in the calendar
        (1, {"align_from": "2024-01-21"}, "2024-03-15", "2024-04-20"),  # closing on the 20th
        (1, {"align_from": "2024-01-21"}, "2024-03-20", "2024-04-20"),
        (1, {"align_from": "2024-01-21"}, "2024-03-21", "2024-05-20"),
        (3, {"align": "year", "align_from": "2023-04-15"}, "2024-01-14", "2024-04-14"),  # an anniversary
        (3, {"align": "year", "align_from": "2023-04-15"}, "2024-01-15", "2025-04-14"),
        (3, {"align": "year", "align_from": "2030-04-15"}, "2024-01-14", "2024-04-14"),
        (1, {"align": "year", "align_from": "2024-02-29"}, "2025-01-28", "2025-02-28"),
        (1, {"align": "year", "align_from": "2024-02-29"}, "2025-01-31", "2025-02-28"),
        (1, {"align": "year", "align_from": "2024-02-29"}, "2025-02-01", "2026-02-28"),
        (1, {"align": "year", "align_from": "2024-02-29"}, "2028-01-28", "2028-02-28"),
        (1, {"align_from": "2024-01-31"}, "2023-01-15", "2023-02-28"),
        (1, {"roll": "backward", "weekend": [6, 7]}, "2024-02-10", "2024-03-29"),  # the 31st is a Sunday
        (1, {"clear_days": True}, "2024-02-29", "2024-03-31"),
        (1, {"clear_days": True}, "2024-03-30", "2024-05-31"),
    ],
)
def test_a_period_runs_on_to_the_end_of_its_month_quarter_or_year(
    count: int, rest: dict[str, Any], event: str, last_day: str
) -> None:
    aligned = {"month_rule": "event_based", "align": "month", **rest}
    assert str(period("month", count, **aligned).last_day(moment(event))) == last_day


@given(DATES, st.sampled_from(["month", "quarter", "year"]), st.dates(date(1990, 1, 1), date(2010, 12, 31)))
def test_an_aligned_period_ends_the_day_before_the_next_one_begins(event: date, align: str, begin: date) -> None:
    aligned = period("day", 1, first_day="include", align=align, align_from=begin)
    end = aligned.last_day(event)
    following = aligned.last_day(end + timedelta(days=1))
    assert aligned.last_day(end) == end
    assert 27 <= (following - end).days <= 366
    assert end + timedelta(days=1) == event or aligned.last_day(event - timedelta(days=1)) in {
        end,
        event - timedelta(1),
    }


@pytest.mark.parametrize(
    ("count", "rest", "event", "last_day"),
    [
        (1, {"cutoff": 15}, "2024-04-10", "2024-04-30"),
        (1, {"cutoff": 15}, "2024-04-15", "2024-04-30"),
        (1, {"cutoff": 15}, "2024-04-16", "2024-05-31"),
        (1, {"cutoff": 15}, "2024-03-01", "2024-03-31"),  # counted from 29 February
        (1, {"cutoff": 30}, "2024-03-31", "2024-04-30"),
        (3, {"cutoff": 3, "cutoff_unit": "business_day", "weekend": [6, 7]}, "2025-05-05", "2025-07-31"),
        (3, {"cutoff": 3, "cutoff_unit": "business_day", "weekend": [6, 7]}, "2025-05-06", "2025-08-31"),
        (1, {"cutoff": 1, "event_roll": "forward", "weekend": [6, 7]}, "2024-05-31", "2024-06-30"),
        (1, {"cutoff": 3, "event_roll": "forward", "weekend": [6, 7]}, "2024-06-01", "2024-06-30"),
        (1, {"cutoff": 2, "event_roll": "forward", "weekend": [6, 7]}, "2024-06-01", "2024-07-31"),
    ],
)
def test_an_event_up_to_the_cutoff_counts_from_the_month_before(
    count: int, rest: dict[str, Any], event: str, last_day: str
) -> None:
    assert (
        str(period("month", count, month_rule="event_based", align="month", **rest).last_day(moment(event))) == last_day
    )


# ---------------------------------------------------------------- events on closed days, and two calendars


@pytest.mark.parametrize(
    ("unit", "count", "rest", "event", "last_day"),
    [
        ("business_day", 4, {}, "2024-01-13", "2024-01-19"),
        ("business_day", 4, {}, "2024-01-14", "2024-01-19"),
        ("business_day", 4, {}, "2024-01-15", "2024-01-19"),
        ("day", 1, {"first_day": "include"}, "2025-01-11", "2025-01-13"),
        ("day", 5, {}, "2024-01-13", "2024-01-20"),
        ("month", 1, {"month_rule": "event_based"}, "2024-01-13", "2024-02-15"),
        ("day", 5, {"holidays": ["2024-01-15"], **UNTIL_2025}, "2024-01-13", "2024-01-21"),
        ("day", 1, {"roll": "forward"}, "2024-01-12", "2024-01-15"),
    ],
)
def test_an_event_on_a_closed_day_counts_from_the_next_open_one(
    unit: str, count: int, rest: dict[str, Any], event: str, last_day: str
) -> None:
    deemed = period(unit, count, event_roll="forward", weekend=[6, 7], **rest)
    assert str(deemed.last_day(moment(event))) == last_day


AUGUST = [date(2023, 8, day) for day in range(1, 32)]


@pytest.mark.parametrize(
    ("count", "rest", "event", "last_day"),
    [
        (60, {"roll": "forward"}, "2023-07-08", "2023-10-09"),  # 7 October is a Saturday
        (20, {"roll": "backward", "direction": "backward", "clear_days": True}, "2023-09-05", "2023-07-14"),
    ],
)
def test_what_is_not_counted_and_where_nothing_ends_can_be_two_calendars(
    count: int, rest: dict[str, Any], event: str, last_day: str
) -> None:
    two = period(
        "business_day", count, holidays=AUGUST, holidays_until="2024-01-01", roll_calendar={"weekend": [6, 7]}, **rest
    )
    assert str(two.last_day(moment(event))) == last_day


def test_a_day_can_roll_by_a_calendar_of_its_own_alone() -> None:
    rolled = period("day", 1, roll="forward", roll_calendar={"weekend": [6, 7]})
    assert rolled.last_day(date(2024, 3, 1)) == date(2024, 3, 4)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.data())
def test_steps_lead_to_the_last_day(event: date, data: st.DataObject) -> None:
    counted = data.draw(forward_periods())
    steps = counted.steps(event)
    assert steps.last_day == counted.last_day(event)
    assert steps.event == event


def test_steps_show_where_a_day_moved() -> None:
    month = period("month", 1, month_rule="event_based", align="month", event_roll="forward", **ROLLED)
    assert [str(day) for day in month.steps(date(2024, 5, 18))] == [
        "2024-05-18",
        "2024-05-20",
        "2024-06-20",
        "2024-06-30",
        "2024-07-01",
    ]


def test_steps_outside_the_calendar_are_said_to_be_so() -> None:
    with pytest.raises(
        DateOutOfRange,
        match=(
            r"^1 day forward from 9999-12-31 end outside the years 1 to 9999: choose an event that lies "
            r"nearer to the present$"
        ),
    ):
        period("day", 1).steps(date.max)


# ---------------------------------------------------------------- what no period is

FORWARD_MONTH = {"unit": "month", "count": 1, "month_rule": "event_based"}


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"unit": "day", "count": 0}, "count is 0: write a whole number of 1 or more"),
        ({"unit": "day", "count": -1}, "count is -1: write a whole number of 1 or more"),
        ({"unit": "day", "count": True}, "count is True: write a whole number of 1 or more"),
        ({"unit": "day", "count": 14.0}, "count is 14.0: write a whole number of 1 or more"),
        ({"unit": "day", "count": "14"}, "count is '14': write a whole number of 1 or more"),
        ({"unit": "fortnight", "count": 1}, "unit is 'fortnight': write day, week, month, year or business_day"),
        ({"unit": ["day"], "count": 1}, "unit is ['day']: write day, week, month, year or business_day"),
        (
            {"unit": "month", "count": 1},
            "a month needs a month_rule: write start_based or event_based, which end on different days",
        ),
        (
            {"unit": "year", "count": 1},
            "a year needs a month_rule: write start_based or event_based, which end on different days",
        ),
        (
            {"unit": "day", "count": 1, "month_rule": "event_based"},
            (
                "month_rule says how months and years end, and the unit is day: leave month_rule out, or write "
                "unit month or year"
            ),
        ),
        (
            {"unit": "week", "count": 1, "month_rule": "start_based"},
            (
                "month_rule says how months and years end, and the unit is week: leave month_rule out, or write "
                "unit month or year"
            ),
        ),
        (
            {"unit": "business_day", "count": 1, "month_rule": "start_based"},
            (
                "month_rule says how months and years end, and the unit is business_day: leave month_rule out, "
                "or write unit month or year"
            ),
        ),
        ({"unit": "month", "count": 1, "month_rule": ""}, "month_rule is '': write start_based or event_based"),
        (
            {"unit": "day", "count": 1, "first_day": "skip"},
            "first_day is 'skip': write exclude, include or exclude_unless_midnight",
        ),
        ({"unit": "day", "count": 1, "event_roll": "up"}, "event_roll is 'up': write none, forward or backward"),
        (
            {"unit": "day", "count": 1, "cutoff_unit": "quarter"},
            "cutoff_unit is 'quarter': write day, week, month, year or business_day",
        ),
        ({"unit": "day", "count": 1, "clear_days": 1}, "clear_days is 1: write true or false"),
        (
            {"unit": "day", "count": 1, "clear_days": True, "first_day": "include"},
            (
                "clear_days leaves the event's day outside, and first_day is include: write first_day exclude, "
                "or leave clear_days out"
            ),
        ),
        (
            {"unit": "day", "count": 1, "clear_days": True, "first_day": "exclude_unless_midnight"},
            (
                "clear_days leaves the event's day outside, and first_day is exclude_unless_midnight: write "
                "first_day exclude, or leave clear_days out"
            ),
        ),
        (
            {"unit": "day", "count": 1, "roll": "forward"},
            "roll is forward and no day is closed: write weekend or holidays, or leave roll out",
        ),
        ({"unit": "day", "count": 1, "roll": "up"}, "roll is 'up': write none, forward or backward"),
        (
            {"unit": "day", "count": 1, "weekend": [1, 2, 3, 4, 5, 6, 7]},
            "weekend closes all seven weekdays: leave at least one of 1 to 7 out",
        ),
        (
            {"unit": "day", "count": 1, "weekend": [0]},
            "weekend has 0: write ISO weekdays, 1 for Monday to 7 for Sunday",
        ),
        (
            {"unit": "day", "count": 1, "weekend": [8]},
            "weekend has 8: write ISO weekdays, 1 for Monday to 7 for Sunday",
        ),
        (
            {"unit": "day", "count": 1, "weekend": [True]},
            "weekend has True: write ISO weekdays, 1 for Monday to 7 for Sunday",
        ),
        ({"unit": "day", "count": 1, "weekend": "67"}, "weekend is '67': write a list of ISO weekdays, as in [6, 7]"),
        ({"unit": "day", "count": 1, "weekend": 6}, "weekend is 6: write a list of ISO weekdays, as in [6, 7]"),
        (
            {"unit": "day", "count": 1, "holidays": "2024-05-01"},
            "holidays is '2024-05-01': write a list of dates, as in [2024-05-03]",
        ),
        ({"unit": "day", "count": 1, "holidays": ["1 May"]}, "holidays has '1 May': write dates as YYYY-MM-DD"),
        ({"unit": "day", "count": 1, "holidays": [20240501]}, "holidays has 20240501: write dates as YYYY-MM-DD"),
        (
            {"unit": "day", "count": 1, "holidays": [datetime(2024, 5, 1, tzinfo=UTC)]},
            (
                "holidays has datetime.datetime(2024, 5, 1, 0, 0, tzinfo=datetime.timezone.utc): write dates as "
                "YYYY-MM-DD"
            ),
        ),
        ({"unit": "day", "count": 1, "direction": "sideways"}, "direction is 'sideways': write forward or backward"),
        (
            {"unit": "day", "count": 1, "direction": "backward", "first_day": "exclude_unless_midnight"},
            (
                "exclude_unless_midnight counts forward only (民法140条): write first_day exclude or include for a "
                "backward period"
            ),
        ),
        (
            {"unit": "month", "count": 1, "direction": "backward", "month_rule": "start_based"},
            "start_based counts forward only (民法143条): write month_rule event_based for a backward period",
        ),
        (
            {**FORWARD_MONTH, "direction": "backward", "first_day": "include"},
            (
                "event_based with the first day included is start_based (BGB § 188(2)), which counts forward "
                "only: write first_day exclude for a backward period"
            ),
        ),
        (
            {"unit": "business_day", "count": 1},
            "unit is business_day and no day is closed: write weekend or holidays, or write unit day",
        ),
        (
            {"unit": "day", "count": 1, "weekend": [6, 7]},
            (
                "weekend or holidays are written, and nothing is counted or moved by them: write unit "
                "business_day, roll or event_roll, or leave them out"
            ),
        ),
        (
            {"unit": "day", "count": 1, "roll": "none", "weekend": [6]},
            (
                "weekend or holidays are written, and nothing is counted or moved by them: write unit "
                "business_day, roll or event_roll, or leave them out"
            ),
        ),
        (
            {"unit": "day", "count": 1, "event_roll": "forward"},
            "event_roll is forward and no day is closed: write weekend or holidays, or leave event_roll out",
        ),
        (
            {"unit": "day", "count": 1, "event_roll": "backward", "weekend": [6]},
            "event_roll is backward, and no event counts before it was made: write event_roll forward",
        ),
        (
            {
                "unit": "day",
                "count": 1,
                "event_roll": "forward",
                "weekend": [6],
                "first_day": "exclude_unless_midnight",
            },
            (
                "event_roll gives an event another day, on which it has no time for exclude_unless_midnight: "
                "write first_day exclude or include"
            ),
        ),
        (
            {"unit": "day", "count": 1, "event_roll": "forward", "weekend": [6], "direction": "backward"},
            "event_roll goes forward only: leave it out, or write direction forward",
        ),
        ({**FORWARD_MONTH, "align": "week"}, "align is 'week': write none, month, quarter or year"),
        (
            {**FORWARD_MONTH, "align": "month", "direction": "backward"},
            "align goes forward only: leave it out, or write direction forward",
        ),
        (
            {**FORWARD_MONTH, "align_from": date(2024, 1, 1)},
            "align_from says when a month or year begins: write align, or leave align_from out",
        ),
        (
            {**FORWARD_MONTH, "align": "month", "align_from": "1 May"},
            "align_from has '1 May': write dates as YYYY-MM-DD",
        ),
        (
            {**FORWARD_MONTH, "cutoff": 15},
            (
                "cutoff says to which month an event still belongs: write unit month or year, and align, or "
                "leave cutoff out"
            ),
        ),
        (
            {"unit": "day", "count": 1, "align": "month", "cutoff": 15},
            (
                "cutoff says to which month an event still belongs: write unit month or year, and align, or "
                "leave cutoff out"
            ),
        ),
        ({**FORWARD_MONTH, "align": "month", "cutoff": 0}, "cutoff is 0: write a day of the month from 1 to 30"),
        ({**FORWARD_MONTH, "align": "month", "cutoff": 31}, "cutoff is 31: write a day of the month from 1 to 30"),
        ({**FORWARD_MONTH, "align": "month", "cutoff": True}, "cutoff is True: write a day of the month from 1 to 30"),
        (
            {**FORWARD_MONTH, "align": "month", "cutoff": 1, "cutoff_unit": "week"},
            "cutoff_unit is week: write day or business_day",
        ),
        (
            {**FORWARD_MONTH, "align": "month", "cutoff": 1, "cutoff_unit": "business_day"},
            ("cutoff_unit is business_day and no day is closed: write weekend or holidays, or write cutoff_unit day"),
        ),
        (
            {**FORWARD_MONTH, "align": "month", "cutoff_unit": "business_day", "weekend": [6]},
            "cutoff_unit says what cutoff counts: write cutoff, or leave cutoff_unit out",
        ),
        (
            {"unit": "day", "count": 1, "roll_calendar": {"weekend": [6]}},
            (
                "roll_calendar says on which days no period ends: write roll, and its weekend or holidays, or "
                "leave roll_calendar out"
            ),
        ),
        (
            {"unit": "day", "count": 1, "roll": "forward", "roll_calendar": {}},
            (
                "roll_calendar says on which days no period ends: write roll, and its weekend or holidays, or "
                "leave roll_calendar out"
            ),
        ),
        (
            {"unit": "day", "count": 1, "roll": "forward", "roll_calendar": [6]},
            "[6] is not a calendar: write a table with weekend, holidays, holidays_until",
        ),
        (
            {"unit": "day", "count": 1, "calendar": {"weekend": [6]}},
            (
                "'calendar' is not a key of a period: write one of unit, count, first_day, month_rule, "
                "direction, clear_days, event_roll, cutoff, cutoff_unit, align, align_from, roll, roll_calendar, "
                "weekend, holidays, holidays_from, holidays_until"
            ),
        ),
        ({"unit": "day"}, "count is missing: write what is counted as unit and how many as count"),
        ({"count": 1}, "unit is missing: write what is counted as unit and how many as count"),
        (
            {"unit": "day", "count": 1, "weekends": [6]},
            (
                "'weekends' is not a key of a period: write one of unit, count, first_day, month_rule, "
                "direction, clear_days, event_roll, cutoff, cutoff_unit, align, align_from, roll, roll_calendar, "
                "weekend, holidays, holidays_from, holidays_until"
            ),
        ),
        (
            {"unit": "day", "count": 1, "span": 1},
            (
                "'span' is not a key of a period: write one of unit, count, first_day, month_rule, direction, "
                "clear_days, event_roll, cutoff, cutoff_unit, align, align_from, roll, roll_calendar, weekend, "
                "holidays, holidays_from, holidays_until"
            ),
        ),
    ],
)
def test_a_period_that_cannot_be_meant_is_refused_with_what_to_write_instead(
    mapping: dict[str, object], message: str
) -> None:
    with pytest.raises(PeriodError, match=f"^{re.escape(message)}$"):
        Period.from_mapping(mapping)


@pytest.mark.parametrize("key", ["calendar", "roll_calendar"])
def test_a_calendar_in_python_is_one(key: str) -> None:
    with pytest.raises(PeriodError, match=rf"^{key} is \[6, 7\]: write a Calendar$"):
        Period(Unit.DAY, 1, **{key: [6, 7]})  # type: ignore[arg-type]


def test_a_period_counts_a_whole_day_at_least_and_one_is_enough() -> None:
    assert period("day", 1).count == 1


def test_six_closed_weekdays_are_possible() -> None:
    sundays = period("business_day", 1, weekend=[1, 2, 3, 4, 5, 6])
    assert sundays.last_day(date(2024, 3, 1)) == date(2024, 3, 3)


def test_the_defaults_are_exclude_forward_and_nothing_closed() -> None:
    assert period("day", 14) == Period(
        unit=Unit.DAY,
        count=14,
        first_day=FirstDay.EXCLUDE,
        month_rule=None,
        direction=Direction.FORWARD,
        clear_days=False,
        event_roll=Roll.NONE,
        cutoff=None,
        cutoff_unit=Unit.DAY,
        align=Align.NONE,
        align_from=None,
        roll=Roll.NONE,
        calendar=Calendar(),
        roll_calendar=None,
    )


def test_what_stands_in_a_file_becomes_what_the_rules_work_with() -> None:
    month: dict[str, Any] = {"unit": "month", "count": 1, "month_rule": "event_based", "roll": "forward", **UNTIL_2025}
    from_file = Period.from_mapping({**month, "weekend": [7, 6, 6], "holidays": ["2024-05-01", date(2024, 5, 3)]})
    assert from_file.month_rule is MonthRule.EVENT_BASED
    assert from_file.calendar.weekend == {6, 7}
    assert from_file.calendar.holidays == {date(2024, 5, 1), date(2024, 5, 3)}
    assert hash(from_file) == hash(
        Period.from_mapping({**month, "weekend": [6, 7], "holidays": ["2024-05-03", "2024-05-01"]})
    )


# ---------------------------------------------------------------- the span


@pytest.mark.parametrize(
    ("unit", "count", "rest", "days"),
    [
        ("day", 14, {}, 14),
        ("day", 14, {"first_day": "include"}, 13),
        ("week", 2, {"clear_days": True}, 15),
        ("day", 14, {"direction": "backward"}, -14),
    ],
)
def test_days_and_weeks_have_the_same_span_from_every_date(
    unit: str, count: int, rest: dict[str, object], days: int
) -> None:
    assert period(unit, count, **rest).span == timedelta(days=days)


@pytest.mark.parametrize(
    "counted",
    [
        period("month", 1, month_rule="event_based"),
        period("year", 1, month_rule="event_based"),
        period("business_day", 1, weekend=[6, 7]),
        period("day", 14, align="month"),
        period("day", 14, weekend=[6, 7], event_roll="forward"),
        period("day", 14, first_day="exclude_unless_midnight"),
        period("day", 14, weekend=[6, 7], roll="forward"),
    ],
)
def test_a_period_that_depends_on_the_date_has_no_span(counted: Period) -> None:
    assert counted.span is None


# ---------------------------------------------------------------- the instant


@pytest.mark.parametrize(
    ("event", "ends_at"),
    [
        (date(2024, 3, 1), "2024-03-16T00:00:00+09:00"),
        (datetime(2024, 3, 1, 23, 59), "2024-03-16T00:00:00+09:00"),  # noqa: DTZ001  # wall time, on purpose
        (datetime(2024, 3, 1, 14, 59, tzinfo=UTC), "2024-03-16T00:00:00+09:00"),
        (datetime(2024, 3, 1, 15, 0, tzinfo=UTC), "2024-03-17T00:00:00+09:00"),
    ],
)
def test_a_period_is_over_at_the_first_instant_after_its_last_day(event: date, ends_at: str) -> None:
    assert period("day", 14).ends_at(event, TOKYO).isoformat() == ends_at


def test_an_aware_midnight_is_midnight_in_the_zone_that_counts() -> None:
    unless_midnight = period("day", 14, first_day="exclude_unless_midnight")
    midnight_in_tokyo = datetime(2024, 2, 29, 15, tzinfo=UTC)
    assert unless_midnight.ends_at(midnight_in_tokyo, TOKYO).isoformat() == "2024-03-15T00:00:00+09:00"
    assert unless_midnight.ends_at(midnight_in_tokyo, UTC).isoformat() == "2024-03-15T00:00:00+00:00"


@pytest.mark.parametrize(
    ("zone", "last_day", "ends_at"),
    [
        ("Europe/Berlin", "2024-03-30", "2024-03-31T00:00:00+01:00"),
        ("Europe/Berlin", "2024-03-31", "2024-04-01T00:00:00+02:00"),
        ("America/Sao_Paulo", "2018-11-03", "2018-11-04T01:00:00-02:00"),  # clocks forward at midnight
        ("America/Sao_Paulo", "2018-02-17", "2018-02-18T00:00:00-03:00"),  # and back, before it
        ("America/Havana", "2024-11-02", "2024-11-03T00:00:00-04:00"),  # back after it: midnight comes twice
        ("America/St_Johns", "2010-11-06", "2010-11-07T00:00:00-03:30"),  # back into the day before
        ("America/Toronto", "1919-03-30", "1919-03-31T00:30:00-04:00"),  # forward from 23:30
        ("Pacific/Apia", "2011-12-29", "2011-12-31T00:00:00+14:00"),  # a day that never was
        ("Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"),
    ],
)
def test_a_day_is_over_when_its_zone_has_no_later_instant_of_it(zone: str, last_day: str, ends_at: str) -> None:
    today = period("day", 1, first_day="include")
    over = today.ends_at(date.fromisoformat(last_day), ZoneInfo(zone))
    assert over.isoformat() == ends_at
    just_before = (over.astimezone(UTC) - timedelta.resolution).astimezone(ZoneInfo(zone))
    assert just_before.date() <= date.fromisoformat(last_day)


# ---------------------------------------------------------------- the ends of the calendar


@pytest.mark.parametrize(
    ("counted", "event"),
    [
        (period("day", 1), date.max),
        (period("day", 10**30), date(2024, 1, 1)),
        (period("week", 3_652_059), date(2024, 1, 1)),
        (period("week", 10**12), date(2024, 1, 1)),
        (period("day", 1, direction="backward"), date.min),
        (period("month", 1, month_rule="event_based"), date(9999, 12, 1)),
        (period("month", 1, month_rule="event_based", direction="backward"), date(1, 1, 31)),
        (period("month", 1, month_rule="start_based"), date(9999, 12, 1)),
        (period("month", 1, month_rule="start_based"), date.max),
        (period("year", 10**12, month_rule="event_based"), date(2024, 1, 1)),
        (period("business_day", 10**12, weekend=[6, 7]), date(2024, 1, 1)),
        (period("business_day", 3_000_000, weekend=[6, 7]), date(2024, 1, 1)),
        (period("business_day", 1, weekend=[6, 7], direction="backward"), date(1, 1, 1)),
        (period("day", 1, align="month", align_from="2024-01-11"), date(9999, 12, 20)),
        (period("month", 1, month_rule="event_based", align="month", cutoff=15), date(1, 1, 10)),
        (period("business_day", 1, weekend=[6, 7]), date(9999, 12, 31)),
        (period("day", 1, weekend=[5], roll="forward"), date(9999, 12, 30)),
    ],
)
def test_a_date_outside_the_calendar_is_said_to_be_so(counted: Period, event: date) -> None:
    with pytest.raises(DateOutOfRange, match="outside the years 1 to 9999: choose an event that lies nearer"):
        counted.last_day(event)


@pytest.mark.parametrize(
    ("counted", "length"),
    [
        (period("business_day", 3_000_000, weekend=[6, 7]), "3000000 business days forward"),
        (period("year", 9_000, month_rule="event_based", direction="backward"), "9000 years backward"),
        (period("week", 1_000_000), "1000000 weeks forward"),
    ],
)
def test_a_date_outside_the_calendar_is_named_by_the_count_that_leads_there(counted: Period, length: str) -> None:
    message = f"^{length} from 2024-01-01 end outside the years 1 to 9999: choose an event that lies nearer to the "
    with pytest.raises(DateOutOfRange, match=message):
        counted.last_day(date(2024, 1, 1))


def test_as_many_days_as_the_calendar_has_can_be_counted() -> None:
    whole = period("day", date.max.toordinal(), first_day="include")
    assert whole.last_day(date.min) == whole.steps(date.min).last_day == date.max


def test_the_last_day_of_the_calendar_can_be_a_last_day_but_has_no_end() -> None:
    assert period("day", 1).last_day(date(9999, 12, 30)) == date.max
    with pytest.raises(
        DateOutOfRange, match=r"^the instant after 9999-12-31 lies outside the years 1 to 9999: choose an earlier day$"
    ):
        period("day", 1).ends_at(date(9999, 12, 30), TOKYO)


def test_an_instant_whose_wall_time_is_outside_the_calendar_is_said_to_be_so() -> None:
    with pytest.raises(
        DateOutOfRange,
        match=(
            r"^9999-12-31T23:00:00\+00:00 lies outside the years 1 to 9999 in Asia/Tokyo: choose an instant "
            r"that lies nearer to the present$"
        ),
    ):
        period("day", 1, direction="backward").ends_at(datetime(9999, 12, 31, 23, tzinfo=UTC), TOKYO)


@given(
    unit=st.sampled_from(["day", "week"]), count=st.integers(1, 60), event=st.dates(date(2000, 1, 1), date(2040, 1, 1))
)
def test_counting_back_from_a_last_day_finds_the_event(unit: str, count: int, event: date) -> None:
    forward, back = period(unit, count), period(unit, count, direction="backward")
    assert back.last_day(forward.last_day(event)) == event


@given(count=st.integers(1, 60), event=st.dates(date(2000, 1, 1), date(2040, 1, 1)))
def test_counting_business_days_back_finds_an_event_on_an_open_day(count: int, event: date) -> None:
    assume(event.isoweekday() <= 5)
    forward = Period(Unit.BUSINESS_DAY, count, calendar=WEEKEND)
    back = Period(Unit.BUSINESS_DAY, count, direction=Direction.BACKWARD, calendar=WEEKEND)
    assert back.last_day(forward.last_day(event)) == event


@st.composite
def forward_periods(draw: st.DrawFn) -> Period:
    """Any period that runs forward."""
    unit = draw(st.sampled_from(list(Unit)))
    counts_months = unit in {Unit.MONTH, Unit.YEAR}
    align = draw(st.sampled_from(list(Align)))
    first_day = draw(st.sampled_from(list(FirstDay)))
    roll = draw(st.sampled_from(list(Roll)))
    deemed = first_day is not FirstDay.EXCLUDE_UNLESS_MIDNIGHT and draw(st.booleans())
    return Period(
        unit,
        draw(st.integers(1, 30)),
        first_day=first_day,
        month_rule=draw(st.sampled_from(list(MonthRule))) if counts_months else None,
        event_roll=Roll.FORWARD if deemed else Roll.NONE,
        cutoff=draw(st.integers(1, 30)) if counts_months and align is not Align.NONE and draw(st.booleans()) else None,
        align=align,
        align_from=draw(st.dates(date(2000, 1, 1), date(2001, 1, 1))) if align is not Align.NONE else None,
        roll=roll,
        calendar=WEEKEND if deemed or unit is Unit.BUSINESS_DAY or roll is not Roll.NONE else Calendar(),
    )


@given(forward_periods(), st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(1, 400))
def test_a_later_event_never_has_an_earlier_last_day(counted: Period, event: date, later: int) -> None:
    assert counted.last_day(event) <= counted.last_day(event + timedelta(days=later))


@given(event=st.dates(date(1900, 1, 1), date(2200, 1, 1)), wall=st.times())
def test_midnight_is_all_that_tells_the_two_readings_apart(event: date, wall: time) -> None:
    assume(wall != time())
    unless = period("day", 14, first_day="exclude_unless_midnight")
    assert unless.last_day(datetime.combine(event, wall)) == period("day", 14).last_day(event)
