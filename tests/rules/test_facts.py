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
    Calendar,
    Deadline,
    DeadlineKind,
    Facts,
    Period,
    PolicyError,
    Roll,
    Status,
    Timeline,
    Unit,
    facts_of,
    phase,
    service_available,
)
from contract_rules.facts import application_under

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
        return Timeline(APPLIED_ON, "terms", "1.0", TOKYO, after(service_end), after(resumption), after(erasure))

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
        ({"policy_name": None}, "policy_name is None: write text"),
        ({"policy_version": 1}, "policy_version is 1: write text"),
        ({"zone": "Asia/Tokyo"}, "zone is 'Asia/Tokyo': write a ZoneInfo"),
        ({"zone": UTC}, "zone is datetime.timezone.utc: write a ZoneInfo"),
        (
            {"zone": ZoneInfo("UTC")},
            (
                "service_end: 2024-03-15 ends at 2024-03-16T00:00:00+00:00 in UTC, not at 2024-03-16T00:00:00+09:00: "
                "write the first instant after that day there"
            ),
        ),
        (
            {"erasure": Deadline.of_last_day(date(2024, 4, 15), ZoneInfo("UTC"))},
            (
                "erasure: 2024-04-15 ends at 2024-04-16T00:00:00+09:00 in Asia/Tokyo, not at "
                "2024-04-16T00:00:00+00:00: write the first instant after that day there"
            ),
        ),
        (
            {"service_end": after(0), "resumption": after(2), "erasure": after(1)},
            (
                "erasure: applied on 2024-03-01, data would be kept until 2024-03-02 and the contract could be resumed "
                "until 2024-03-03: write an erasure that is never earlier than resumption"
            ),
        ),
        ({"erasure": None}, "erasure is None: write a Deadline"),
        ({"resumption": None}, "resumption is None: write a Deadline"),
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
    rolled = Period(Unit.DAY, count, roll=roll, calendar=Calendar(weekend=frozenset({6, 7})))
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


@pytest.mark.parametrize(
    ("last_day", "first", "beyond"),
    [
        (date(2024, 3, 15), "2024-03-15T08:00+00:00", "2024-03-15T07:45+00:00"),  # 16 hours east of UTC, and farther
        (date(2024, 3, 15), "2024-03-16T15:45+00:00", "2024-03-16T16:00+00:00"),  # and west
        (date(1972, 12, 30), "1972-12-31T00:44:30+00:00", "1973-01-01T00:44:30+00:00"),  # Liberia, and since
    ],
)
def test_an_offset_is_one_that_a_zone_has_or_had(last_day: date, first: str, beyond: str) -> None:
    assert Deadline(last_day, datetime.fromisoformat(first)).last_day == last_day
    later = last_day if last_day.year > 1972 else date(1972, 12, 31)
    with pytest.raises(ValueError, match="does not end at"):
        Deadline(later, datetime.fromisoformat(beyond))


def test_a_last_day_may_be_a_date_of_another_library() -> None:
    assert Deadline(Day(2024, 3, 15), SERVICE_END) == TIMELINE.service_end


@pytest.mark.parametrize("last_day", ["2024-03-15", datetime(2024, 3, 15, tzinfo=UTC), None, 20240315], ids=repr)
def test_a_last_day_is_a_date(last_day: object) -> None:
    with pytest.raises(ValueError, match=r" is not a date: write the last day that counts$"):
        Deadline(last_day, SERVICE_END)  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize("at", ["2024-03-16T00:00+09:00", date(2024, 3, 16), None, 1710514800], ids=repr)
def test_a_deadline_passes_at_an_instant(at: object) -> None:
    with pytest.raises(ValueError, match=r" is not an instant: write the first one after 2024-03-15$"):
        Deadline(date(2024, 3, 15), at)  # type: ignore[arg-type]  # the mistake


# ---------------------------------------------------------------- the application


