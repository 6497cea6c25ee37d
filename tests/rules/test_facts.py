"""Facts that contradict themselves are refused where they are made, with a word on what is wrong."""

import copy
import pickle
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.examples import (
    ACTIVE,
    APPLIED,
    APPLIED_ON,
    ENDED,
    ERASED,
    ERASURE,
    HELD,
    POLICY,
    SERVICE_END,
    TERMINATED,
    TICK,
    TOKYO,
    days,
    policy_of,
)

from contract_rules import (
    Application,
    Deadline,
    DeadlineKind,
    Facts,
    Period,
    PolicyError,
    Roll,
    Timeline,
    Unit,
    phase,
    service_available,
)

TIMELINE = POLICY.timeline(APPLIED)
OFFSETS = st.integers(-3, 5)
"""Days from the application to a last day."""


def after(number: int) -> Deadline:
    """The deadline so many days after the application."""
    return Deadline.of_last_day(APPLIED_ON + timedelta(days=number), TOKYO)


# ---------------------------------------------------------------- the order of dates


@given(service_end=OFFSETS, resumption=OFFSETS, erasure=OFFSETS)
def test_a_timeline_has_the_application_first_and_the_erasure_last_or_is_refused(
    service_end: int, resumption: int, erasure: int
) -> None:
    def make() -> Timeline:
        return Timeline(APPLIED_ON, "1.0", after(service_end), after(resumption), after(erasure))

    if 0 <= service_end <= erasure and 0 <= resumption <= erasure:
        assert make().erasure == after(erasure)
    else:
        with pytest.raises(ValueError, match=r"^(service_end|resumption|erasure): applied on 2024-03-01, .*: write "):
            make()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"erasure": after(13)},
            (
                "erasure: applied on 2024-03-01, data would be kept until 2024-03-14 and the service would run until "
                "2024-03-15: write an erasure that is never earlier than service_end"
            ),
        ),
        (
            {"resumption": after(46)},
            (
                "erasure: applied on 2024-03-01, data would be kept until 2024-04-15 and the contract could be resumed "
                "until 2024-04-16: write an erasure that is never earlier than resumption"
            ),
        ),
        (
            {"service_end": after(-1)},
            (
                "service_end: applied on 2024-03-01, the service would run until 2024-02-29: "
                "write a last day that is never earlier than the application"
            ),
        ),
        (
            {"erasure": after(14), "service_end": Deadline.of_last_day(date(2024, 3, 15), ZoneInfo("Asia/Taipei"))},
            (
                "erasure: applied on 2024-03-01, data would be kept until 2024-03-15 and the service would run until "
                "2024-03-15: write an erasure that is never earlier than service_end"
            ),
        ),
        ({"requested_on": "2024-03-01"}, "requested_on is '2024-03-01': write the date of the application"),
        (
            {"requested_on": APPLIED},
            f"requested_on is {APPLIED!r}: write the date of the application",
        ),
        ({"policy_version": 1}, "policy_version is 1: write text"),
        ({"erasure": None}, "erasure is None: write a Deadline"),
        ({"service_end": SERVICE_END}, f"service_end is {SERVICE_END!r}: write a Deadline"),
    ],
)
def test_a_timeline_that_cannot_be_meant_says_what_is_wrong(change: dict[str, Any], message: str) -> None:
    made: list[Callable[[], object]] = [
        lambda: Timeline(**(TIMELINE._asdict() | change)),
        lambda: TIMELINE._replace(**change),
    ]
    for make in made:
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            make()


@given(roll=st.sampled_from([Roll.FORWARD, Roll.BACKWARD]), count=st.integers(1, 3))
def test_whatever_a_policy_promises_a_timeline_holds(roll: Roll, count: int) -> None:
    rolled = Period(Unit.DAY, count, roll=roll, weekend=frozenset({6, 7}))
    try:
        policy = policy_of(rolled, rolled, days(45))
    except PolicyError as error:
        assert "write a last day that is never earlier than the application" in str(error)  # noqa: PT017  # one of two
        assert roll is Roll.BACKWARD
    else:
        for number in range(14):
            assert policy.timeline_on(APPLIED_ON + timedelta(days=number)).service_end.last_day >= APPLIED_ON


# ---------------------------------------------------------------- the end of a day

ZONES = [ZoneInfo(key) for key in sorted(available_timezones())]


@given(
    day=st.dates(date(1, 1, 2), date(9999, 12, 30)),
    zone=st.sampled_from(ZONES),
    stored_in=st.sampled_from([UTC, TOKYO, ZoneInfo("America/Sao_Paulo")]),
)
def test_the_end_of_a_day_is_one_in_any_zone_however_it_was_stored(
    day: date, zone: ZoneInfo, stored_in: tzinfo
) -> None:
    deadline = Deadline.of_last_day(day, zone)
    try:
        at = deadline.at.astimezone(stored_in)
    except OverflowError:
        return
    assert Deadline(day, at) == deadline


@pytest.mark.parametrize(
    "at",
    [
        SERVICE_END - TICK,
        SERVICE_END + TICK,
        SERVICE_END - timedelta(seconds=1),
        SERVICE_END - timedelta(minutes=1),
        SERVICE_END - timedelta(hours=12),
        SERVICE_END - timedelta(days=1),
        SERVICE_END + timedelta(days=2),
        (SERVICE_END - TICK).astimezone(UTC),
    ],
    ids=str,
)
def test_an_instant_that_ends_its_last_day_in_no_zone_is_refused(at: datetime) -> None:
    with pytest.raises(ValueError, match=r"^2024-03-15 does not end at 2024-.* in any zone: write the first instant "):
        Deadline(date(2024, 3, 15), at)


