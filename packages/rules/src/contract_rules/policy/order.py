"""The order of two deadlines: does one period end before another, whatever the date of application?

The proof takes a few dates for all, by two properties of periods.

*Order is kept.* A later event never has an earlier last day: each step of counting (event roll, cut-off, counting,
aligning, rolling) keeps the order of days. So where `earlier.last_day(b) <= later.last_day(a)`, every date from a to b
is in order: its earlier end is at most that of b, its later end at least that of a. With days to spare between the two
ends, one comparison proves as many dates.

*Lengths repeat.* Without holidays, the length of a period depends on the weekday of its event, and, if it counts or
ends with months, on the day of the year and on which of the years that it touches are leap years. The former
repeats each week. The latter repeats after 28 years, unless a year like 2100 intervenes, which is no leap year;
and altogether after 400 years. So one week, or 28 years and the years before 2100, 2200 and 2300, stand for all.
With holidays nothing repeats; then the dates are those for which holidays are listed.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from contract_rules.calendars import DAYS_IN_A_WEEK
from contract_rules.instants import ONE_DAY
from contract_rules.periods import Period
from contract_rules.vocabulary import HAS_MONTH_RULE, MONTHS_IN

Dates = tuple[date, date]
"""From one date to another, both included."""

A_CYCLE_BEGINS: Final = date(2000, 1, 1)
YEARS_UNTIL_LEAP_YEARS_REPEAT: Final = 28
NO_LEAP_YEARS: Final = (2100, 2200, 2300)
LONGEST: Final = 20
"""Years: so that no period that begins in the 28 years from 2000 on touches the year 2100."""


def dates_for_all(periods: Iterable[Period]) -> tuple[Dates, ...]:
    """Dates of application whose order is that of all dates, for periods without holidays of at most `LONGEST` years.

    >>> [(str(first), str(last)) for first, last in dates_for_all([Period.from_mapping({"unit": "day", "count": 1})])]
    [('2000-01-01', '2000-01-07')]
    """
    periods = tuple(periods)
    if not any(HAS_MONTH_RULE[period.unit] or MONTHS_IN[period.align] for period in periods):
        return ((A_CYCLE_BEGINS, A_CYCLE_BEGINS + timedelta(days=DAYS_IN_A_WEEK - 1)),)
    touched = max(period.last_day(A_CYCLE_BEGINS).year for period in periods) - A_CYCLE_BEGINS.year + 2
    regular = _years(A_CYCLE_BEGINS.year, A_CYCLE_BEGINS.year + YEARS_UNTIL_LEAP_YEARS_REPEAT - 1)
    return (regular, *(_years(year - touched, year) for year in NO_LEAP_YEARS))


@lru_cache(maxsize=64)
def day_out_of_order(earlier: Period, later: Period, dates: tuple[Dates, ...]) -> date | None:
    """The first of the dates from which `earlier` would end after `later`; None where there is none.

    Both periods run forward and count an event at midnight like any other.

    >>> month = Period.from_mapping({"unit": "month", "count": 1, "month_rule": "event_based"})
    >>> thirty, thirty_one = (Period.from_mapping({"unit": "day", "count": count}) for count in (30, 31))
    >>> day_out_of_order(month, thirty_one, dates_for_all([month]))
    >>> day_out_of_order(month, thirty, dates_for_all([month]))
    datetime.date(2000, 1, 1)
    """
    if earlier == later:
        return None
    for first, last in dates:
        day = first
        while day <= last:
            end = later.last_day(day)
            spare = end - earlier.last_day(day)
            if spare < timedelta():
                return day
            day = _last_in_order(earlier, end, day, min(spare, last - day)) + ONE_DAY
    return None


def _last_in_order(earlier: Period, end: date, day: date, spare: timedelta) -> date:
    """A date from which `earlier` still ends by then: from the day on, so many spare days later, or half as many."""
    while spare and earlier.last_day(day + spare) > end:
        spare = timedelta(days=spare.days // 2)
    return day + spare


def _years(first: int, last: int) -> Dates:
    return date(first, 1, 1), date(last, 12, 31)
