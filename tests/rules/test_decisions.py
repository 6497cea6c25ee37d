from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.rules.examples import (
    ACTIVE,
    APPLIED,
    ENDED,
    ERASED,
    ERASURE,
    HELD,
    POLICY,
    SERVICE_END,
    TERMINATED,
    TICK,
    at,
    days,
    granted,
    policy_of,
)

from contract_rules import (
    PERMITTED,
    TRANSITIONS,
    Action,
    Actor,
    Application,
    DeadlineKind,
    EventType,
    Facts,
    Granted,
    MailKind,
    Reason,
    RecordEvent,
    Refused,
    SendMail,
    Status,
    available_actions,
    decide,
)

CONTRACTOR, OPERATOR, SYSTEM = Actor


def actor_of(action: Action) -> Actor:
    """Somebody who may ask for it."""
    return next(actor for actor in Actor if actor in PERMITTED[action])


def refusal(facts: Facts, action: Action, now: datetime, actor: Actor | None = None) -> Reason:
    """Why it is refused, which it must be."""
    decision = decide(POLICY, facts, action, actor or actor_of(action), now)
    assert isinstance(decision, Refused), decision
    return decision.reason


def effects(facts: Facts, action: Action, now: datetime, actor: Actor | None = None) -> list[object]:
    """What is to happen, as it must be possible."""
    decision = decide(POLICY, facts, action, actor or actor_of(action), now)
    assert isinstance(decision, Granted), decision
    return list(decision.effects)


# ---------------------------------------------------------------- every status and action

STANDING = {Status.ACTIVE: ACTIVE, Status.TERMINATED: TERMINATED, Status.ERASED: ERASED}
ILLEGAL = {
    Status.ACTIVE: Reason.NOT_TERMINATED,
    Status.TERMINATED: Reason.ALREADY_TERMINATED,
    Status.ERASED: Reason.CONTRACT_ERASED,
}
LEGAL = {
    (Status.ACTIVE, Action.TERMINATE): Status.TERMINATED,
    (Status.ACTIVE, Action.HOLD_ERASURE): Status.ACTIVE,
    (Status.ACTIVE, Action.RELEASE_ERASURE_HOLD): Status.ACTIVE,
    (Status.TERMINATED, Action.RESUME): Status.ACTIVE,
    (Status.TERMINATED, Action.END_SERVICE): Status.TERMINATED,
    (Status.TERMINATED, Action.HOLD_ERASURE): Status.TERMINATED,
    (Status.TERMINATED, Action.RELEASE_ERASURE_HOLD): Status.TERMINATED,
    (Status.TERMINATED, Action.ERASE): Status.ERASED,
}
DUE = {Action.END_SERVICE: SERVICE_END, Action.ERASE: ERASURE}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("status", Status)
def test_an_action_leads_where_the_table_says_or_is_refused(status: Status, action: Action) -> None:
    now = DUE.get(action, APPLIED)
    decision = decide(POLICY, STANDING[status], action, actor_of(action), now)
    if (status, action) in LEGAL:
        assert isinstance(decision, Granted)
        assert decision.facts.status is LEGAL[status, action]
        assert TRANSITIONS[status][action].target is LEGAL[status, action]
    else:
        assert isinstance(decision, Refused)
        assert decision.reason is ILLEGAL[status]


@pytest.mark.parametrize("facts", STANDING.values(), ids=lambda facts: facts.status)
@pytest.mark.parametrize("actor", Actor)
@pytest.mark.parametrize("action", Action)
def test_who_may_not_ask_is_told_so_before_anything_else(facts: Facts, actor: Actor, action: Action) -> None:
    decision = decide(POLICY, facts, action, actor, ERASURE)
    told = isinstance(decision, Refused) and decision.reason is Reason.ACTOR_NOT_PERMITTED
    assert told is (actor not in PERMITTED[action])


# ---------------------------------------------------------------- terminate


@pytest.mark.parametrize("actor", [CONTRACTOR, OPERATOR])
def test_terminating_promises_dates_records_and_mails(actor: Actor) -> None:
    decision = decide(POLICY, ACTIVE, Action.TERMINATE, actor, APPLIED)
    assert decision == Granted(
        Facts(
            status=Status.TERMINATED,
            version=2,
            applications=1,
            application=Application(1, APPLIED, POLICY.timeline(APPLIED)),
            service_ended=False,
            erasure_held=False,
        ),
        (
            RecordEvent(EventType.TERMINATION_REQUESTED, APPLIED, actor, 1),
            SendMail(MailKind.TERMINATION_ACCEPTED),
        ),
    )


