"""Contracts in every state, by the shipped policy, and instants around their deadlines."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from contract_rules import (
    Action,
    Actor,
    Facts,
    FirstDay,
    Granted,
    Period,
    Policy,
    Unit,
    decide,
    new_contract,
    shipped_policies,
)

TOKYO: Final = ZoneInfo("Asia/Tokyo")
POLICIES: Final = shipped_policies()
POLICY: Final = POLICIES.version("omakase-login", "1.0")


def at(text: str) -> datetime:
    """That wall time in Tokyo."""
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


APPLIED_ON: Final = date(2024, 3, 1)
APPLIED: Final = at("2024-03-01T09:30")
SERVICE_END: Final = at("2024-03-16T00:00")
ERASURE: Final = at("2024-04-16T00:00")
TICK: Final = timedelta.resolution


def granted(facts: Facts, action: Action, actor: Actor, now: datetime, policy: Policy = POLICY) -> Facts:
    """The facts after an action that must be possible."""
    decision = decide(policy, facts, action, actor, now)
    assert isinstance(decision, Granted), decision
    return decision.facts


ACTIVE: Final = new_contract()
TERMINATED: Final = granted(ACTIVE, Action.TERMINATE, Actor.CONTRACTOR, APPLIED)
ENDED: Final = granted(TERMINATED, Action.END_SERVICE, Actor.SYSTEM, SERVICE_END)
HELD: Final = granted(TERMINATED, Action.HOLD_ERASURE, Actor.OPERATOR, APPLIED)
ERASED: Final = granted(ENDED, Action.ERASE, Actor.SYSTEM, ERASURE)


def days(count: int, first_day: FirstDay = FirstDay.EXCLUDE) -> Period:
    """So many days."""
    return Period(Unit.DAY, count, first_day)


def policy_of(
    service_end: Period,
    resumption: Period,
    erasure: Period,
    *,
    version: str = "test",
    zone: ZoneInfo = TOKYO,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Policy:
    """Terms that no service has."""
    return Policy("terms", version, zone, service_end, resumption, erasure, valid_from, valid_until)
