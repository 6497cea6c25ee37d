"""Every state of a contract that matters to its registration: the facts, and an instant."""

from datetime import datetime, timedelta
from enum import StrEnum

from contract_rules import Action, Actor, Facts, Granted, complete, decide, new_contract
from contract_server.policies.policies import served_policies

APPLIED_AT = datetime.fromisoformat("2024-03-01T09:30:00+09:00")
IN_WINDOW = APPLIED_AT + timedelta(days=5)
AFTER_SERVICE = APPLIED_AT + timedelta(days=20)
ERASED_AT = APPLIED_AT + timedelta(days=50)


class State(StrEnum):
    ACTIVE = "active"
    ACTIVE_HELD = "active and held"
    TERMINATED = "terminated"
    TERMINATED_HELD = "terminated and held"
    SERVICE_ENDED = "service ended"
    SERVICE_ENDED_HELD = "service ended and held"
    ERASED = "erased"


def _after(facts: Facts, action: Action, actor: Actor, now: datetime) -> Facts:
    decision = decide(served_policies().in_force_at(now), facts, action, actor, now)
    assert isinstance(decision, Granted)
    return decision.facts


ACTIVE = new_contract()
TERMINATED = _after(ACTIVE, Action.TERMINATE, Actor.CONTRACTOR, APPLIED_AT)


def _held(facts: Facts) -> Facts:
    return _after(facts, Action.HOLD_ERASURE, Actor.OPERATOR, IN_WINDOW)


STATES = complete(
    "STATES",
    State,
    {
        State.ACTIVE: (ACTIVE, APPLIED_AT),
        State.ACTIVE_HELD: (_held(ACTIVE), IN_WINDOW),
        State.TERMINATED: (TERMINATED, IN_WINDOW),
        State.TERMINATED_HELD: (_held(TERMINATED), IN_WINDOW),
        State.SERVICE_ENDED: (TERMINATED, AFTER_SERVICE),
        State.SERVICE_ENDED_HELD: (_held(TERMINATED), AFTER_SERVICE),
        State.ERASED: (_after(TERMINATED, Action.ERASE, Actor.SYSTEM, ERASED_AT), ERASED_AT),
    },
)