def test_terminating_again_is_refused_and_restarts_no_clock() -> None:
    assert refusal(TERMINATED, Action.TERMINATE, APPLIED + timedelta(days=3)) is Reason.ALREADY_TERMINATED


def test_terminating_after_resuming_is_a_new_application_with_new_dates() -> None:
    resumed = granted(TERMINATED, Action.RESUME, CONTRACTOR, at("2024-03-10T12:00"))
    again = granted(resumed, Action.TERMINATE, CONTRACTOR, at("2024-03-12T12:00"))
    assert again.application is not None
    assert again.application.number == again.applications == 2
    assert again.application.timeline.service_end.last_day == date(2024, 3, 26)


def test_an_application_keeps_its_dates_under_a_later_policy() -> None:
    shorter = policy_of(days(1), days(1), days(2))
    decision = decide(shorter, TERMINATED, Action.RESUME, CONTRACTOR, SERVICE_END - TICK)
    assert isinstance(decision, Granted)
    assert isinstance(decide(shorter, TERMINATED, Action.ERASE, SYSTEM, ERASURE - TICK), Refused)


@pytest.mark.parametrize(
    ("now", "possible"),
    [
        (at("9999-11-15T23:59:59.999999"), True),
        (at("9999-11-16T00:00"), False),
        (datetime(9999, 12, 31, 23, tzinfo=UTC), False),
    ],
)
def test_terminating_is_refused_where_the_calendar_ends_before_the_deadlines(now: datetime, possible: bool) -> None:
    decision = decide(POLICY, ACTIVE, Action.TERMINATE, CONTRACTOR, now)
    assert isinstance(decision, Granted) is possible
    assert (Action.TERMINATE in available_actions(POLICY, ACTIVE, CONTRACTOR, now)) is possible
    if isinstance(decision, Refused):
        assert decision == Refused(Reason.DATE_OUT_OF_RANGE, Action.TERMINATE, CONTRACTOR, now, None)


# ---------------------------------------------------------------- resume


@pytest.mark.parametrize("facts", [TERMINATED, HELD], ids=["free", "held"])
@pytest.mark.parametrize("now", [APPLIED, SERVICE_END - TICK, (SERVICE_END - TICK).astimezone(UTC)])
def test_a_contract_can_be_resumed_until_the_last_instant_of_its_window(facts: Facts, now: datetime) -> None:
    assert decide(POLICY, facts, Action.RESUME, CONTRACTOR, now) == Granted(
        Facts(
            status=Status.ACTIVE,
            version=facts.version + 1,
            applications=1,
            application=None,
            service_ended=False,
            erasure_held=facts.erasure_held,
        ),
        (RecordEvent(EventType.RESUMED, now, CONTRACTOR, 1), SendMail(MailKind.RESUMPTION_ACCEPTED)),
    )


@pytest.mark.parametrize("facts", [TERMINATED, HELD, ENDED], ids=["no job has run", "held", "ended"])
@pytest.mark.parametrize("now", [SERVICE_END, SERVICE_END + TICK, ERASURE])
def test_resuming_is_refused_from_the_closing_instant_on_whether_or_not_a_job_has_run(
    facts: Facts, now: datetime
) -> None:
    assert facts.application is not None
    assert decide(POLICY, facts, Action.RESUME, CONTRACTOR, now) == Refused(
        Reason.RESUME_WINDOW_CLOSED, Action.RESUME, CONTRACTOR, now, facts.application.timeline
    )


def test_resuming_after_the_service_has_ended_records_its_end_first() -> None:
    policy = policy_of(days(10), days(20), days(30))
    terminated = granted(ACTIVE, Action.TERMINATE, CONTRACTOR, APPLIED, policy)
    now, ended_at = at("2024-03-15T12:00"), at("2024-03-12T00:00")
    decision = decide(policy, terminated, Action.RESUME, CONTRACTOR, now)
    assert isinstance(decision, Granted)
    assert decision.effects[:2] == (
        RecordEvent(EventType.SERVICE_ENDED, ended_at, SYSTEM, 1),
        RecordEvent(EventType.RESUMED, now, CONTRACTOR, 1),
    )
    recorded = granted(terminated, Action.END_SERVICE, SYSTEM, ended_at, policy)
    again = decide(policy, recorded, Action.RESUME, CONTRACTOR, now)
    assert isinstance(again, Granted)
    assert again.effects[0] == RecordEvent(EventType.RESUMED, now, CONTRACTOR, 1)
    assert not again.facts.service_ended


# ---------------------------------------------------------------- end of service


