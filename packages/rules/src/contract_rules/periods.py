"""Periods: on which day, and at which instant, a time limit counted in days, weeks, months or years is over.

A period is set off by an *event* (an application, a delivery, a judgment served) and ends with its
*last day*. Everything on which jurisdictions differ is a field of `Period`; nothing is guessed from a locale.

A period is over at the first instant after its last day (民法141条; Regulation (EEC) No 1182/71,
article 3(2)): "until 15 March" means `now < 2024-03-16T00:00:00`.
"""

from calendar import isleap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple, Self, TypeVar, assert_never, cast

from contract_rules.calendars import CALENDAR_KEYS, DAYS_IN_A_WEEK, LAST_ORDINAL, Calendar, PeriodError, as_date
from contract_rules.instants import (
    MIDNIGHT,
    ONE_DAY,
    DateOutOfRange,
    date_of,
    first_instant_after,
    local_time,
    require_zone,
)
from contract_rules.vocabulary import (
    DAYS_IN,
    ENDS_THE_DAY_BEFORE,
    HAS_CUTOFF,
    HAS_MONTH_RULE,
    INCLUDED,
    MONTHS_IN,
    MONTHS_IN_A_YEAR,
    ROLL_STEP,
    STEP,
    Align,
    Direction,
    FirstDay,
    MonthRule,
    Roll,
    Unit,
)

__all__ = [
    "Align",
    "DateOutOfRange",
    "Direction",
    "FirstDay",
    "MonthRule",
    "Period",
    "PeriodError",
    "Roll",
    "Steps",
    "Unit",
]

CALENDAR_YEARS_BEGIN: Final = date(2000, 1, 1)
"""A day on which a month, a quarter and a year of the calendar begin."""
LATEST_CUTOFF: Final = 30
LENGTHS_OF_MONTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
FEBRUARY: Final = 2


class Steps(NamedTuple):
    """How a last day was found; each day is the one before where nothing moved it."""

    event: date
    """The event's date, as it was given."""
    counted_from: date
    """The day on which the event counts as made: after an event roll and a cut-off."""
    counted: date
    """The last day by counting alone."""
    aligned: date
    """The end of the month, quarter or year."""
    last_day: date
    """The day to which a closed last day has moved."""


