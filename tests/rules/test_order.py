"""Whether data is ever erased before the service ends: proven for all dates by looking at a few."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.examples import days

from contract_rules import Period, PolicyError, parse_policy
from contract_rules.policy.order import LONGEST, NO_LEAP_YEARS, dates_for_all, day_out_of_order

UNITS = (
    {"unit": "day"},
    {"unit": "day", "first_day": "include"},
    {"unit": "week", "clear_days": True},
    {"unit": "business_day", "weekend": [6, 7]},
    {"unit": "business_day", "first_day": "include", "weekend": [5]},
    {"unit": "business_day", "event_roll": "forward", "weekend": [6, 7]},
    {"unit": "month", "month_rule": "event_based"},
    {"unit": "month", "month_rule": "start_based", "first_day": "include"},
    {"unit": "month", "month_rule": "event_based", "align": "month", "cutoff": 15},
    {"unit": "year", "month_rule": "start_based"},
    {"unit": "day", "align": "quarter", "align_from": "2000-02-11"},
)
MOVED: tuple[dict[str, object], ...] = (
    {},
    {"weekend": [6, 7], "roll": "forward"},
    {"weekend": [7], "roll": "backward"},
)
FORWARD = st.sampled_from(
    [
        Period.from_mapping({**unit, **moved, "count": count})
        for unit in UNITS
        for moved in MOVED
        for count in (1, 2, 4, 14, 30)
        if not (unit["unit"] == "year" and count > LONGEST)
    ]
)


@given(FORWARD, FORWARD, st.dates(date(1900, 1, 1), date(2500, 12, 31)))
def test_what_is_proven_by_some_dates_holds_on_every_date(earlier: Period, later: Period, day: date) -> None:
    contradiction = day_out_of_order(earlier, later, dates_for_all([earlier, later]))
    if contradiction is None:
        assert earlier.last_day(day) <= later.last_day(day)
    else:
        assert earlier.last_day(contradiction) > later.last_day(contradiction)


def first_contradiction(earlier: Period, later: Period, first: date, last: date) -> date | None:
    """The same as `day_out_of_order`, by looking at every date."""
    dates = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return next((day for day in dates if earlier.last_day(day) > later.last_day(day)), None)


@given(FORWARD, FORWARD)
def test_the_first_contradiction_of_a_range_is_found(earlier: Period, later: Period) -> None:
    first, last = date(2024, 1, 1), date(2024, 6, 30)
    expected = first_contradiction(earlier, later, first, last)
    assert day_out_of_order(earlier, later, ((first, last),)) == expected


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"unit": "month", "count": 1, "month_rule": "event_based"}, days(30)),
        ({"unit": "year", "count": 20, "month_rule": "event_based"}, days(20 * 365 + 4)),
        ({"unit": "year", "count": 20, "month_rule": "event_based"}, days(20 * 365 + 5)),
        ({"unit": "month", "count": 25, "month_rule": "start_based", "roll": "forward", "weekend": [7]}, days(763)),
        ({"unit": "month", "count": 25, "month_rule": "start_based", "roll": "forward", "weekend": [7]}, days(764)),
        ({"unit": "day", "count": 59}, {"unit": "month", "count": 2, "month_rule": "event_based"}),
        ({"unit": "day", "count": 1460}, {"unit": "year", "count": 4, "month_rule": "event_based"}),
        ({"unit": "day", "count": 1461}, {"unit": "year", "count": 4, "month_rule": "event_based"}),
    ],
)
def test_the_dates_for_all_decide_like_four_hundred_years(
    earlier: dict[str, object], later: Period | dict[str, object]
) -> None:
    before = Period.from_mapping(earlier)
    after = later if isinstance(later, Period) else Period.from_mapping(later)
    every_date = ((date(2000, 1, 1), date(2399, 12, 31)),)
    some = day_out_of_order(before, after, dates_for_all([before, after]))
    assert (some is None) == (day_out_of_order(before, after, every_date) is None)


def test_some_orders_are_broken_only_around_a_year_without_29_february() -> None:
    """Why the years before 2100 are asked for: four years have 1,461 days, except then."""
    four_years = Period.from_mapping({"unit": "year", "count": 4, "month_rule": "event_based"})
    day = day_out_of_order(days(1461), four_years, dates_for_all([four_years]))
    assert day is not None
    assert day.year in range(NO_LEAP_YEARS[0] - 5, NO_LEAP_YEARS[0] + 1)


def test_without_months_a_week_stands_for_all_dates() -> None:
    assert dates_for_all([days(14), days(45)]) == ((date(2000, 1, 1), date(2000, 1, 7)),)


def test_with_months_28_years_stand_for_all_and_those_before_a_year_that_is_no_leap_year() -> None:
    two_years = Period.from_mapping({"unit": "year", "count": 2, "month_rule": "event_based"})
    assert [(first.year, last.year) for first, last in dates_for_all([days(14), two_years])] == [
        (2000, 2027),
        (2096, 2100),
        (2196, 2200),
        (2296, 2300),
    ]


# ---------------------------------------------------------------- how much is asked

HEAD = 'name = "terms"\nversion = "1"\nzone = "Asia/Tokyo"\n'
ENOUGH_COMPARISONS = 260_000
"""Each takes some 3 µs."""


def holidays(first: int, last: int, a_year: int) -> str:
    listed = [
        date(year, 1, 1) + timedelta(days=365 // a_year * n) for year in range(first, last) for n in range(a_year)
    ]
    return f"holidays = [{', '.join(map(str, listed))}]\nholidays_until = {last}-01-01\n"


def terms(service_end: str, resumption: str, erasure: str, calendar: str = "") -> str:
    tables = {"service_end": service_end, "resumption": resumption, "erasure": erasure}
    table = f"[calendar]\nweekend = [6, 7]\n{calendar}\n" if calendar else ""
    return HEAD + table + "".join(f"[{name}]\n{text}\n" for name, text in tables.items())


BUSINESS = 'unit = "business_day"\ncount = {}\n{}'
MONTHS = 'unit = "month"\ncount = {}\nmonth_rule = "event_based"\n{}'
YEARS = 'unit = "year"\ncount = {}\nmonth_rule = "event_based"\n{}'
DAYS = 'unit = "day"\ncount = {}\n{}'
FORTH, BACK = 'roll = "forward"\nweekend = [6, 7]', 'roll = "backward"\nweekend = [6, 7]'
MIDNIGHT = 'first_day = "exclude_unless_midnight"\n'


@pytest.fixture
def comparisons(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many last days were computed, in place of how long it took."""
    counted = [0]

    def last_day(period: Period, event: date, compute: object = Period.last_day) -> date:
        counted[0] += 1
        return compute(period, event)  # type: ignore[operator, no-any-return]

    monkeypatch.setattr(Period, "last_day", last_day)
    return counted


