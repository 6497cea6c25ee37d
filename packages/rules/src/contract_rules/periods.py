"""Periods: on which day, and at which instant, a time limit counted in days, weeks, months or years is over.

A period is set off by an *event* (an application, a delivery, a judgment served) and ends with its
*last day*. Everything on which jurisdictions differ is a field of `Period`; nothing is guessed from a locale.

A period is over at the first instant after its last day (民法141条; Regulation (EEC) No 1182/71,
article 3(2)): "until 15 March" means `now < 2024-03-16T00:00:00`.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final, Self, TypeVar, assert_never, cast

from contract_rules.completeness import complete
from contract_rules.instants import MIDNIGHT, ONE_DAY, DateOutOfRange, first_instant_after, local_time

__all__ = [
    "DateOutOfRange",
    "Direction",
    "FirstDay",
    "MonthRule",
    "Period",
    "PeriodError",
    "Roll",
    "Unit",
]

DAYS_IN_THE_CALENDAR = date.max.toordinal()
DAYS_IN_A_WEEK = 7
MONTHS_IN_A_YEAR = 12


class PeriodError(ValueError):
    """A period that cannot be meant; the message says what to write instead."""


class Unit(StrEnum):
    """What is counted. A business day is a day that is neither on a weekend nor a holiday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    BUSINESS_DAY = "business_day"


class FirstDay(StrEnum):
    """Whether the day of the event is itself the first day of the period.

    Excluded: 民法140条本文; Regulation 1182/71, article 3(1); BGB § 187(1). Included: BGB § 187(2).
    Excluded unless the event falls on 00:00:00.000000 exactly: 民法140条ただし書.
    """

    EXCLUDE = "exclude"
    INCLUDE = "include"
    EXCLUDE_UNLESS_MIDNIGHT = "exclude_unless_midnight"


class MonthRule(StrEnum):
    """On which day a period of months or years ends.

    Start-based: the day before the one that corresponds to the first counted day (民法143条2項).
    Event-based: the day with the event's number (Regulation 1182/71, article 3(2)(c); BGB § 188(2)).
    """

    START_BASED = "start_based"
    EVENT_BASED = "event_based"


class Direction(StrEnum):
    """Whether the period runs on from the event or leads up to it."""

    FORWARD = "forward"
    BACKWARD = "backward"


class Roll(StrEnum):
    """Whether a last day that is not a business day moves, and which way in the calendar.

    Forward: 民法142条; Regulation 1182/71, article 3(4); BGB § 193.
    """

    NONE = "none"
    FORWARD = "forward"
    BACKWARD = "backward"


HAS_MONTH_RULE: Final[Mapping[Unit, bool]] = complete(
    "HAS_MONTH_RULE",
    Unit,
    {Unit.DAY: False, Unit.WEEK: False, Unit.MONTH: True, Unit.YEAR: True, Unit.BUSINESS_DAY: False},
)
DAYS_IN: Final[Mapping[Unit, int | None]] = complete(
    "DAYS_IN",
    Unit,
    {Unit.DAY: 1, Unit.WEEK: DAYS_IN_A_WEEK, Unit.MONTH: None, Unit.YEAR: None, Unit.BUSINESS_DAY: None},
)
"""None where it depends on the date."""

INCLUDED: Final[Mapping[FirstDay, bool | None]] = complete(
    "INCLUDED",
    FirstDay,
    {FirstDay.EXCLUDE: False, FirstDay.INCLUDE: True, FirstDay.EXCLUDE_UNLESS_MIDNIGHT: None},
)
"""Whether the event's day counts as the first; None where it depends on the time of day."""

ENDS_THE_DAY_BEFORE: Final[Mapping[MonthRule, bool]] = complete(
    "ENDS_THE_DAY_BEFORE", MonthRule, {MonthRule.START_BASED: True, MonthRule.EVENT_BASED: False}
)
"""Whether a month or year ends on the day before the one that corresponds to its first."""

