"""Business calendars: which days are closed, and for which dates that is known.

Open days are found by arithmetic, not day by day: every week has the same number of open weekdays, and each holiday
on one of them takes one away. The n-th open day therefore costs two searches in the sorted holidays, however many
days are counted.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from itertools import accumulate
from typing import Final, Self, cast

from contract_rules.instants import DateOutOfRange, require_date

DAYS_IN_A_WEEK: Final = 7
LAST_ORDINAL: Final = date.max.toordinal()


class PeriodError(ValueError):
    """A period, or a calendar of one, that cannot be meant; the message says what to write instead."""


class HolidaysUnknown(DateOutOfRange):
    """A date for which the calendar does not know whether it is a holiday.

    `too_early` tells a date before the list from one after it.
    """

    def __init__(self, message: str, *, too_early: bool) -> None:
        super().__init__(message)
        self.too_early = too_early


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days on which nothing is open: some weekdays, and listed holidays.

    Fields:
        weekend: ISO weekdays (1 = Monday) that are closed.
        holidays: dates that are closed.
        holidays_from, holidays_until: the dates for which the list is complete,
            `holidays_from <= day < holidays_until`. Lists need an end, since holidays are announced year by year;
            without a beginning they are complete from 1 January of the first year that they name.

    Raises:
        PeriodError: all weekdays are closed, or the list does not say until when it is complete.

    >>> Calendar(weekend=[6, 7], holidays=["2024-05-03"], holidays_until="2025-01-01").is_open(date(2024, 5, 2))
    True
    """

    weekend: frozenset[int] = frozenset()
    holidays: frozenset[date] = frozenset()
    holidays_from: date | None = None
    holidays_until: date | None = None
    known_from: date = field(init=False, repr=False, compare=False, default=date.min)
    """The first day for which the calendar is complete."""
    open_weekdays: tuple[int, ...] = field(init=False, repr=False, compare=False, default=())
    """ISO weekdays that are not on the weekend."""
    open_in_week: tuple[int, ...] = field(init=False, repr=False, compare=False, default=())
    """How many of the first 0 to 7 days of a week are open."""
    holiday_ordinals: tuple[int, ...] = field(init=False, repr=False, compare=False, default=())
    """The holidays on open weekdays, in order."""
    open_before: tuple[int, ...] = field(init=False, repr=False, compare=False, default=())
    """How many days of the calendar before each of them are open."""

    def __post_init__(self) -> None:
        """Bring every field into its type, refuse what cannot be meant, and prepare the arithmetic."""
        set_field = object.__setattr__
        set_field(self, "weekend", _weekdays(self.weekend))
        set_field(self, "holidays", _dates(self.holidays))
        for key in ("holidays_from", "holidays_until"):
            value = getattr(self, key)
            set_field(self, key, None if value is None else as_date(key, value))
        self._check_weekend()
        if self.holidays:
            set_field(self, "known_from", self.holidays_from or min(self.holidays).replace(month=1, day=1))
        self._check_coverage()
        weekdays = range(1, DAYS_IN_A_WEEK + 1)
        set_field(self, "open_weekdays", tuple(day for day in weekdays if day not in self.weekend))
        set_field(self, "open_in_week", tuple(accumulate((day not in self.weekend for day in weekdays), initial=0)))
        closed = sorted(day.toordinal() for day in self.holidays if day.isoweekday() not in self.weekend)
        set_field(self, "holiday_ordinals", tuple(closed))
        set_field(self, "open_before", tuple(self._weekdays_until(day) - 1 - i for i, day in enumerate(closed)))

    @classmethod
    def from_mapping(cls, mapping: object) -> Self:
        """The calendar that a policy file or a conformance case writes down.

        Raises:
            PeriodError: an unknown key, or a calendar that is refused.

        >>> Calendar.from_mapping({"weekend": [7]}).is_open(date(2024, 5, 4))
        True
        """
        if not isinstance(mapping, Mapping):
            raise PeriodError(f"{mapping!r} is not a calendar: write a table with weekend, holidays, holidays_until")
        for key in mapping:
            if key not in CALENDAR_KEYS:
                raise PeriodError(f"{key!r} is not a key of a calendar: write one of {', '.join(CALENDAR_KEYS)}")
        return cls(**mapping)

    @property
    def closes_days(self) -> bool:
        """Whether any day is closed.

        >>> Calendar().closes_days
        False
        """
        return bool(self.weekend or self.holidays)

    def is_open(self, day: date) -> bool:
        """Whether that day is neither on the weekend nor a holiday.

        Raises:
            ValueError: the day is no date.
            HolidaysUnknown: the list is not complete for that day.

        >>> Calendar(weekend=[6, 7]).is_open(date(2024, 3, 2))
        False
        """
        require_date(day, "give the date to look up")
        self._require_known(day)
        return day.isoweekday() not in self.weekend and day not in self.holidays

    def nth_open(self, day: date, count: int, *, included: bool = False) -> date:
        """The open day so many after that day, or before it where the count is negative.

        Raises:
            ValueError: the day is no date.
            HolidaysUnknown: the list is not complete for all days between the two.
            OverflowError: it lies outside the years 1 to 9999.

        >>> Calendar(weekend=[6, 7]).nth_open(date(2024, 3, 1), 5)
        datetime.date(2024, 3, 8)
        >>> Calendar(weekend=[6, 7]).nth_open(date(2024, 3, 4), -1)
        datetime.date(2024, 3, 1)
        """
        if type(day) is not date:
            require_date(day, "give the date to count from")
        step = 1 if count > 0 else -1
        first = day.toordinal() + (0 if included else step)
        number = self._open_until(first - 1) + count if count > 0 else self._open_until(first) + count + 1
        found = self._numbered(number)
        if self.holidays:
            self._require_known(_date_of(first))
            self._require_known(found)
        return found

    def holidays_between(self, first: date, last: date) -> list[date]:
        """The holidays on open weekdays from one day to another, both included.

        >>> Calendar([6, 7], ["2024-05-03", "2024-05-04"], None, "2025-01-01").holidays_between(
        ...     date(2024, 5, 1), date(2024, 5, 31)
        ... )
        [datetime.date(2024, 5, 3)]
        """
        begin = bisect_left(self.holiday_ordinals, first.toordinal())
        end = bisect_right(self.holiday_ordinals, last.toordinal())
        return [date.fromordinal(day) for day in self.holiday_ordinals[begin:end]]

    def _weekdays_until(self, ordinal: int) -> int:
        """How many days from the calendar's first, a Monday, to that one are not on the weekend."""
        weeks, rest = divmod(ordinal, DAYS_IN_A_WEEK)
        return weeks * len(self.open_weekdays) + self.open_in_week[rest]

    def _open_until(self, ordinal: int) -> int:
        return self._weekdays_until(ordinal) - bisect_right(self.holiday_ordinals, ordinal)

    def _numbered(self, number: int) -> date:
        """The open day of that number: the weekday of that number, and one more for each holiday before it."""
        weeks, rest = divmod(number + bisect_left(self.open_before, number) - 1, len(self.open_weekdays))
        return _date_of(weeks * DAYS_IN_A_WEEK + self.open_weekdays[rest])

    def _require_known(self, day: date) -> None:
        if not self.holidays:
            return
        assert self.holidays_until is not None  # noqa: S101  # a list has an end
        if self.known_from <= day < self.holidays_until:
            return
        raise HolidaysUnknown(
            f"whether {day} is a holiday is not known: the holidays are listed from {self.known_from} "
            f"until {self.holidays_until}: add those of {day.year}, and move holidays_until",
            too_early=day < self.known_from,
        )

    def _check_weekend(self) -> None:
        if len(self.weekend) == DAYS_IN_A_WEEK:
            raise PeriodError("weekend closes all seven weekdays: leave at least one of 1 to 7 out")

    def _check_coverage(self) -> None:
        until = self.holidays_until
        if not self.holidays:
            if until or self.holidays_from:
                raise PeriodError(
                    "holidays_until says until when holidays are complete: write holidays, or leave it out"
                )
            return
        first, last = min(self.holidays), max(self.holidays)
        if until is None:
            raise PeriodError(
                "holidays do not say until when they are complete: write holidays_until, the first date whose "
                f"holidays are not listed, as in {min(last.year + 1, date.max.year)}-01-01"
            )
        if not self.known_from <= first <= last < until:
            raise PeriodError(
                f"holidays go from {first} to {last} and are complete from {self.known_from} until {until}: "
                "write holidays_from <= holiday < holidays_until"
            )


CALENDAR_KEYS: Final = tuple(each.name for each in fields(Calendar) if each.init)


def as_date(key: str, value: object) -> date:
    """A date, written as one or as text."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise PeriodError(f"{key} has {value!r}: write dates as YYYY-MM-DD")


def _date_of(ordinal: int) -> date:
    if not 1 <= ordinal <= LAST_ORDINAL:
        raise OverflowError
    return date.fromordinal(ordinal)


def _weekdays(values: Iterable[object]) -> frozenset[int]:
    days = _collection("weekend", values, "a list of ISO weekdays, as in [6, 7]")
    for day in days:
        if type(day) is not int or not 1 <= day <= DAYS_IN_A_WEEK:
            raise PeriodError(f"weekend has {day!r}: write ISO weekdays, 1 for Monday to 7 for Sunday")
    return frozenset(cast("list[int]", days))


def _dates(values: Iterable[object]) -> frozenset[date]:
    days = _collection("holidays", values, "a list of dates, as in [2024-05-03]")
    return frozenset(as_date("holidays", day) for day in days)


def _collection(key: str, values: Iterable[object], expected: str) -> list[object]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise PeriodError(f"{key} is {values!r}: write {expected}")
    return list(values)
