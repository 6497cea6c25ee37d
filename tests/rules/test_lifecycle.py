from datetime import UTC, date, datetime

import pytest
from tests.rules.examples import (
    ACTIVE,
    APPLIED,
    ENDED,
    ERASED,
    ERASURE,
    HELD,
    SERVICE_END,
    TERMINATED,
    TICK,
    days,
    policy_of,
)

from contract_rules import (
    PERMITTED,
    TRANSITIONS,
    Action,
    Actor,
    Application,
    EventType,
    Facts,
    Phase,
    Status,
    new_contract,
    phase,
    service_available,
)


def terminated_under(service_end: int, resumption: int, erasure: int) -> Facts:
    """A contract whose deadlines lie so many days after the application."""
    timeline = policy_of(days(service_end), days(resumption), days(erasure)).timeline(APPLIED)
    return Facts(
        status=Status.TERMINATED,
        version=2,
        applications=1,
        application=Application(1, APPLIED, timeline),
        service_ended=False,
        erasure_held=False,
    )


# ---------------------------------------------------------------- the table


def test_every_status_has_its_actions_and_erased_has_none() -> None:
    assert set(TRANSITIONS) == set(Status)
    assert TRANSITIONS[Status.ERASED] == {}


def test_everybody_who_may_ask_for_an_action_is_written_down() -> None:
    assert set(PERMITTED) == set(Action)
    assert all(PERMITTED.values())


def test_nobody_but_the_system_does_what_only_time_decides() -> None:
    assert {action for action in Action if Actor.SYSTEM in PERMITTED[action]} == {Action.END_SERVICE, Action.ERASE}


def test_an_operator_may_do_what_the_contractor_may() -> None:
    contractors = {action for action in Action if Actor.CONTRACTOR in PERMITTED[action]}
    assert contractors == {Action.TERMINATE, Action.RESUME}
    assert all(Actor.OPERATOR in PERMITTED[action] for action in contractors)


def test_every_event_but_those_of_the_registration_and_a_notice_is_recorded_by_an_action() -> None:
    recorded = {transition.event for actions in TRANSITIONS.values() for transition in actions.values()}
    of_the_registration = {EventType.STARTED, EventType.REGISTRATION_CHANGED, EventType.MEMBERS_REMOVED}
    assert recorded == set(EventType) - of_the_registration - {EventType.ERASURE_DUE}


# ---------------------------------------------------------------- phases


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (APPLIED, Phase.RESUMABLE),
        (SERVICE_END - TICK, Phase.RESUMABLE),
        (SERVICE_END, Phase.SERVICE_ENDED),
        (SERVICE_END + TICK, Phase.SERVICE_ENDED),
        (ERASURE - TICK, Phase.SERVICE_ENDED),
        (ERASURE, Phase.ERASURE_DUE),
        (ERASURE + TICK, Phase.ERASURE_DUE),
        (date(2024, 3, 15), Phase.RESUMABLE),
        (date(2024, 3, 16), Phase.SERVICE_ENDED),
        (date(2024, 4, 15), Phase.SERVICE_ENDED),
        (date(2024, 4, 16), Phase.ERASURE_DUE),
    ],
)
@pytest.mark.parametrize("facts", [TERMINATED, HELD, ENDED], ids=["terminated", "held", "ended"])
def test_the_phase_follows_from_the_dates_whatever_has_been_recorded(facts: Facts, now: date, expected: Phase) -> None:
    assert phase(facts, now) is expected


@pytest.mark.parametrize("now", [APPLIED, ERASURE, date(2024, 3, 1)])
def test_the_phase_of_a_contract_without_an_open_application_is_the_same_at_all_times(now: date) -> None:
    assert phase(ACTIVE, now) is Phase.IN_USE
    assert phase(ERASED, now) is Phase.ERASED


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2024-03-11", Phase.RESUMABLE),
        ("2024-03-12", Phase.RUNNING_OUT),
        ("2024-03-21", Phase.RUNNING_OUT),
        ("2024-03-22", Phase.SERVICE_ENDED),
        ("2024-04-01", Phase.ERASURE_DUE),
    ],
)
def test_service_runs_out_where_the_window_closes_first(day: str, expected: Phase) -> None:
    assert phase(terminated_under(20, 10, 30), date.fromisoformat(day)) is expected


def test_a_window_may_outlast_the_service() -> None:
    facts = terminated_under(10, 20, 30)
    assert phase(facts, date(2024, 3, 12)) is Phase.RESUMABLE
    assert not service_available(facts, date(2024, 3, 12))


# ---------------------------------------------------------------- the service


@pytest.mark.parametrize(
    ("now", "available"),
    [
        (APPLIED, True),
        (SERVICE_END - TICK, True),
        ((SERVICE_END - TICK).astimezone(UTC), True),
        (SERVICE_END, False),
        (SERVICE_END + TICK, False),
        (date(2024, 3, 15), True),
        (date(2024, 3, 16), False),
    ],
)
def test_members_use_the_service_until_its_last_instant(now: date, available: bool) -> None:
    assert service_available(TERMINATED, now) is available
    assert service_available(ENDED, now) is available


def test_the_service_is_there_while_active_and_never_after_erasure() -> None:
    assert service_available(ACTIVE, ERASURE)
    assert not service_available(ERASED, APPLIED)


@pytest.mark.parametrize("facts", [ACTIVE, TERMINATED, ERASED], ids=lambda facts: facts.status)
def test_a_wall_time_is_no_instant_in_any_status(facts: Facts) -> None:
    naive = datetime(2024, 3, 1, 9, 30)  # noqa: DTZ001  # the mistake
    with pytest.raises(
        ValueError, match=r"^2024-03-01T09:30:00 has no UTC offset: write one, as in 2024-03-01T09:30:00\+09:00$"
    ):
        phase(facts, naive)
    with pytest.raises(
        ValueError, match=r"^2024-03-01T09:30:00 has no UTC offset: write one, as in 2024-03-01T09:30:00\+09:00$"
    ):
        service_available(facts, naive)


# ---------------------------------------------------------------- facts


def test_a_new_contract_is_active_and_has_no_history() -> None:
    assert new_contract() == Facts(
        status=Status.ACTIVE,
        version=1,
        applications=0,
        application=None,
        service_ended=False,
        erasure_held=False,
    )
