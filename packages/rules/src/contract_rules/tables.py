"""Tables of dates for people who write policies: what follows from each day, and what another version changes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from contract_rules.instants import DateOutOfRange
from contract_rules.periods import Period
from contract_rules.policy import DeadlineKind, Policy

UNKNOWN = "-"

LastDay = date | DateOutOfRange
"""A last day, or why it cannot be computed."""


class Change(NamedTuple):
    """Dates of application that follow each other and whose deadline moves by as many days."""

    kind: DeadlineKind
    first: date
    last: date
    before: LastDay
    after: LastDay
    """The last days of the first of them."""


def periods_of(policy: Policy) -> Mapping[str, Period]:
    """The periods of a policy, by what they end.

    >>> from contract_rules import shipped_policies
    >>> list(periods_of(shipped_policies().in_force(date(2024, 3, 1))))
    ['service end', 'resumption', 'erasure']
    """
    return {kind.replace("_", " "): policy.period(kind) for kind in DeadlineKind}


def table_of_dates(event: str, periods: Mapping[str, Period], first: date, last: date) -> Iterator[str]:
    """A line for each day from one to another: what each period's last day is; at the end, why some have none.

    >>> for line in table_of_dates("event", {"last day": Period.from_mapping({"unit": "day", "count": 14})},
    ...                            date(2024, 3, 1), date(2024, 3, 2)):
    ...     print(line)
    event           last day
    2024-03-01 Fri  2024-03-15 Fri
    2024-03-02 Sat  2024-03-16 Sat
    """
    yield _row([event, *periods])
    unknown: DateOutOfRange | None = None
    for day in days_from(first, last):
        last_days = [last_day(period, day) for period in periods.values()]
        unknown = unknown or next((found for found in last_days if isinstance(found, DateOutOfRange)), None)
        yield _row([_short(found) for found in (day, *last_days)])
    if unknown is not None:
        yield f"{UNKNOWN} cannot be computed: {unknown}"


def changes(before: Policy, after: Policy, first: date, last: date) -> Iterator[Change]:
    """Which applications from one day to another get other deadlines; by deadline, then by date.

    >>> from contract_rules import parse_policy, shipped_policies
    >>> old = shipped_policies().version("omakase-login", "1.0")
    >>> list(changes(old, old, date(2024, 1, 1), date(2024, 12, 31)))
    []
    """
    for kind in DeadlineKind:
        runs: list[Change] = []
        for day in days_from(first, last):
            change = Change(kind, day, day, last_day(before.period(kind), day), last_day(after.period(kind), day))
            if runs and shift(runs[-1]) == shift(change):
                runs[-1] = runs[-1]._replace(last=day)
            else:
                runs.append(change)
        yield from (run for run in runs if shift(run) != timedelta())


def shift(change: Change) -> timedelta | None:
    """By how much the deadlines move; None where one of them cannot be computed, zero where neither can.

    >>> shift(Change(DeadlineKind.ERASURE, *[date(2024, 3, 1)] * 2, date(2024, 4, 15), date(2024, 4, 30))).days
    15
    """
    before, after = change.before, change.after
    if isinstance(before, date) and isinstance(after, date):
        return after - before
    return None if isinstance(before, date) or isinstance(after, date) else timedelta()


def in_words(change: Change) -> str:
    """The change as a line.

    >>> print(in_words(Change(DeadlineKind.ERASURE, *[date(2024, 3, 1)] * 2, date(2024, 4, 15), date(2024, 4, 30))))
    erasure: applied on 2024-03-01: 15 days later (2024-04-15 -> 2024-04-30)
    """
    days = f"on {change.first}" if change.first == change.last else f"from {change.first} to {change.last}"
    moved = shift(change)
    if moved is None:
        how = "cannot be computed under one of the two"
    else:
        by = abs(moved.days)
        how = f"{by} day{'' if by == 1 else 's'} {'later' if moved > timedelta() else 'earlier'}"
    example = f"{_plain(change.before)} -> {_plain(change.after)}"
    return f"{change.kind.replace('_', ' ')}: applied {days}: {how} ({example})"


def last_day(period: Period, event: date) -> LastDay:
    """The period's last day, or the error that says why there is none."""
    try:
        return period.last_day(event)
    except DateOutOfRange as error:
        return error


def days_from(first: date, last: date) -> Iterator[date]:
    """The days from one to another, both included."""
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))


def _row(cells: Iterable[str]) -> str:
    return "".join(f"{cell:<16}" for cell in cells).rstrip()


def _short(found: LastDay) -> str:
    return f"{found} {found:%a}" if isinstance(found, date) else UNKNOWN


def _plain(found: LastDay) -> str:
    return str(found) if isinstance(found, date) else UNKNOWN