class Day(date):
    """A date of another library, which compares with an instant."""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": 0}, "number is 0: write a whole number of 1 or more"),
        ({"number": True}, "number is True: write a whole number of 1 or more"),
        ({"number": "1"}, "number is '1': write a whole number of 1 or more"),
        ({"requested_at": APPLIED_ON}, "requested_at is datetime.date(2024, 3, 1): write an instant"),
        ({"requested_at": Day(2024, 3, 1)}, "requested_at is Day(2024, 3, 1): write an instant"),
        (
            {"requested_at": APPLIED.replace(tzinfo=None)},
            "2024-03-01T09:30:00 has no UTC offset: write one, as in 2024-03-01T09:30:00+09:00",
        ),
        (
            {"requested_at": APPLIED + timedelta(days=3)},
            (
                "requested_at is 2024-03-04T09:30:00+09:00 in Asia/Tokyo, and requested_on is 2024-03-01: write "
                "the instant and the date of the same application"
            ),
        ),
        (
            {"requested_at": APPLIED - timedelta(days=3)},
            (
                "requested_at is 2024-02-27T09:30:00+09:00 in Asia/Tokyo, and requested_on is 2024-03-01: write "
                "the instant and the date of the same application"
            ),
        ),
        ({"timeline": None}, "timeline is None: write a Timeline"),
        ({"timeline": tuple(TIMELINE)}, f"timeline is {tuple(TIMELINE)}: write a Timeline"),
        (
            {
                "timeline": Timeline(APPLIED_ON, "terms", "1.0", TOKYO, after(0), after(1), after(2)),
                "requested_at": after(0).at,
            },
            (
                "service_end: 2024-03-01 was over at 2024-03-02T00:00:00+09:00, when it was applied for: write "
                "the dates that follow from this application"
            ),
        ),
        (
            {
                "timeline": Timeline(APPLIED_ON, "terms", "1.0", TOKYO, after(1), after(0), after(2)),
                "requested_at": after(0).at,
            },
            (
                "resumption: 2024-03-01 was over at 2024-03-02T00:00:00+09:00, when it was applied for: write "
                "the dates that follow from this application"
            ),
        ),
    ],
)
def test_an_application_and_its_dates_belong_together(change: dict[str, Any], message: str) -> None:
    application = Application(1, APPLIED, TIMELINE)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Application(**(application._asdict() | change))
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        application._replace(**change)


def test_dates_that_were_promised_stay_when_a_country_changes_its_clocks() -> None:
    """Until 2022 Mexico put its clocks forward in summer; dates may have been promised before that was given up."""
    mexico = ZoneInfo("America/Mexico_City")
    as_promised = Deadline(date(2023, 7, 15), datetime.fromisoformat("2023-07-16T05:00:00+00:00"))
    applied = datetime.fromisoformat("2023-07-01T05:30:00+00:00")
    timeline = Timeline(date(2023, 7, 1), "terms", "1", mexico, as_promised, as_promised, as_promised)
    assert Application(1, applied, timeline).timeline.erasure.at == as_promised.at
    where_they_were_put_forward = datetime.fromisoformat("2023-07-02T07:30:00+00:00")
    assert Application(1, where_they_were_put_forward, timeline).timeline.erasure.at == as_promised.at
    with pytest.raises(
        ValueError,
        match=(
            r"^requested_at is 2023-06-30T21:30:00-06:00 in America/Mexico_City, and requested_on is "
            r"2023-07-01: write the instant and the date of the same application$"
        ),
    ):
        Application(1, applied - timedelta(hours=2), timeline)


def test_clocks_may_have_moved_by_two_hours() -> None:
    later = Deadline(date(2024, 4, 15), datetime.fromisoformat("2024-04-16T02:00:00+09:00"))
    assert TIMELINE._replace(erasure=later).erasure is later
    with pytest.raises(ValueError, match=r"^erasure: 2024-04-15 ends at "):
        TIMELINE._replace(erasure=Deadline(date(2024, 4, 15), later.at + timedelta(minutes=15)))


@given(at=st.datetimes(datetime(1, 1, 3), datetime(9999, 11, 10), timezones=st.sampled_from(ZONES)))  # noqa: DTZ001  # bounds
def test_whatever_zone_an_application_comes_from_it_belongs_to_its_dates(at: datetime) -> None:
    application = Application(1, at, POLICY.timeline(at))
    assert application.timeline.requested_on == POLICY.local_date(at)
    assert application == application_under(POLICY, 1, at)


# ---------------------------------------------------------------- the contract


CONTRACTS = {"active": ACTIVE, "terminated": TERMINATED, "ended": ENDED, "held": HELD, "erased": ERASED}


@pytest.mark.parametrize("facts", CONTRACTS.values(), ids=CONTRACTS)
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("status", "ACTIVE", "status is 'ACTIVE': write a Status: ACTIVE, TERMINATED, ERASED"),
        ("status", None, "status is None: write a Status: ACTIVE, TERMINATED, ERASED"),
        ("version", "2", "version is '2': write a whole number of 1 or more"),
        ("version", True, "version is True: write a whole number of 1 or more"),
        ("version", 2.0, "version is 2.0: write a whole number of 1 or more"),
        ("version", 0, "version is 0: write a whole number of 1 or more"),
        ("applications", None, "applications is None: write a whole number of 0 or more"),
        ("applications", False, "applications is False: write a whole number of 0 or more"),
        ("applications", -1, "applications is -1: write a whole number of 0 or more"),
        ("service_ended", 1, "service_ended is 1: write True or False"),
        ("service_ended", None, "service_ended is None: write True or False"),
        ("erasure_held", datetime(2024, 3, 1, tzinfo=UTC), "erasure_held is datetime.datetime(2024, 3, 1, "),
        ("application", (1, APPLIED, TIMELINE), "application is (1, datetime.datetime("),
        ("application", TIMELINE, "application is Timeline("),
    ],
    ids=lambda value: str(value)[:20],
)
def test_facts_are_of_their_types(facts: Facts, field: str, value: object, message: str) -> None:
    changed: Any = {field: value}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        replace(facts, **changed)