STEP: Final[Mapping[Direction, int]] = complete("STEP", Direction, {Direction.FORWARD: 1, Direction.BACKWARD: -1})
"""Days to the next day of the period."""

ROLL_STEP: Final[Mapping[Roll, int]] = complete("ROLL_STEP", Roll, {Roll.NONE: 0, Roll.FORWARD: 1, Roll.BACKWARD: -1})
"""Days to the next day on which a period might end instead."""


@dataclass(frozen=True, slots=True)
class Period:
    """A time limit: how much is counted, from which day, and what happens at its end.

    Fields:
        unit, count: what is counted, and how many of it (1 or more).
        first_day: whether the event's own day counts as the first.
        month_rule: for months and years, and only for them: on which day they end.
        direction: forward from the event, or backward to a last day before it.
        clear_days: both the event's day and the last day stay outside, so the period ends one unit of
            days (for business days: one business day) further on. Needs the first day excluded.
        weekend: ISO weekdays (1 = Monday) that are not business days.
        holidays: dates that are not business days.
        roll: where a last day goes that is not a business day.

    Text in place of an enumeration's member, and any collection in place of a frozen set, is accepted, so
    that what stands in TOML or JSON can be passed on as it is (`from_mapping`).

    Raises:
        PeriodError: the fields contradict each other.

    >>> Period(Unit.DAY, 14).last_day(date(2024, 3, 1))
    datetime.date(2024, 3, 15)
    """

    unit: Unit
    count: int
    first_day: FirstDay = FirstDay.EXCLUDE
    month_rule: MonthRule | None = None
    direction: Direction = Direction.FORWARD
    clear_days: bool = False
    weekend: frozenset[int] = frozenset()
    holidays: frozenset[date] = frozenset()
    roll: Roll = Roll.NONE
    span: timedelta | None = field(init=False, repr=False, compare=False, default=None)
    """From the event's day to the last day, where that is the same distance whatever the date."""

    def __post_init__(self) -> None:
        """Bring every field into its type, then refuse what cannot be meant."""
        normalized = {
            "unit": _member(Unit, "unit", self.unit),
            "first_day": _member(FirstDay, "first_day", self.first_day),
            "month_rule": _optional_member(MonthRule, "month_rule", self.month_rule),
            "direction": _member(Direction, "direction", self.direction),
            "weekend": _weekdays(self.weekend),
            "holidays": _dates(self.holidays),
            "roll": _member(Roll, "roll", self.roll),
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        self._check_counting()
        self._check_closed_days()
        self._check_direction()
        object.__setattr__(self, "span", self._span())

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> Self:
        """The period that a policy file or a conformance case writes down.

        Raises:
            PeriodError: an unknown or missing key, or a period that is refused.

        >>> Period.from_mapping({"unit": "week", "count": 2}).last_day(date(2024, 3, 1))
        datetime.date(2024, 3, 15)
        """
        known = [each.name for each in fields(cls) if each.init]
        for key in mapping:
            if key not in known:
                raise PeriodError(f"{key!r} is not a key of a period: write one of {', '.join(known)}")
        for key in ("unit", "count"):
            if key not in mapping:
                raise PeriodError(f"{key} is missing: write what is counted as unit and how many as count")
        return cls(**dict(mapping))  # type: ignore[arg-type]  # each value is checked when the period is made

    def last_day(self, event: date | datetime) -> date:
        """The last day that still belongs to the period.

        The event's date is taken as written: a naive datetime is local wall time, an aware one is not
        converted. The time of day matters to `exclude_unless_midnight` alone, where a plain date excludes.

        Raises:
            DateOutOfRange: the day lies outside the years 1 to 9999.

        Source: 民法140条 to 143条; Regulation (EEC) No 1182/71, article 3; BGB §§ 187, 188, 193.

        >>> Period(Unit.MONTH, 1, month_rule=MonthRule.START_BASED).last_day(date(2024, 1, 30))
        datetime.date(2024, 2, 29)
        """
        day = event.date() if isinstance(event, datetime) else event
        try:
            if self.span is not None:
                return day + self.span
            return self._rolled(self._counted(day, included=self._includes(event)))
        except OverflowError:
            raise DateOutOfRange(
                f"{self._length()} {self.direction} from {day} end outside the years 1 to 9999: "
                "choose an event that lies nearer to the present"
            ) from None

    def ends_at(self, event: date | datetime, zone: tzinfo) -> datetime:
        """The instant at which the period is over: the first one after its last day, in that zone.

        An aware event is converted to the zone first; a naive one, or a plain date, is the zone's own.

        Raises:
            DateOutOfRange: the instant lies outside the years 1 to 9999.

        Source: 民法141条; Regulation (EEC) No 1182/71, article 3(2).

        >>> from zoneinfo import ZoneInfo
        >>> Period(Unit.DAY, 14).ends_at(date(2024, 3, 1), ZoneInfo("Asia/Tokyo")).isoformat()
        '2024-03-16T00:00:00+09:00'
        """
        if isinstance(event, datetime) and event.utcoffset() is not None:
            event = local_time(event, zone)
        return first_instant_after(self.last_day(event), zone)

    def _length(self) -> str:
        return f"{self.count} {self.unit.replace('_', ' ')}{'' if self.count == 1 else 's'}"

    def _includes(self, event: date | datetime) -> bool:
        included = INCLUDED[self.first_day]
        return isinstance(event, datetime) and event.time() == MIDNIGHT if included is None else included

    def _counted(self, day: date, *, included: bool) -> date:
        if self.count > DAYS_IN_THE_CALENDAR:
            raise OverflowError
        match self.unit:
            case Unit.DAY:
                return day + self._days(1, included=included)
            case Unit.WEEK:
                return day + self._days(DAYS_IN_A_WEEK, included=included)
            case Unit.MONTH:
                return self._counted_months(day, self.count, included=included)
            case Unit.YEAR:
                return self._counted_months(day, self.count * MONTHS_IN_A_YEAR, included=included)
            case Unit.BUSINESS_DAY:
                return self._counted_open_days(day, included=included)
            case unknown:
                assert_never(unknown)

    def _days(self, days_in_unit: int, *, included: bool) -> timedelta:
        return timedelta(days=STEP[self.direction] * (self.count * days_in_unit - included + self.clear_days))

    def _span(self) -> timedelta | None:
        days_in_unit, included = DAYS_IN[self.unit], INCLUDED[self.first_day]
        if days_in_unit is None or included is None or ROLL_STEP[self.roll] or self.count > DAYS_IN_THE_CALENDAR:
            return None
        return self._days(days_in_unit, included=included)

    def _counted_months(self, day: date, months: int, *, included: bool) -> date:
        assert self.month_rule is not None  # noqa: S101  # months and years have one
        step = STEP[self.direction]
        if included or ENDS_THE_DAY_BEFORE[self.month_rule]:
            last = _last_of_months_from(day if included else day + ONE_DAY, months)
        else:
            last = _same_day_of_month(day, step * months)
        return last + timedelta(days=step * self.clear_days)

    def _counted_open_days(self, day: date, *, included: bool) -> date:
        left = self.count + self.clear_days - (included and self._is_open(day))
        step = STEP[self.direction] * ONE_DAY
        while left:
            day += step
            left -= self._is_open(day)
        return day

    def _rolled(self, day: date) -> date:
        step = ROLL_STEP[self.roll] * ONE_DAY
        while step and not self._is_open(day):
            day += step
        return day

    def _is_open(self, day: date) -> bool:
        return day.isoweekday() not in self.weekend and day not in self.holidays

    def _check_counting(self) -> None:
        if type(self.count) is not int or self.count < 1:
            raise PeriodError(f"count is {self.count!r}: write a whole number of 1 or more")
        counts_months = HAS_MONTH_RULE[self.unit]
        if counts_months and self.month_rule is None:
            raise PeriodError(
                f"a {self.unit} needs a month_rule: write {_one_of(MonthRule)}, which end on different days"
            )
        if not counts_months and self.month_rule is not None:
            raise PeriodError(
                f"month_rule says how months and years end, and the unit is {self.unit}: "
                "leave month_rule out, or write unit month or year"
            )
        if type(self.clear_days) is not bool:
            raise PeriodError(f"clear_days is {self.clear_days!r}: write true or false")
        if self.clear_days and self.first_day is not FirstDay.EXCLUDE:
            raise PeriodError(
                f"clear_days leaves the event's day outside, and first_day is {self.first_day}: "
                "write first_day exclude, or leave clear_days out"
            )

    def _check_closed_days(self) -> None:
        if len(self.weekend) == DAYS_IN_A_WEEK:
            raise PeriodError("weekend closes all seven weekdays: leave at least one of 1 to 7 out")
        if self.roll is not Roll.NONE and not (self.weekend or self.holidays):
            raise PeriodError(f"roll is {self.roll} and no day is closed: write weekend or holidays, or leave roll out")

    def _check_direction(self) -> None:
        if self.direction is Direction.FORWARD:
            return
        if self.first_day is FirstDay.EXCLUDE_UNLESS_MIDNIGHT:
            raise PeriodError(
                "exclude_unless_midnight counts forward only (民法140条): "
                "write first_day exclude or include for a backward period"
            )
        if self.month_rule is MonthRule.START_BASED:
            raise PeriodError(
                "start_based counts forward only (民法143条): write month_rule event_based for a backward period"
            )
        if self.month_rule is MonthRule.EVENT_BASED and self.first_day is FirstDay.INCLUDE:
            raise PeriodError(
                "event_based with the first day included is start_based (BGB § 188(2)), which counts forward "
                "only: write first_day exclude for a backward period"
            )


def _last_of_months_from(first: date, months: int) -> date:
    """The last day of so many months that begin with that day (民法143条)."""
    if first.day == 1:
        year, month = _month_after(first, months - 1)
        return date(year, month, monthrange(year, month)[1])
    year, month = _month_after(first, months)
    days_in_month = monthrange(year, month)[1]
    return date(year, month, first.day - 1 if first.day <= days_in_month else days_in_month)


def _same_day_of_month(day: date, months: int) -> date:
    """The day with the same number so many months away, or that month's last (BGB § 188(2), (3))."""
    year, month = _month_after(day, months)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _month_after(day: date, months: int) -> tuple[int, int]:
    year, month = divmod(day.year * MONTHS_IN_A_YEAR + day.month - 1 + months, MONTHS_IN_A_YEAR)
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError
    return year, month + 1


Choice = TypeVar("Choice", bound=StrEnum)


def _member(choices: type[Choice], key: str, value: object) -> Choice:
    try:
        return choices(cast("str", value))
    except ValueError:
        raise PeriodError(f"{key} is {value!r}: write {_one_of(choices)}") from None


def _optional_member(choices: type[Choice], key: str, value: object) -> Choice | None:
    return None if value is None else _member(choices, key, value)


def _one_of(choices: type[StrEnum]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}"


def _weekdays(values: Iterable[object]) -> frozenset[int]:
    days = _collection("weekend", values, "a list of ISO weekdays, as in [6, 7]")
    for day in days:
        if type(day) is not int or not 1 <= day <= DAYS_IN_A_WEEK:
            raise PeriodError(f"weekend has {day!r}: write ISO weekdays, 1 for Monday to 7 for Sunday")
    return frozenset(cast("list[int]", days))


def _dates(values: Iterable[object]) -> frozenset[date]:
    days = _collection("holidays", values, "a list of dates, as in [2024-05-03]")
    return frozenset(_date(day) for day in days)


def _date(value: object) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise PeriodError(f"holidays has {value!r}: write dates as YYYY-MM-DD")


def _collection(key: str, values: Iterable[object], expected: str) -> list[object]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise PeriodError(f"{key} is {values!r}: write {expected}")
    return list(values)
