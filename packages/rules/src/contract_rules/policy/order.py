"""The order of two deadlines: does one period end before another whatever the date of application?"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from contract_rules.completeness import complete
from contract_rules.periods import DAYS_IN_A_WEEK, INCLUDED, ROLL_STEP, Period, Unit

A_CYCLE_BEGINS = date(2000, 1, 1)
DAYS_IN_A_GREGORIAN_CYCLE = 146_097
"""400 years: after them weekdays, leap years and lengths of months all repeat."""

SHORTEST: Final[Mapping[Unit, int]] = complete(
    "SHORTEST", Unit, {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 28, Unit.YEAR: 365, Unit.BUSINESS_DAY: 1}
)
LONGEST: Final[Mapping[Unit, int | None]] = complete(
    "LONGEST", Unit, {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.YEAR: 366, Unit.BUSINESS_DAY: None}
)
"""None where it depends on the closed days."""


@lru_cache(maxsize=64)
def day_out_of_order(earlier: Period, later: Period, horizon: date) -> date | None:
    """A date, up to the horizon, from which `earlier` would end after `later`; None where there is none.

    Both periods run forward and count an event at midnight like any other. Where bounds do not decide, every
    date of a whole cycle of the calendar is asked, which takes about a second.

    >>> month = Period.from_mapping({"unit": "month", "count": 1, "month_rule": "event_based"})
    >>> day_out_of_order(month, Period(Unit.DAY, 31), date.max)
    >>> day_out_of_order(month, Period(Unit.DAY, 30), date.max)
    datetime.date(2000, 1, 1)
    """
    if _at_most(earlier) <= _at_least(later):
        return None
    if earlier.span is not None and later.span is not None:
        return min(A_CYCLE_BEGINS, horizon)
    for number in range(DAYS_IN_A_GREGORIAN_CYCLE):
        day = A_CYCLE_BEGINS + timedelta(days=number)
        if day > horizon:
            break
        if earlier.last_day(day) > later.last_day(day):
            return day
    return None


def _at_most(period: Period) -> int:
    """A number of days that the period never exceeds."""
    if period.span is not None:
        return period.span.days
    count = period.count + period.clear_days
    longest = LONGEST[period.unit]
    days = _until_open_days(period, count) if longest is None else count * longest
    return days + (_until_open_days(period, 1) if ROLL_STEP[period.roll] > 0 else 0)


def _at_least(period: Period) -> int:
    """A number of days that the period always lasts."""
    if period.span is not None:
        return period.span.days
    days = period.count * SHORTEST[period.unit] - (INCLUDED[period.first_day] is not False)
    return days - (_until_open_days(period, 1) if ROLL_STEP[period.roll] < 0 else 0)


def _until_open_days(period: Period, count: int) -> int:
    """Days among which so many are open: each week has the same number, and each holiday takes one away."""
    open_days_a_week = DAYS_IN_A_WEEK - len(period.weekend)
    weeks = -(-(count + len(period.holidays)) // open_days_a_week)
    return weeks * DAYS_IN_A_WEEK