@pytest.mark.parametrize("now", [SERVICE_END, SERVICE_END + timedelta(days=3)])
def test_the_end_of_service_is_recorded_at_its_deadline_however_late_the_job(now: datetime) -> None:
    assert decide(POLICY, TERMINATED, Action.END_SERVICE, SYSTEM, now) == Granted(
        replace(TERMINATED, version=3, service_ended=True),
        (RecordEvent(EventType.SERVICE_ENDED, SERVICE_END, SYSTEM, 1),),
    )


def test_the_end_of_service_is_recorded_once_and_not_before_it_comes() -> None:
    assert refusal(TERMINATED, Action.END_SERVICE, SERVICE_END - TICK) is Reason.NOT_DUE_YET
    assert refusal(ENDED, Action.END_SERVICE, SERVICE_END) is Reason.SERVICE_END_RECORDED
    assert refusal(ENDED, Action.END_SERVICE, SERVICE_END - TICK) is Reason.SERVICE_END_RECORDED


def test_a_hold_does_not_keep_the_service_from_ending() -> None:
    ended = granted(HELD, Action.END_SERVICE, SYSTEM, SERVICE_END)
    assert ended.service_ended
    assert ended.erasure_held


# ---------------------------------------------------------------- erase


@pytest.mark.parametrize("now", [ERASURE, ERASURE + TICK, ERASURE + timedelta(days=400)])
def test_data_is_erased_from_its_instant_on(now: datetime) -> None:
    assert decide(POLICY, ENDED, Action.ERASE, SYSTEM, now) == Granted(
        replace(ENDED, status=Status.ERASED, version=4),
        (RecordEvent(EventType.ERASED, now, SYSTEM, 1),),
    )


def test_erasure_records_an_end_of_service_that_no_job_had_recorded() -> None:
    decision = decide(POLICY, TERMINATED, Action.ERASE, SYSTEM, ERASURE)
    assert isinstance(decision, Granted)
    assert decision.facts.service_ended
    assert decision.effects == (
        RecordEvent(EventType.SERVICE_ENDED, SERVICE_END, SYSTEM, 1),
        RecordEvent(EventType.ERASED, ERASURE, SYSTEM, 1),
    )


@pytest.mark.parametrize("facts", [TERMINATED, ENDED, HELD], ids=["terminated", "ended", "held"])
def test_data_is_never_erased_before_its_instant(facts: Facts) -> None:
    assert refusal(facts, Action.ERASE, ERASURE - TICK) is Reason.NOT_DUE_YET


def test_held_data_is_not_erased() -> None:
    assert refusal(HELD, Action.ERASE, ERASURE) is Reason.ERASURE_ON_HOLD


@pytest.mark.parametrize("action", Action)
def test_erasure_is_final(action: Action) -> None:
    assert refusal(ERASED, action, ERASURE) is Reason.CONTRACT_ERASED


# ---------------------------------------------------------------- holds


@pytest.mark.parametrize("facts", [ACTIVE, TERMINATED, ENDED], ids=["active", "terminated", "ended"])
def test_a_hold_is_placed_once(facts: Facts) -> None:
    assert decide(POLICY, facts, Action.HOLD_ERASURE, OPERATOR, APPLIED) == Granted(
        replace(facts, version=facts.version + 1, erasure_held=True),
        (RecordEvent(EventType.ERASURE_HELD, APPLIED, OPERATOR, None),),
    )
    held = granted(facts, Action.HOLD_ERASURE, OPERATOR, APPLIED)
    assert decide(POLICY, held, Action.HOLD_ERASURE, OPERATOR, APPLIED) == Granted(held, ())


@pytest.mark.parametrize("facts", [ACTIVE, TERMINATED, ENDED], ids=["active", "terminated", "ended"])
def test_a_hold_is_released_once(facts: Facts) -> None:
    held = replace(facts, erasure_held=True)
    now = ERASURE - TICK
    assert decide(POLICY, held, Action.RELEASE_ERASURE_HOLD, OPERATOR, now) == Granted(
        replace(facts, version=facts.version + 1),
        (RecordEvent(EventType.ERASURE_HOLD_RELEASED, now, OPERATOR, None),),
    )
    assert decide(POLICY, facts, Action.RELEASE_ERASURE_HOLD, OPERATOR, now) == Granted(facts, ())


@pytest.mark.parametrize("now", [ERASURE - TICK, ERASURE])
def test_a_hold_is_placed_and_released_before_and_after_erasure_falls_due(now: datetime) -> None:
    released = RecordEvent(EventType.ERASURE_HOLD_RELEASED, now, OPERATOR, None)
    assert effects(HELD, Action.RELEASE_ERASURE_HOLD, now) == [released]
    assert effects(ENDED, Action.HOLD_ERASURE, now) == [RecordEvent(EventType.ERASURE_HELD, now, OPERATOR, None)]


