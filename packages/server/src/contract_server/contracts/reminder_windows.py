"""Reminder windows: a reminder is sent between two instants, never at "exactly three days before".

A sweep that was down for a day still finds the window open and forgets no reminder. After the window has closed, no
reminder is sent, because one that is too late to be useful only alarms. All windows open at midnight in the
contractors' zone, so that the mail is there when their day begins.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from contract_notify import ErasureReminder, Message, ResumptionLastReminder, ResumptionReminder, ServiceEnded
from contract_rules import Application, DeadlineKind, Timeline


@dataclass(frozen=True, slots=True)
class Reminder:
    """A kind of reminder, and its window counted from a deadline; negative is before it."""

    deadline: DeadlineKind
    opens: timedelta
    closes: timedelta
    words: Callable[[Timeline], Message]


@dataclass(frozen=True, slots=True)
class Window:
    """The window of one application's reminder: it is sent while `opens_at <= now < closes_at`."""

    reminder: Reminder
    opens_at: datetime
    closes_at: datetime

    def is_open(self, now: datetime) -> bool:
        """Return whether the reminder may be sent now."""
        return self.opens_at <= now < self.closes_at


REMINDERS = (
    Reminder(  # until the last reminder takes its place
        DeadlineKind.RESUMPTION,
        opens=-timedelta(days=3),
        closes=-timedelta(days=1),
        words=lambda timeline: ResumptionReminder(last_day=f"{timeline.resumption.last_day}"),
    ),
    Reminder(  # until too little time is left to read it and to log in
        DeadlineKind.RESUMPTION,
        opens=-timedelta(days=1),
        closes=-timedelta(hours=2),
        words=lambda timeline: ResumptionLastReminder(last_day=f"{timeline.resumption.last_day}"),
    ),
    Reminder(  # until the end of service is old news
        DeadlineKind.SERVICE_END,
        opens=timedelta(),
        closes=timedelta(days=7),
        words=lambda timeline: ServiceEnded(
            last_day=f"{timeline.service_end.last_day}", erasure_last_day=f"{timeline.erasure.last_day}"
        ),
    ),
    Reminder(  # until the last day, which is too short to save data
        DeadlineKind.ERASURE,
        opens=-timedelta(days=7),
        closes=-timedelta(days=1),
        words=lambda timeline: ErasureReminder(last_day=f"{timeline.erasure.last_day}"),
    ),
)


def windows_of(application: Application) -> Iterator[Window]:
    """Return the windows of an application, without those that open before it was accepted."""
    for reminder, opens_at in _openings(application, application.requested_at):
        yield Window(reminder, opens_at, opens_at - reminder.opens + reminder.closes)


def next_opening(application: Application, after: datetime) -> datetime | None:
    """Return when the next window of the application opens after that instant, None if none does."""
    openings = _openings(application, max(after, application.requested_at))
    return min((opens_at for _, opens_at in openings), default=None)


def _openings(application: Application, after: datetime) -> Iterator[tuple[Reminder, datetime]]:
    for reminder in REMINDERS:
        opens_at = application.timeline.deadline(reminder.deadline).at + reminder.opens
        if opens_at > after:
            yield reminder, opens_at
