"""A walk through everything that can happen: every state, breadth first, x action x actor x class of instant."""

from collections import deque
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import NamedTuple

from tests.rules.examples import ACTIVE, APPLIED, ERASURE, POLICY, SERVICE_END, TICK, at

from contract_rules import (
    TRANSITIONS,
    Action,
    Actor,
    Facts,
    Granted,
    Reason,
    Refused,
    Status,
    available_actions,
    decide,
    phase,
    service_available,
)

RESUMED_AND_TERMINATED_AGAIN = SERVICE_END - TICK
LATER_SERVICE_END, LATER_ERASURE = at("2024-03-30T00:00"), at("2024-04-30T00:00")
INSTANTS = sorted(
    {APPLIED, RESUMED_AND_TERMINATED_AGAIN}
    | {deadline + tick for deadline in (SERVICE_END, ERASURE) for tick in (-TICK, 0 * TICK, TICK)}
    | {deadline + tick for deadline in (LATER_SERVICE_END, LATER_ERASURE) for tick in (-TICK, 0 * TICK, TICK)}
    | {at("2025-01-01T00:00"), at("9999-11-16T00:00")}
)
APPLICATIONS = 2


class Asked(NamedTuple):
    """A question, and what the rules answered."""

    facts: Facts
    action: Action
    actor: Actor
    now: datetime
    decision: Granted | Refused


@cache
def walk() -> list[Asked]:
    """Every question that can come up within two applications, time never running back."""
    asked = []
    seen = {(ACTIVE, 0)}
    queue = deque(seen)
    while queue:
        facts, earliest = queue.popleft()
        for index in range(earliest, len(INSTANTS)):
            now = INSTANTS[index]
            for action in Action:
                for actor in Actor:
                    decision = decide(POLICY, facts, action, actor, now)
                    asked.append(Asked(facts, action, actor, now, decision))
                    if isinstance(decision, Granted) and decision.facts.applications <= APPLICATIONS:
                        state = (replace(decision.facts, version=1), index)
                        if state not in seen:
                            seen.add(state)
                            queue.append(state)
    return asked


def test_the_walk_reaches_every_reason_to_refuse() -> None:
    assert {asked.decision.reason for asked in walk() if isinstance(asked.decision, Refused)} == set(Reason)


def test_the_walk_takes_every_transition() -> None:
    taken = {
        (asked.facts.status, asked.action, asked.decision.facts.status)
        for asked in walk()
        if isinstance(asked.decision, Granted)
    }
    assert taken == {
        (status, action, transition.target)
        for status, transitions in TRANSITIONS.items()
        for action, transition in transitions.items()
    }


def test_every_change_grows_the_version_by_one_and_says_what_is_to_happen() -> None:
    for asked in walk():
        if isinstance(asked.decision, Granted):
            changed = asked.decision.facts != asked.facts
            assert asked.decision.facts.version == asked.facts.version + changed
            assert bool(asked.decision.effects) is changed


def test_a_refusal_says_what_was_asked_and_which_dates_hold() -> None:
    for asked in walk():
        if isinstance(asked.decision, Refused):
            timeline = asked.facts.application.timeline if asked.facts.application else None
            assert asked.decision[1:] == (asked.action, asked.actor, asked.now, timeline)


def test_what_is_offered_is_what_would_be_granted_by_instant_and_by_date() -> None:
    granted: dict[tuple[Facts, Actor, datetime], list[Action]] = {}
    for asked in walk():
        offered = granted.setdefault((asked.facts, asked.actor, asked.now), [])
        if isinstance(asked.decision, Granted) and asked.action not in offered:
            offered.append(asked.action)
    for (facts, actor, now), actions in granted.items():
        assert available_actions(POLICY, facts, actor, now) == tuple(actions)
        assert available_actions(POLICY, facts, actor, now.date()) == tuple(actions)


def test_an_instant_and_its_date_find_the_same_phase() -> None:
    for facts, now in {(asked.facts, asked.now) for asked in walk()}:
        assert phase(facts, now) is phase(facts, now.date())
        assert service_available(facts, now) is service_available(facts, now.date())


def test_nothing_follows_erasure() -> None:
    after = [asked.decision for asked in walk() if asked.facts.status is Status.ERASED]
    assert after
    assert {decision.reason for decision in after if isinstance(decision, Refused)} == {
        Reason.CONTRACT_ERASED,
        Reason.ACTOR_NOT_PERMITTED,
    }
    assert not [decision for decision in after if isinstance(decision, Granted)]
