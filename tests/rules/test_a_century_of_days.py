"""Every day from 2000 to 2100, against a few lines that share nothing with the package but the calendar's zero."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from tests.rules.examples import ACTIVE, POLICY, granted

from contract_rules import Action, Actor, Granted, Reason, Refused, decide

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 24 * 60 * 60 * 1_000_000
NINE_HOURS = 9 * 60 * 60 * 1_000_000
FIRST, LAST = (date(2000, 1, 1) - date(1970, 1, 1)).days, (date(2100, 12, 31) - date(1970, 1, 1)).days
WALL_TIMES = (0, 1, DAY - 1)


def instant(microseconds: int) -> datetime:
    """So many microseconds after 1970 began in Greenwich."""
    return EPOCH + timedelta(microseconds=microseconds)


def days_of_the_century() -> Iterator[int]:
    yield from range(FIRST, LAST + 1)


def test_the_century_has_all_its_days() -> None:
    assert sum(1 for _ in days_of_the_century()) == 36_890


def test_dates_promised_on_every_day_are_those_that_are_counted_by_hand() -> None:
    """Japan is nine hours ahead; the service ends as the 15th next day begins, data goes as the 46th does."""
    differences = []
    for day in days_of_the_century():
        service_end = instant((day + 15) * DAY - NINE_HOURS)
        erasure = instant((day + 46) * DAY - NINE_HOURS)
        for wall_time in WALL_TIMES:
            requested_at = instant(day * DAY + wall_time - NINE_HOURS)
            timeline = POLICY.timeline(requested_at)
            promised = (timeline.service_end.at, timeline.resumption.at, timeline.erasure.at)
            if promised != (service_end, service_end, erasure):
                differences.append((requested_at, promised))
    assert differences == []


def test_last_days_promised_on_every_day_are_14_and_45_days_later() -> None:
    differences = []
    for day in days_of_the_century():
        requested_on = date(1970, 1, 1) + timedelta(days=day)
        timeline = POLICY.timeline_on(requested_on)
        last_days = (timeline.service_end.last_day, timeline.resumption.last_day, timeline.erasure.last_day)
        if last_days != (requested_on + timedelta(14), requested_on + timedelta(14), requested_on + timedelta(45)):
            differences.append((requested_on, last_days))
    assert differences == []


def test_resuming_and_erasing_turn_at_their_instant_on_every_day() -> None:
    differences = []
    for day in days_of_the_century():
        terminated = granted(ACTIVE, Action.TERMINATE, Actor.CONTRACTOR, instant(day * DAY - NINE_HOURS))
        closing, due = (day + 15) * DAY - NINE_HOURS, (day + 46) * DAY - NINE_HOURS
        answers = (
            decide(POLICY, terminated, Action.RESUME, Actor.CONTRACTOR, instant(closing - 1)),
            decide(POLICY, terminated, Action.RESUME, Actor.CONTRACTOR, instant(closing)),
            decide(POLICY, terminated, Action.ERASE, Actor.SYSTEM, instant(due - 1)),
            decide(POLICY, terminated, Action.ERASE, Actor.SYSTEM, instant(due)),
        )
        found = tuple(answer.reason if isinstance(answer, Refused) else Granted for answer in answers)
        if found != (Granted, Reason.RESUME_WINDOW_CLOSED, Reason.NOT_DUE_YET, Granted):
            differences.append((day, found))
    assert differences == []
