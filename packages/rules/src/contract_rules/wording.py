"""What a language must be able to say, and what every language says in the same way.

A language brings its sentences and the words for a rule. Which sentence answers a refusal, which tense fits the
present day, and which steps of a count are worth a sentence is decided here, once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol, assert_never
from zoneinfo import ZoneInfo

from contract_rules.calendars import Calendar
from contract_rules.decisions import Reason, Refused
from contract_rules.instants import MIDNIGHT, ONE_DAY, DateOutOfRange
from contract_rules.lifecycle import PERMITTED, Actor
from contract_rules.periods import Period, Steps
from contract_rules.policy import Deadline, DeadlineKind, Policy, Timeline
from contract_rules.vocabulary import ENDS_THE_DAY_BEFORE, INCLUDED, Unit


@dataclass(frozen=True, slots=True)
class Promise:
    """The dates of one application, with the policy by whose rules they were counted."""

    timeline: Timeline
    policy: Policy


class Sentence(NamedTuple):
    """A sentence about a deadline, with a place for `{until}`: while it runs, and after it has passed."""

    running: str
    passed: str


class Noun(NamedTuple):
    """What sets a period off: an application, or any event."""

    event: str
    day: str
    """The day of it."""


class Count(NamedTuple):
    """A period that was counted from a day, as a sentence shows it."""

    period: Period
    from_day: date
    last_day: date
    zone: ZoneInfo
    noun: Noun


class Wording(Protocol):
    """One language, in the wording that a polite business page uses."""

    between: str
    """What stands between two sentences."""
    deadlines: Mapping[DeadlineKind, Sentence]
    one_period: Sentence
    refusals: Mapping[tuple[Reason, DeadlineKind], str]
    still_resumable: str
    active: str
    uncountable: str
    by_itself: str
    nothing_moves: str
    """That no day is closed, where none is."""
    application: Noun
    an_event: Noun

    def day(self, day: date) -> str:
        """That date, with its weekday."""

    def last_minute(self, day: date, zone: ZoneInfo) -> str:
        """The last minute of that day, with the zone."""

    def counted(self, count: Count) -> str:
        """Until when, counted from which day, by which rule."""

    def in_general(self, period: Period, noun: Noun) -> str:
        """Until when, by which rule, for any day."""

    def zone_of_dates(self, zone: ZoneInfo) -> str:
        """In which zone dates and times are meant."""

    def permitted(self, actors: Sequence[Actor]) -> str:
        """Whom to ask."""

    def counts_from(self, steps: Steps, why: str, noun: Noun) -> str:
        """That an event counts as made on another day."""

    def aligned(self, steps: Steps, period: Period) -> str:
        """That a period runs on to the end of a month, quarter or year."""

    def rolled(self, steps: Steps, why: str) -> str:
        """That a last day has moved."""

    def closed_weekday(self, day: date) -> str:
        """Why that day is closed: its weekday."""

    def listed_holiday(self) -> str:
        """Why a day is closed: a holiday."""

    def past_cutoff(self, period: Period) -> str:
        """Why an event belongs to the month before: the cut-off day."""

    def not_counted(self, calendar: Calendar, holidays: list[tuple[date, date]]) -> str:
        """Which weekdays and holidays were not counted; holidays that follow each other, from the first to the last."""

    def closed_days(self, calendar: Calendar) -> str:
        """Which days are closed, and until when that is known."""

    def deadline(self, kind: DeadlineKind, promise: Promise, now: date | None) -> str:
        """Until when, counted from which application, by which rule, and what moved the day."""
        deadline, policy = promise.timeline.deadline(kind), promise.policy
        sentence = in_tense(self.deadlines[kind], deadline, now)
        count = self._promised(kind, promise)
        steps = steps_to(policy.period(kind), promise.timeline.requested_on, deadline.last_day)
        return self._join([sentence.format(until=self.counted(count)), *self._moves(count, steps)])

    def period(self, period: Period, event: date, zone: ZoneInfo, now: date | None) -> str:
        """The same of a period alone."""
        steps = period.steps(event)
        count = Count(period, steps.event, steps.last_day, zone, self.an_event)
        sentence = in_tense(self.one_period, Deadline.of_last_day(steps.last_day, zone), now)
        return self._join([sentence.format(until=self.counted(count)), *self._moves(count, steps)])

    def refusal(self, refused: Refused, promise: Promise) -> str:
        """Why not, the dates that matter, and what can be done instead, with an application in force."""
        zone = promise.policy.zone
        return self._refusal_template(refused, promise).format(
            until=self.counted(self._promised(refused.deadline_kind, promise)),
            resumable_until=self.last_minute(promise.timeline.resumption.last_day, zone),
            kept_until=self.last_minute(promise.timeline.erasure.last_day, zone),
        )

    def _refusal_template(self, refused: Refused, promise: Promise) -> str:
        if refused.reason is Reason.ALREADY_TERMINATED and not promise.timeline.resumption.passed(refused.at):
            return self.still_resumable
        kind = refused.deadline_kind
        otherwise = self._join([self.refusal_without_application(refused), self.deadlines[kind].running])
        return self.refusals.get((refused.reason, kind), otherwise)

    def refusal_without_application(self, refused: Refused) -> str:
        """The same without one."""
        match refused.reason:
            case Reason.ACTOR_NOT_PERMITTED:
                actors = [actor for actor in Actor if actor in PERMITTED[refused.action] and actor is not Actor.SYSTEM]
                return self.permitted(actors) if actors else self.by_itself
            case Reason.DATE_OUT_OF_RANGE:
                return self.uncountable
            case (
                Reason.NOT_TERMINATED
                | Reason.ALREADY_TERMINATED
                | Reason.RESUME_WINDOW_CLOSED
                | Reason.CONTRACT_ERASED
                | Reason.NOT_DUE_YET
                | Reason.SERVICE_END_RECORDED
                | Reason.ERASURE_ON_HOLD
            ):
                return self.active
            case unknown:
                assert_never(unknown)

    def policy(self, policy: Policy) -> str:
        """The terms, and how they count."""
        periods = {kind: policy.period(kind) for kind in DeadlineKind}
        sentences = [
            self.deadlines[kind].running.format(until=self.in_general(period, self.application))
            for kind, period in periods.items()
        ]
        return self._join([*sentences, self.zone_of_dates(policy.zone), *self._closed(periods.values())])

    def any_period(self, period: Period, zone: ZoneInfo) -> str:
        """The same of a period alone."""
        sentence = self.one_period.running.format(until=self.in_general(period, self.an_event))
        return self._join([sentence, self.zone_of_dates(zone), *self._closed([period])])

    def _promised(self, kind: DeadlineKind, promise: Promise) -> Count:
        last_day = promise.timeline.deadline(kind).last_day
        policy, requested_on = promise.policy, promise.timeline.requested_on
        return Count(policy.period(kind), requested_on, last_day, policy.zone, self.application)

    def _moves(self, count: Count, steps: Steps | None) -> Iterator[str]:
        """A sentence for each step that moved a day, and for the days that were not counted."""
        if steps is None:
            return
        period = count.period
        if steps.counted_from < steps.event:
            yield self.counts_from(steps, self.past_cutoff(period), count.noun)
        elif steps.counted_from > steps.event:
            yield self.counts_from(steps, self._why_closed(period.calendar, steps.event), count.noun)
        if period.unit is Unit.BUSINESS_DAY:
            first, last = sorted((steps.counted_from, steps.counted))
            yield self.not_counted(period.calendar, runs(period.calendar.holidays_between(first, last)))
        if steps.aligned != steps.counted:
            yield self.aligned(steps, period)
        if steps.last_day != steps.aligned:
            yield self.rolled(steps, self._why_closed(period.roll_calendar or period.calendar, steps.aligned))

    def _why_closed(self, calendar: Calendar, day: date) -> str:
        return self.closed_weekday(day) if day.isoweekday() in calendar.weekend else self.listed_holiday()

    def _closed(self, periods: Iterable[Period]) -> list[str]:
        calendars = dict.fromkeys(
            calendar
            for period in periods
            for calendar in (period.calendar, period.roll_calendar)
            if calendar is not None and calendar.closes_days
        )
        return [self.closed_days(calendar) for calendar in calendars] or [self.nothing_moves]

    def _join(self, sentences: Iterable[str]) -> str:
        return self.between.join(sentences)


def in_tense(sentence: Sentence, deadline: Deadline, now: date | None) -> str:
    """The sentence for a deadline that runs, or has passed by now; without a present it runs."""
    return sentence.passed if now is not None and deadline.passed(now) else sentence.running


def steps_to(period: Period, event: date, last_day: date) -> Steps | None:
    """The steps from the event's day to that last day; None where they depend on a time of day that is not known."""
    try:
        found = {period.steps(moment) for moment in (event, datetime.combine(event, MIDNIGHT))}
    except DateOutOfRange:
        return None
    leading = [steps for steps in found if steps.last_day == last_day]
    return leading[0] if len(leading) == 1 else None


def runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days that follow each other, from the first to the last of each run.

    >>> runs([date(2024, 5, 3), date(2024, 5, 6), date(2024, 5, 7)])
    [(datetime.date(2024, 5, 3), datetime.date(2024, 5, 3)), (datetime.date(2024, 5, 6), datetime.date(2024, 5, 7))]
    """
    found: list[tuple[date, date]] = []
    for day in days:
        if found and found[-1][1] + ONE_DAY == day:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def ends_before_the_corresponding_day(period: Period) -> bool:
    """Whether months run from their first day to the day before the corresponding one."""
    return (period.month_rule is not None and ENDS_THE_DAY_BEFORE[period.month_rule]) or bool(
        INCLUDED[period.first_day]
    )