@pytest.mark.parametrize("last_day", ["2024-03-15", datetime(2024, 3, 15, tzinfo=UTC), None, 20240315], ids=repr)
def test_a_last_day_is_a_date(last_day: object) -> None:
    with pytest.raises(ValueError, match=r" is not a date: write the last day that counts$"):
        Deadline(last_day, SERVICE_END)  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize("at", ["2024-03-16T00:00+09:00", date(2024, 3, 16), None, 1710514800], ids=repr)
def test_a_deadline_passes_at_an_instant(at: object) -> None:
    with pytest.raises(ValueError, match=r" is not an instant: write the first one after 2024-03-15$"):
        Deadline(date(2024, 3, 15), at)  # type: ignore[arg-type]  # the mistake


# ---------------------------------------------------------------- the application


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": 0}, r"^number is 0: write a whole number of 1 or more$"),
        ({"number": True}, r"^number is True: write a whole number"),
        ({"number": "1"}, r"^number is '1': write a whole number"),
        ({"requested_at": APPLIED_ON}, r"^requested_at is datetime.date\(2024, 3, 1\): write an instant$"),
        ({"requested_at": APPLIED.replace(tzinfo=None)}, r"^2024-03-01T09:30:00 has no UTC offset"),
        ({"requested_at": APPLIED + timedelta(days=3)}, r"^2024-03-01 is the date of 2024-03-04T.* in no zone: write "),
        ({"requested_at": APPLIED - timedelta(days=3)}, r"^2024-03-01 is the date of 2024-02-27T.* in no zone: write "),
        ({"timeline": None}, r"^timeline is None: write a Timeline$"),
        ({"timeline": tuple(TIMELINE)}, r"^timeline is \(.*\): write a Timeline$"),
        (
            {"timeline": Timeline(APPLIED_ON, "1.0", after(0), after(1), after(2)), "requested_at": after(0).at},
            r"^a deadline of Timeline\(.*\) had passed at 2024-03-02T00:00:00\+09:00, when it was applied for: write ",
        ),
        (
            {"timeline": Timeline(APPLIED_ON, "1.0", after(1), after(0), after(2)), "requested_at": after(0).at},
            r"^a deadline of Timeline\(.*\) had passed at ",
        ),
    ],
)
def test_an_application_and_its_dates_belong_together(change: dict[str, Any], message: str) -> None:
    application = Application(1, APPLIED, TIMELINE)
    with pytest.raises(ValueError, match=message):
        Application(**(application._asdict() | change))
    with pytest.raises(ValueError, match=message):
        application._replace(**change)


@given(at=st.datetimes(datetime(1, 1, 3), datetime(9999, 11, 10), timezones=st.sampled_from(ZONES)))  # noqa: DTZ001  # bounds
def test_whatever_zone_an_application_comes_from_it_belongs_to_its_dates(at: datetime) -> None:
    assert Application(1, at, POLICY.timeline(at)).timeline.requested_on == POLICY.local_date(at)


# ---------------------------------------------------------------- the contract


@pytest.mark.parametrize("facts", [ACTIVE, TERMINATED, ENDED, HELD, ERASED], ids=["active", "t", "ended", "held", "e"])
@pytest.mark.parametrize(
    "change",
    [
        {"version": "2"},
        {"version": True},
        {"version": 2.0},
        {"applications": None},
        {"applications": False},
        {"service_ended": 1},
        {"service_ended": None},
        {"erasure_held": datetime(2024, 3, 1, tzinfo=UTC)},
        {"application": (1, APPLIED, TIMELINE)},
        {"application": TIMELINE},
    ],
    ids=repr,
)
def test_facts_are_of_their_types(facts: Facts, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^these facts are not of their types: Facts\("):
        replace(facts, **change)


@pytest.mark.parametrize("facts", [ACTIVE, TERMINATED, ENDED, HELD, ERASED], ids=["active", "t", "ended", "held", "e"])
def test_facts_that_are_copied_stay_the_same(facts: Facts) -> None:
    assert copy.deepcopy(facts) == pickle.loads(pickle.dumps(facts)) == facts  # noqa: S301  # our own


def test_a_deadline_is_found_by_its_kind_and_by_nothing_else() -> None:
    kinds = {kind: TIMELINE.deadline(kind) for kind in DeadlineKind}
    assert kinds == {
        DeadlineKind.SERVICE_END: TIMELINE.service_end,
        DeadlineKind.RESUMPTION: TIMELINE.resumption,
        DeadlineKind.ERASURE: TIMELINE.erasure,
    }
    assert TIMELINE.erasure.at == ERASURE


# ---------------------------------------------------------------- members that do not exist


def test_a_kind_of_deadline_that_does_not_exist_is_no_other_one() -> None:
    unknown: Any = "notice"
    with pytest.raises(AssertionError, match="'notice'"):
        TIMELINE.deadline(unknown)
    with pytest.raises(AssertionError, match="'notice'"):
        POLICY.period(unknown)


def test_a_status_that_does_not_exist_is_no_other_one() -> None:
    facts = replace(ACTIVE)
    object.__setattr__(facts, "status", "PAUSED")
    with pytest.raises(AssertionError, match="'PAUSED'"):
        phase(facts, APPLIED)
    with pytest.raises(AssertionError, match="'PAUSED'"):
        service_available(facts, APPLIED)