@pytest.mark.parametrize(
    ("text", "at_most"),
    [
        (terms(BUSINESS.format(20, ""), BUSINESS.format(20, ""), DAYS.format(45, ""), holidays(2026, 2029, 17)), 700),
        (terms(DAYS.format(14, ""), DAYS.format(14, ""), DAYS.format(45, "")), 300),
        (terms(MONTHS.format(1, ""), DAYS.format(14, ""), MONTHS.format(2, 'align = "month"')), 6_600),
    ],
    ids=["20 business days and 45 days", "days", "months"],
)
def test_a_plausible_policy_takes_few_comparisons(text: str, at_most: int, comparisons: list[int]) -> None:
    parse_policy(text)
    assert comparisons[0] <= at_most


@pytest.mark.parametrize(
    "text",
    [
        terms(YEARS.format(20, MIDNIGHT), MONTHS.format(240, MIDNIGHT + BACK), YEARS.format(20, MIDNIGHT + FORTH)),
        terms(
            BUSINESS.format(20, MIDNIGHT),
            BUSINESS.format(20, MIDNIGHT + 'roll = "backward"'),
            BUSINESS.format(20, MIDNIGHT + 'roll = "forward"'),
            holidays(2000, 2020, 200),
        ),
    ],
    ids=["20 years that end together", "20 years of holidays"],
)
def test_no_policy_takes_more_comparisons_than_a_second_has_room_for(text: str, comparisons: list[int]) -> None:
    parse_policy(text)
    assert 10_000 < comparisons[0] <= ENOUGH_COMPARISONS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            terms(
                BUSINESS.format(1, ""),
                BUSINESS.format(1, ""),
                DAYS.format(99, ""),
                "holidays = [0001-01-01]\nholidays_until = 9999-12-31",
            ),
            (
                "policy: holidays are said to be complete for applications from 0001-01-01 to 9999-09-22: write "
                "those of at most 20 years"
            ),
        ),
        (
            terms(BUSINESS.format(10**30, ""), DAYS.format(1, ""), DAYS.format(99, ""), holidays(2026, 2029, 17)),
            (
                "policy: there is no date of application for which all holidays are listed: write holidays that "
                "cover the longest period"
            ),
        ),
        (
            terms(YEARS.format(21, ""), DAYS.format(1, ""), YEARS.format(22, "")),
            "policy: service_end: the period lasts more than 20 years: write less",
        ),
        ("#" * (256 * 1024 + 1), "policy: 262145 characters: write at most 262144"),
    ],
    ids=["all time", "longer than the list", "years", "text"],
)
def test_a_policy_that_would_take_more_is_refused(text: str, message: str, comparisons: list[int]) -> None:
    with pytest.raises(PolicyError, match=f"^{re.escape(message)}$"):
        parse_policy(text)
    assert comparisons[0] < 1_000


def test_a_text_may_be_as_long_as_the_longest() -> None:
    with pytest.raises(PolicyError, match=r"^policy: name: missing: write text$"):
        parse_policy("#" * (256 * 1024))


def test_a_contradiction_on_a_date_with_listed_holidays_is_found() -> None:
    listed = "holidays = [2026-05-04, 2026-05-05, 2026-05-06]\nholidays_until = 2028-01-01"
    with pytest.raises(
        PolicyError,
        match=(
            r"^policy: erasure: applied on 2026-04-22, data would be kept until 2026-05-06 and the service "
            r"would run until 2026-05-07: write an erasure that is never earlier than service_end$"
        ),
    ):
        parse_policy(terms(BUSINESS.format(8, ""), DAYS.format(14, ""), DAYS.format(14, ""), listed))
    assert parse_policy(terms(BUSINESS.format(8, ""), DAYS.format(14, ""), DAYS.format(17, ""), listed))


def test_periods_whose_lists_do_not_overlap_are_no_policy() -> None:
    own = "weekend = [6, 7]\nholidays = [{0}-05-04]\nholidays_until = {0}-12-31"
    text = terms(BUSINESS.format(8, own.format(2026)), DAYS.format(14, ""), BUSINESS.format(20, own.format(2028)))
    with pytest.raises(
        PolicyError,
        match=(
            r"^policy: there is no date of application for which all holidays are listed: write holidays that "
            r"cover the longest period$"
        ),
    ):
        parse_policy(text)
