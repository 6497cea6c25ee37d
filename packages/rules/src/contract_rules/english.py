"""The explanations in English."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from contract_rules.calendars import Calendar
from contract_rules.completeness import complete
from contract_rules.decisions import Reason
from contract_rules.instants import ONE_DAY
from contract_rules.lifecycle import Actor
from contract_rules.periods import Align, Direction, FirstDay, Period, Roll, Steps, Unit
from contract_rules.policy import DeadlineKind
from contract_rules.vocabulary import INCLUDED, ROLL_STEP
from contract_rules.wording import Count, Noun, Sentence, Wording, ends_before_the_corresponding_day

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
ZONES: Final[Mapping[str, str]] = {"Asia/Tokyo": "Japan time", "UTC": "UTC"}
AFTER: Final[Mapping[Direction, str]] = complete(
    "AFTER", Direction, {Direction.FORWARD: "after", Direction.BACKWARD: "before"}
)
COUNTING: Final[Mapping[Direction, str]] = complete(
    "COUNTING", Direction, {Direction.FORWARD: "counting", Direction.BACKWARD: "counting back from"}
)
END: Final[Mapping[Direction, str]] = complete(
    "END", Direction, {Direction.FORWARD: "the last day of", Direction.BACKWARD: "the earliest day of"}
)
BACK: Final[Mapping[Direction, str]] = complete("BACK", Direction, {Direction.FORWARD: "", Direction.BACKWARD: "back "})
FIRST_DAYS: Final[Mapping[FirstDay, str]] = complete(
    "FIRST_DAYS",
    FirstDay,
    {
        FirstDay.EXCLUDE: "the day {after} {event}",
        FirstDay.INCLUDE: "the day of {event}",
        FirstDay.EXCLUDE_UNLESS_MIDNIGHT: "the day {after} {event}, or its own day if made at exactly 0:00,",
    },
)
ROLLS: Final[Mapping[Roll, str]] = complete(
    "ROLLS",
    Roll,
    {
        Roll.NONE: "",
        Roll.FORWARD: ", or the next business day if that is none",
        Roll.BACKWARD: ", or the last business day before if that is none",
    },
)
CLEAR_DAYS: Final[Mapping[Unit, str]] = complete(
    "CLEAR_DAYS",
    Unit,
    {
        Unit.DAY: "day",
        Unit.WEEK: "day",
        Unit.MONTH: "day",
        Unit.YEAR: "day",
        Unit.BUSINESS_DAY: "business day",
    },
)
ALIGNED: Final[Mapping[Align, str]] = complete(
    "ALIGNED", Align, {Align.NONE: "", Align.MONTH: "month", Align.QUARTER: "quarter", Align.YEAR: "year"}
)
DEADLINES: Final[Mapping[DeadlineKind, Sentence]] = complete(
    "DEADLINES",
    DeadlineKind,
    {
        DeadlineKind.SERVICE_END: Sentence(
            "The service can be used until {until}.", "The service could be used until {until}, and has ended."
        ),
        DeadlineKind.RESUMPTION: Sentence(
            "The contract can be resumed until {until}.", "The contract could be resumed until {until}."
        ),
        DeadlineKind.ERASURE: Sentence(
            "Registered information is kept until {until}, and is erased after that.",
            "Registered information was kept until {until}, and has been erased.",
        ),
    },
)
APPLY_ANEW: Final = "To use the service again, please apply for a new contract."
ACCEPTED: Final = "The application to end this contract has already been accepted."
REFUSALS: Final[Mapping[tuple[Reason, DeadlineKind], str]] = {
    (Reason.ALREADY_TERMINATED, DeadlineKind.SERVICE_END): (
        f"{ACCEPTED} {DEADLINES[DeadlineKind.SERVICE_END].running} Nothing more needs to be done."
    ),
    (Reason.RESUME_WINDOW_CLOSED, DeadlineKind.RESUMPTION): (
        f"{DEADLINES[DeadlineKind.RESUMPTION].passed} "
        f"Registered information is kept until {{kept_until}}, and is erased after that. {APPLY_ANEW}"
    ),
    (Reason.CONTRACT_ERASED, DeadlineKind.ERASURE): f"{DEADLINES[DeadlineKind.ERASURE].passed} {APPLY_ANEW}",
    (Reason.SERVICE_END_RECORDED, DeadlineKind.SERVICE_END): (
        "The service could be used until {until}. Its end has been recorded; nothing more needs to be done."
    ),
    (Reason.ERASURE_ON_HOLD, DeadlineKind.ERASURE): (
        "Registered information was to be kept until {until}. "
        "Its erasure is on hold, and follows once the hold is released."
    ),
    (Reason.NOT_DUE_YET, DeadlineKind.SERVICE_END): (
        f"{DEADLINES[DeadlineKind.SERVICE_END].running} The end of service is recorded after that."
    ),
    (Reason.NOT_DUE_YET, DeadlineKind.ERASURE): DEADLINES[DeadlineKind.ERASURE].running,
}
ACTORS: Final[Mapping[Actor, str]] = complete(
    "ACTORS", Actor, {Actor.CONTRACTOR: "the contractor", Actor.OPERATOR: "an operator", Actor.SYSTEM: "the system"}
)


class English(Wording):
    """Explanations in English."""

    between = " "
    deadlines = DEADLINES
    one_period = Sentence("The period runs until {until}.", "The period ran until {until}, and is over.")
    refusals = REFUSALS
    still_resumable = (
        f"{ACCEPTED} {DEADLINES[DeadlineKind.SERVICE_END].running} To keep the service, please resume the contract "
        "on the contract management home page by {resumable_until}."
    )
    active = "This contract is active, and no application to end it is in force. Nothing needs to be done."
    uncountable = (
        "The deadlines cannot be computed: they lie beyond the year 9999, or the holidays of that time are not "
        "listed. Please apply on another date."
    )
    by_itself = "This happens by itself once it is due."
    nothing_moves = "Weekends and holidays do not move them."
    application = Noun("application", "the application")
    an_event = Noun("event", "the event")

    def day(self, day: date) -> str:
        """Friday, 15 March 2024."""
        return f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"

    def last_minute(self, day: date, zone: ZoneInfo) -> str:
        """23:59 Japan time on Friday, 15 March 2024."""
        return f"23:59 {self._zone(zone)} on {self.day(day)}"

    def counted(self, count: Count) -> str:
        """23:59 on Friday, 15 March 2024 (day 14, counting the day after the application as day 1)."""
        event = f"{count.noun.day} of {self.day(count.from_day)}"
        return f"{self.last_minute(count.last_day, count.zone)} ({self._rule(count.period, event)})"

    def in_general(self, period: Period, noun: Noun) -> str:
        """23:59 on day 14, counting the day after the application as day 1."""
        return f"23:59 on {self._rule(period, noun.day)}"

    def zone_of_dates(self, zone: ZoneInfo) -> str:
        """Dates and times are Japan time."""
        return f"Dates and times are {self._zone(zone)}."

    def permitted(self, actors: Sequence[Actor]) -> str:
        """Please ask an operator to do this."""
        return f"Please ask {' or '.join(ACTORS[actor] for actor in actors)} to do this."

    def counts_from(self, steps: Steps, why: str, noun: Noun) -> str:
        """The application of Saturday counts as made on Monday, because Saturdays are closed."""
        counted_from = self.day(steps.counted_from)
        return f"The {noun.event} of {self.day(steps.event)} counts as made on {counted_from}, because {why}."

    def aligned(self, steps: Steps, period: Period) -> str:
        """The count ends on one day and runs on to the end of the month."""
        counted, aligned = self.day(steps.counted), self.day(steps.aligned)
        return f"The count ends on {counted}, and the period runs on to the end of {self._span(period)}, {aligned}."

    def rolled(self, steps: Steps, why: str) -> str:
        """The last day was moved, because Saturdays are closed."""
        way = "forward" if steps.last_day > steps.aligned else "back"
        return (
            f"The last day was moved {way} from {self.day(steps.aligned)} to {self.day(steps.last_day)}, because {why}."
        )

    def closed_weekday(self, day: date) -> str:
        """Saturdays are closed."""
        return f"{WEEKDAYS[day.weekday()]}s are closed"

    def listed_holiday(self) -> str:
        """It is a holiday."""
        return "the former is a holiday"

    def past_cutoff(self, period: Period) -> str:
        """It was made by the cut-off day."""
        return f"it was made by {self._cutoff(period)}"

    def not_counted(self, calendar: Calendar, holidays: list[tuple[date, date]]) -> str:
        """Not counted are Saturdays, Sundays and holidays (Friday, 3 May 2024)."""
        days = _closed_weekdays(calendar)
        if holidays:
            days.append(f"holidays ({'; '.join(self._run(first, last) for first, last in holidays)})")
        return f"Not counted are {_listed(days)}." if days else "No day in between is left out."

    def closed_days(self, calendar: Calendar) -> str:
        """Closed are Saturdays, Sundays and 51 holidays from 1 January 2026 to 31 December 2028."""
        days = _closed_weekdays(calendar)
        if calendar.holidays_until is not None:
            first, last = self.day(calendar.known_from), self.day(calendar.holidays_until - ONE_DAY)
            count = len(calendar.holidays)
            days.append(f"{count} holiday{'' if count == 1 else 's'} from {first} to {last}")
        return f"Closed are {_listed(days)}."

    def _zone(self, zone: ZoneInfo) -> str:
        return ZONES.get(zone.key, f"{zone.key} time")

    def _run(self, first: date, last: date) -> str:
        return self.day(first) if first == last else f"{self.day(first)} to {self.day(last)}"

    def _rule(self, period: Period, event: str) -> str:
        clear = f"the {CLEAR_DAYS[period.unit]} {AFTER[period.direction]} " if period.clear_days else ""
        aligned = f"the last day of {self._span(period)} that contains " if ALIGNED[period.align] else ""
        return f"{aligned}{clear}{self._counting(period, event)}{self._conditions(period)}{ROLLS[period.roll]}"

    def _conditions(self, period: Period) -> str:
        """When the event counts as made on another day."""
        moved = ", made on the next business day if its own is none" if ROLL_STEP[period.event_roll] else ""
        if period.cutoff is None:
            return moved
        return f"{moved}, made at the end of the month before if by {self._cutoff(period)}"

    def _cutoff(self, period: Period) -> str:
        return f"{CLEAR_DAYS[period.cutoff_unit]} {period.cutoff} of the month"

    def _span(self, period: Period) -> str:
        if period.align_from is None:
            return f"the {ALIGNED[period.align]}"
        return f"the contract {ALIGNED[period.align]} (they begin on {self.day(period.align_from)})"

    def _counting(self, period: Period, event: str) -> str:
        first, count = FIRST_DAYS[period.first_day].format(after=AFTER[period.direction], event=event), period.count
        match period.unit:
            case Unit.DAY:
                return f"day {count}, {COUNTING[period.direction]} {first} as day 1"
            case Unit.BUSINESS_DAY:
                return f"business day {count}, counting business days {BACK[period.direction]}from {first} on"
            case Unit.WEEK:
                return self._end_of_count(period, first)
            case Unit.MONTH | Unit.YEAR:
                return self._months(period, first, event)
            case unknown:
                assert_never(unknown)

    def _end_of_count(self, period: Period, first: str) -> str:
        from_first = f"{BACK[period.direction]}from {first.removesuffix(',')}"
        return f"{END[period.direction]} {self._length(period)} counted {from_first}"

    def _months(self, period: Period, first: str, event: str) -> str:
        if ends_before_the_corresponding_day(period):
            return self._end_of_count(period, first)
        midnight = ", or the day before if made at exactly 0:00"
        at_midnight = midnight if INCLUDED[period.first_day] is None else ""
        length = f"{self._length(period)} {AFTER[period.direction]} {event}"
        return f"the same day of the month {length}, or that month's last day{at_midnight}"

    def _length(self, period: Period) -> str:
        return f"{period.count} {period.unit}{'' if period.count == 1 else 's'}"


def _closed_weekdays(calendar: Calendar) -> list[str]:
    return [f"{WEEKDAYS[day - 1]}s" for day in sorted(calendar.weekend)]


def _listed(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