@dataclass(frozen=True, slots=True)
class Period:
    """A time limit: when the event counts as made, how much is counted from it, and what happens at the end.

    Fields, in the order in which they apply:
        event_roll: `forward`: an event on a closed day counts as made on the next open one (deemed delivery).
        cutoff, cutoff_unit: an event up to this day of its month (or this business day of it) counts as made at the
            end of the month before. For months and years that are aligned.
        unit, count: what is counted, and how many of it (1 or more).
        first_day: whether the event's own day counts as the first.
        month_rule: for months and years, and only for them: on which day they end.
        direction: forward from the event, or backward to a last day before it.
        clear_days: both the event's day and the last day stay outside, so the period ends one unit of
            days (for business days: one business day) further on. Needs the first day excluded.
        align, align_from: runs on to the end of the month, quarter or year, of the calendar or from that date on.
        roll: where a last day goes that is not a business day.
        calendar: the closed days, for counting, rolling and events.
        roll_calendar: those for rolling, where they are others.

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
    event_roll: Roll = Roll.NONE
    cutoff: int | None = None
    cutoff_unit: Unit = Unit.DAY
    align: Align = Align.NONE
    align_from: date | None = None
    roll: Roll = Roll.NONE
    calendar: Calendar = field(default=Calendar(), metadata={"is_inline": True})
    roll_calendar: Calendar | None = None
    span: timedelta | None = field(init=False, repr=False, compare=False, default=None)
    """From the event's day to the last day, where that is the same distance whatever the date."""

    def __post_init__(self) -> None:
        """Bring every field into its type, then refuse what cannot be meant."""
        normalized = {
            "unit": _member(Unit, "unit", self.unit),
            "first_day": _member(FirstDay, "first_day", self.first_day),
            "month_rule": None if self.month_rule is None else _member(MonthRule, "month_rule", self.month_rule),
            "direction": _member(Direction, "direction", self.direction),
            "event_roll": _member(Roll, "event_roll", self.event_roll),
            "cutoff_unit": _member(Unit, "cutoff_unit", self.cutoff_unit),
            "align": _member(Align, "align", self.align),
            "align_from": None if self.align_from is None else as_date("align_from", self.align_from),
            "roll": _member(Roll, "roll", self.roll),
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        self._check_types()
        self._check_contradictions()
        object.__setattr__(self, "span", self._span())

    @property
    def lists_holidays(self) -> bool:
        """Whether the last day can depend on listed holidays, which are not known for all dates.

        >>> Period(Unit.DAY, 14).lists_holidays
        False
        """
        return bool(self.calendar.holidays or (self.roll_calendar and self.roll_calendar.holidays))

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> Self:
        """The period that a policy file or a conformance case writes down.

        Raises:
            PeriodError: an unknown or missing key, or a period that is refused.

        >>> Period.from_mapping({"unit": "week", "count": 2}).last_day(date(2024, 3, 1))
        datetime.date(2024, 3, 15)
        """
        for key in mapping:
            if key not in PERIOD_KEYS:
                raise PeriodError(f"{key!r} is not a key of a period: write one of {', '.join(PERIOD_KEYS)}")
        for key in ("unit", "count"):
            if key not in mapping:
                raise PeriodError(f"{key} is missing: write what is counted as unit and how many as count")
        values: dict[str, object] = {key: value for key, value in mapping.items() if key not in CALENDAR_KEYS}
        values["calendar"] = Calendar.from_mapping({key: mapping[key] for key in CALENDAR_KEYS if key in mapping})
        if "roll_calendar" in mapping:
            values["roll_calendar"] = Calendar.from_mapping(mapping["roll_calendar"])
        return cls(**values)  # type: ignore[arg-type]  # each value is checked when the period is made

    def last_day(self, event: date | datetime) -> date:
        """The last day that still belongs to the period.

        The event's date is taken as written: a naive datetime is local wall time, an aware one is not
        converted. The time of day matters to `exclude_unless_midnight` alone, where a plain date excludes.

        Raises:
            ValueError: the event is no date.
            DateOutOfRange: the day lies outside the years 1 to 9999.
            HolidaysUnknown: a day has to be looked at for which the holidays are not listed.

        Source: 民法140条 to 143条; Regulation (EEC) No 1182/71, article 3; BGB §§ 187, 188, 193.

        >>> Period(Unit.MONTH, 1, month_rule=MonthRule.START_BASED).last_day(date(2024, 1, 30))
        datetime.date(2024, 2, 29)
        """
        day = date_of(event)
        try:
            if self.span is not None:
                return day + self.span
            counted = self._counted(self._deemed(day), included=self._includes(event))
            return self._rolled(self._aligned(counted))
        except OverflowError:
            raise self._out_of_range(day) from None

    def steps(self, event: date | datetime) -> Steps:
        """The same last day, with the days that led to it: for an explanation.

        Raises:
            ValueError, DateOutOfRange, HolidaysUnknown: as `last_day`.

        >>> month = Period(Unit.MONTH, 1, month_rule=MonthRule.EVENT_BASED, align=Align.MONTH)
        >>> steps = month.steps(date(2024, 3, 15))
        >>> str(steps.counted), str(steps.aligned)
        ('2024-04-15', '2024-04-30')
        """
        day = date_of(event)
        try:
            counted_from = self._deemed(day)
            counted = self._counted(counted_from, included=self._includes(event))
            aligned = self._aligned(counted)
            return Steps(day, counted_from, counted, aligned, self._rolled(aligned))
        except OverflowError:
            raise self._out_of_range(day) from None

    def ends_at(self, event: date | datetime, zone: tzinfo) -> datetime:
        """The instant at which the period is over: the first one after its last day, in that zone.

        An aware event is converted to the zone first; a naive one, or a plain date, is the zone's own.

        Raises:
            ValueError: the event is no date, or the zone is none.
            DateOutOfRange: the instant lies outside the years 1 to 9999.

        Source: 民法141条; Regulation (EEC) No 1182/71, article 3(2).

        >>> from zoneinfo import ZoneInfo
        >>> Period(Unit.DAY, 14).ends_at(date(2024, 3, 1), ZoneInfo("Asia/Tokyo")).isoformat()
        '2024-03-16T00:00:00+09:00'
        """
        require_zone(zone)
        if isinstance(event, datetime) and event.utcoffset() is not None:
            event = local_time(event, zone)
        return first_instant_after(self.last_day(event), zone)

    def _out_of_range(self, day: date) -> DateOutOfRange:
        length = f"{self.count} {self.unit.replace('_', ' ')}{'' if self.count == 1 else 's'}"
        return DateOutOfRange(
            f"{length} {self.direction} from {day} end outside the years 1 to 9999: "
            "choose an event that lies nearer to the present"
        )

    def _deemed(self, day: date) -> date:
        """The day on which the event counts as made."""
        if ROLL_STEP[self.event_roll]:
            day = self.calendar.nth_open(day, 1, included=True)
        if self.cutoff is not None and day <= self._cutoff_in_month_of(day, self.cutoff):
            return day.replace(day=1) - ONE_DAY
        return day

    def _cutoff_in_month_of(self, day: date, cutoff: int) -> date:
        first = day.replace(day=1)
        if self.cutoff_unit is Unit.BUSINESS_DAY:
            return self.calendar.nth_open(first, cutoff, included=True)
        return first + timedelta(days=cutoff - 1)

    def _includes(self, event: date | datetime) -> bool:
        included = INCLUDED[self.first_day]
        return isinstance(event, datetime) and event.time() == MIDNIGHT if included is None else included

    def _counted(self, day: date, *, included: bool) -> date:
        if self.count > LAST_ORDINAL:
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
                count = STEP[self.direction] * (self.count + self.clear_days)
                return self.calendar.nth_open(day, count, included=included)
            case unknown:
                assert_never(unknown)

    def _days(self, days_in_unit: int, *, included: bool) -> timedelta:
        return timedelta(days=STEP[self.direction] * (self.count * days_in_unit - included + self.clear_days))

    def _span(self) -> timedelta | None:
        days_in_unit, included = DAYS_IN[self.unit], INCLUDED[self.first_day]
        moves = ROLL_STEP[self.roll] or ROLL_STEP[self.event_roll] or MONTHS_IN[self.align]
        if days_in_unit is None or included is None or moves or self.count > LAST_ORDINAL:
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

    def _aligned(self, day: date) -> date:
        """The end of the month, quarter or year to which that day belongs."""
        months = MONTHS_IN[self.align]
        if not months:
            return day
        begin = self.align_from or CALENDAR_YEARS_BEGIN
        whole, months_since = divmod((day.year - begin.year) * MONTHS_IN_A_YEAR + day.month - begin.month, months)
        ends_this_month = months_since == 0 and day.day < begin.day
        return _last_of_months_from(begin, (whole + (not ends_this_month)) * months)

    def _rolled(self, day: date) -> date:
        step = ROLL_STEP[self.roll]
        return (self.roll_calendar or self.calendar).nth_open(day, step, included=True) if step else day

    def _check_types(self) -> None:
        if type(self.count) is not int or self.count < 1:
            raise PeriodError(f"count is {self.count!r}: write a whole number of 1 or more")
        if type(self.clear_days) is not bool:
            raise PeriodError(f"clear_days is {self.clear_days!r}: write true or false")
        if self.cutoff is not None and (type(self.cutoff) is not int or not 1 <= self.cutoff <= LATEST_CUTOFF):
            raise PeriodError(f"cutoff is {self.cutoff!r}: write a day of the month from 1 to {LATEST_CUTOFF}")
        if not isinstance(self.calendar, Calendar):
            raise PeriodError(f"calendar is {self.calendar!r}: write a Calendar")
        if not isinstance(self.roll_calendar, Calendar | None):
            raise PeriodError(f"roll_calendar is {self.roll_calendar!r}: write a Calendar")

    def _check_contradictions(self) -> None:
        for is_contradictory, message in (
            *self._about_counting(),
            *self._about_the_event(),
            *self._about_the_end(),
            *self._about_closed_days(),
            *self._about_direction(),
        ):
            if is_contradictory:
                raise PeriodError(message)

    def _about_counting(self) -> Iterator[tuple[bool, str]]:
        counts_months = HAS_MONTH_RULE[self.unit]
        yield (
            counts_months and self.month_rule is None,
            f"a {self.unit} needs a month_rule: write {_one_of(MonthRule)}, which end on different days",
        )
        yield (
            not counts_months and self.month_rule is not None,
            (
                f"month_rule says how months and years end, and the unit is {self.unit}: "
                "leave month_rule out, or write unit month or year"
            ),
        )
        yield (
            self.clear_days and self.first_day is not FirstDay.EXCLUDE,
            (
                f"clear_days leaves the event's day outside, and first_day is {self.first_day}: "
                "write first_day exclude, or leave clear_days out"
            ),
        )

    def _about_the_event(self) -> Iterator[tuple[bool, str]]:
        yield (
            self.event_roll is Roll.BACKWARD,
            "event_roll is backward, and no event counts before it was made: write event_roll forward",
        )
        yield (
            self.event_roll is not Roll.NONE and self.first_day is FirstDay.EXCLUDE_UNLESS_MIDNIGHT,
            (
                "event_roll gives an event another day, on which it has no time for exclude_unless_midnight: "
                "write first_day exclude or include"
            ),
        )
        yield (not HAS_CUTOFF[self.cutoff_unit], f"cutoff_unit is {self.cutoff_unit}: write day or business_day")
        yield (
            self.cutoff is None and self.cutoff_unit is not Unit.DAY,
            "cutoff_unit says what cutoff counts: write cutoff, or leave cutoff_unit out",
        )
        yield (
            self.cutoff is not None and not (HAS_MONTH_RULE[self.unit] and MONTHS_IN[self.align]),
            (
                "cutoff says to which month an event still belongs: write unit month or year, and align, "
                "or leave cutoff out"
            ),
        )

    def _about_the_end(self) -> Iterator[tuple[bool, str]]:
        yield (
            self.align_from is not None and not MONTHS_IN[self.align],
            "align_from says when a month or year begins: write align, or leave align_from out",
        )
        yield (
            self.roll_calendar is not None and not (ROLL_STEP[self.roll] and self.roll_calendar.closes_days),
            (
                "roll_calendar says on which days no period ends: write roll, and its weekend or holidays, "
                "or leave roll_calendar out"
            ),
        )

    def _about_closed_days(self) -> Iterator[tuple[bool, str]]:
        readers = calendar_readers({each.name: getattr(self, each.name) for each in fields(self)})
        for reader, instead in readers:
            yield (
                not self.calendar.closes_days,
                f"{reader} and no day is closed: write weekend or holidays, or {instead}",
            )
        yield (
            self.calendar.closes_days and not readers,
            (
                "weekend or holidays are written, and nothing is counted or moved by them: "
                "write unit business_day, roll or event_roll, or leave them out"
            ),
        )

    def _about_direction(self) -> Iterator[tuple[bool, str]]:
        backward = self.direction is Direction.BACKWARD
        for key, value in (("event_roll", ROLL_STEP[self.event_roll]), ("align", MONTHS_IN[self.align])):
            yield (backward and bool(value), f"{key} goes forward only: leave it out, or write direction forward")
        yield (
            backward and self.first_day is FirstDay.EXCLUDE_UNLESS_MIDNIGHT,
            (
                "exclude_unless_midnight counts forward only (民法140条): "
                "write first_day exclude or include for a backward period"
            ),
        )
        yield (
            backward and self.month_rule is MonthRule.START_BASED,
            "start_based counts forward only (民法143条): write month_rule event_based for a backward period",
        )
        yield (
            backward and self.month_rule is MonthRule.EVENT_BASED and self.first_day is FirstDay.INCLUDE,
            (
                "event_based with the first day included is start_based (BGB § 188(2)), which counts forward "
                "only: write first_day exclude for a backward period"
            ),
        )


def calendar_readers(written: Mapping[str, object]) -> list[tuple[str, str]]:
    """Which of the fields of a period ask for closed days, each with what to write where there are none.

    >>> calendar_readers({"unit": "day", "count": 14, "roll": "forward"})
    [('roll is forward', 'leave roll out')]
    """
    units = [key for key in ("unit", "cutoff_unit") if written.get(key) == Unit.BUSINESS_DAY]
    rolls = [key for key in ("roll", "event_roll") if written.get(key, Roll.NONE) != Roll.NONE]
    if written.get("roll_calendar") is not None:
        rolls = [key for key in rolls if key != "roll"]
    return [
        *((f"{key} is business_day", f"write {key} day") for key in units),
        *((f"{key} is {written[key]}", f"leave {key} out") for key in rolls),
    ]


def _last_of_months_from(first: date, months: int) -> date:
    """The last day of so many months that begin with that day (民法143条)."""
    if first.day == 1:
        year, month = _month_after(first, months - 1)
        return date(year, month, _days_in(year, month))
    year, month = _month_after(first, months)
    days_in_month = _days_in(year, month)
    return date(year, month, first.day - 1 if first.day <= days_in_month else days_in_month)


def _same_day_of_month(day: date, months: int) -> date:
    """The day with the same number so many months away, or that month's last (BGB § 188(2), (3))."""
    year, month = _month_after(day, months)
    return date(year, month, min(day.day, _days_in(year, month)))


def _days_in(year: int, month: int) -> int:
    return LENGTHS_OF_MONTHS[month - 1] + (month == FEBRUARY and isleap(year))


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


def _one_of(choices: type[StrEnum]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}"


PERIOD_KEYS: Final = (
    *(each.name for each in fields(Period) if each.init and each.name != "calendar"),
    *CALENDAR_KEYS,
)
"""What a period is written with; the calendar's keys stand beside the others."""