@pytest.mark.parametrize(
    ("facts", "change", "message"),
    [
        (
            TERMINATED,
            {"application": None},
            "status is TERMINATED, and application is None: write the Application, or status ACTIVE",
        ),
        (
            ERASED,
            {"application": None},
            "status is ERASED, and application is None: write the Application, or status ACTIVE",
        ),
        (
            ACTIVE,
            {"service_ended": True},
            ("status is ACTIVE, and service_ended is True: write False, which becomes True after an application"),
        ),
        (TERMINATED, {"status": Status.ACTIVE}, "status is ACTIVE, and application is Application(number=1, "),
        (
            TERMINATED,
            {"applications": 2},
            ("applications is 2, and the application in force has number 1: write the number of the last one as both"),
        ),
        (
            ERASED,
            {"applications": 0},
            ("applications is 0, and the application in force has number 1: write the number of the last one as both"),
        ),
        (
            ERASED,
            {"service_ended": False},
            ("status is ERASED, and service_ended is False: write True, because the service ends before the erasure"),
        ),
        (
            ERASED,
            {"erasure_held": True},
            "status is ERASED, and erasure_held is True: write False, because nothing is left to hold",
        ),
    ],
)
def test_facts_that_no_history_leads_to_are_refused(facts: Facts, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        replace(facts, **change)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("application", [None, Application(1, APPLIED, TIMELINE)], ids=["none", "one"])
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("held", [True, False])
def test_any_facts_are_made_or_refused_with_a_reason(
    status: Status, application: Application | None, number: int, ended: bool, held: bool
) -> None:
    try:
        facts = Facts(status, 1, number, application, ended, held)
    except ValueError as error:
        assert ": write " in str(error)  # noqa: PT017  # one of two
    else:
        assert (facts.application is None) is (status is Status.ACTIVE)


# ---------------------------------------------------------------- what another service knows


def test_the_facts_of_a_contract_are_made_of_its_status_its_instant_and_its_policy() -> None:
    assert facts_of(Status.ACTIVE, POLICY) == ACTIVE
    assert facts_of(Status.TERMINATED, POLICY, APPLIED) == TERMINATED
    assert facts_of(Status.TERMINATED, POLICY, APPLIED, erasure_held=True) == replace(HELD, version=2)
    assert facts_of(Status.ERASED, POLICY, APPLIED) == replace(ERASED, version=2)


@given(dates=st.tuples(OFFSETS, OFFSETS, OFFSETS).filter(lambda dates: min(dates) >= 0 and max(dates) == dates[2]))
def test_the_dates_that_were_promised_stand_before_those_of_the_policy(dates: tuple[int, int, int]) -> None:
    promised = [after(number) for number in dates]
    service_end, resumption, erasure = (deadline.last_day for deadline in promised)
    facts = facts_of(
        Status.TERMINATED, POLICY, APPLIED, service_end=service_end, resumption=resumption, erasure=erasure
    )
    assert facts.application is not None
    assert [facts.application.timeline.deadline(kind) for kind in DeadlineKind] == promised


@pytest.mark.parametrize(
    ("status", "known", "message"),
    [
        (
            Status.TERMINATED,
            {},
            "status is TERMINATED, and application is None: write the Application, or status ACTIVE",
        ),
        (Status.ACTIVE, {"requested_at": APPLIED}, "status is ACTIVE, and application is Application("),
        (
            Status.TERMINATED,
            {"service_end": date(2024, 3, 15), "erasure": date(2024, 4, 15)},
            "service_end, erasure without requested_at: write the instant of the application in force",
        ),
        (
            Status.TERMINATED,
            {"requested_at": APPLIED, "erasure": date(2024, 3, 14)},
            (
                "erasure: applied on 2024-03-01, data would be kept until 2024-03-14 and the service would run "
                "until 2024-03-15: write an erasure that is never earlier than service_end"
            ),
        ),
        (
            Status.ERASED,
            {"requested_at": APPLIED, "erasure_held": True},
            "status is ERASED, and erasure_held is True: write False, because nothing is left to hold",
        ),
    ],
)
def test_what_is_known_of_a_contract_must_not_contradict_itself(
    status: Status, known: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        facts_of(status, POLICY, **known)


# ---------------------------------------------------------------- copies


@pytest.mark.parametrize("facts", CONTRACTS.values(), ids=CONTRACTS)
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