def test_a_hold_survives_terminating_and_resuming() -> None:
    held = granted(ACTIVE, Action.HOLD_ERASURE, OPERATOR, APPLIED)
    terminated = granted(held, Action.TERMINATE, CONTRACTOR, APPLIED)
    assert terminated.erasure_held
    assert granted(terminated, Action.RESUME, CONTRACTOR, APPLIED).erasure_held


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("facts", "action", "now", "kind"),
    [
        (TERMINATED, Action.TERMINATE, APPLIED, DeadlineKind.SERVICE_END),
        (TERMINATED, Action.RESUME, SERVICE_END, DeadlineKind.RESUMPTION),
        (TERMINATED, Action.END_SERVICE, APPLIED, DeadlineKind.SERVICE_END),
        (ENDED, Action.END_SERVICE, SERVICE_END, DeadlineKind.SERVICE_END),
        (ENDED, Action.ERASE, SERVICE_END, DeadlineKind.ERASURE),
        (HELD, Action.ERASE, ERASURE, DeadlineKind.ERASURE),
        (ERASED, Action.TERMINATE, ERASURE, DeadlineKind.ERASURE),
        (ERASED, Action.RESUME, ERASURE, DeadlineKind.ERASURE),
        (ERASED, Action.HOLD_ERASURE, ERASURE, DeadlineKind.ERASURE),
        (ERASED, Action.RELEASE_ERASURE_HOLD, ERASURE, DeadlineKind.ERASURE),
    ],
)
def test_a_refusal_carries_the_date_that_matters(
    facts: Facts, action: Action, now: datetime, kind: DeadlineKind
) -> None:
    decision = decide(POLICY, facts, action, actor_of(action), now)
    assert isinstance(decision, Refused)
    assert decision.deadline_kind is kind
    assert decision.timeline is not None
    assert decision.deadline == decision.timeline.deadline(kind)
    assert (decision.action, decision.actor, decision.at) == (action, actor_of(action), now)


def test_a_refusal_without_an_application_has_no_dates() -> None:
    decision = decide(POLICY, ACTIVE, Action.RESUME, CONTRACTOR, APPLIED)
    assert decision == Refused(Reason.NOT_TERMINATED, Action.RESUME, CONTRACTOR, APPLIED, None)
    assert isinstance(decision, Refused)
    assert decision.deadline is None


@pytest.mark.parametrize("facts", STANDING.values(), ids=lambda facts: facts.status)
def test_a_decision_needs_an_instant(facts: Facts) -> None:
    naive = datetime(2024, 3, 1, 9, 30)  # noqa: DTZ001  # the mistake
    with pytest.raises(
        ValueError, match=r"^2024-03-01T09:30:00 has no UTC offset: write one, as in 2024-03-01T09:30:00\+09:00$"
    ):
        decide(POLICY, facts, Action.TERMINATE, CONTRACTOR, naive)
    with pytest.raises(
        ValueError, match=r"^2024-03-01T09:30:00 has no UTC offset: write one, as in 2024-03-01T09:30:00\+09:00$"
    ):
        available_actions(POLICY, facts, CONTRACTOR, naive)


# ---------------------------------------------------------------- available actions


@pytest.mark.parametrize(
    ("facts", "actor", "now", "available"),
    [
        (ACTIVE, CONTRACTOR, APPLIED, (Action.TERMINATE,)),
        (TERMINATED, CONTRACTOR, SERVICE_END - TICK, (Action.RESUME,)),
        (TERMINATED, CONTRACTOR, SERVICE_END, ()),
        (TERMINATED, CONTRACTOR, date(2024, 3, 15), (Action.RESUME,)),
        (TERMINATED, CONTRACTOR, date(2024, 3, 16), ()),
        (TERMINATED, OPERATOR, APPLIED, (Action.RESUME, Action.HOLD_ERASURE, Action.RELEASE_ERASURE_HOLD)),
        (TERMINATED, SYSTEM, APPLIED, ()),
        (TERMINATED, SYSTEM, SERVICE_END, (Action.END_SERVICE,)),
        (TERMINATED, SYSTEM, ERASURE, (Action.END_SERVICE, Action.ERASE)),
        (HELD, SYSTEM, ERASURE, (Action.END_SERVICE,)),
        (ENDED, SYSTEM, date(2024, 4, 15), ()),
        (ENDED, SYSTEM, date(2024, 4, 16), (Action.ERASE,)),
        (ERASED, OPERATOR, ERASURE, ()),
    ],
)
def test_the_actions_that_are_offered_are_those_that_would_be_granted(
    facts: Facts, actor: Actor, now: date, available: tuple[Action, ...]
) -> None:
    assert available_actions(POLICY, facts, actor, now) == available
