"""Every public function refuses what is not of its type, and says what to write instead.

The calls are generated: each public function and method, with a good argument for every parameter but one.
"""

import inspect
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime, time
from types import FunctionType
from typing import Any

import pytest
from tests.rules.examples import ACTIVE, APPLIED, APPLIED_ON, ENDED, ERASED, HELD, POLICIES, POLICY, TERMINATED, TOKYO
from tests.rules.test_docs import public_functions

from contract_rules import (
    Action,
    Actor,
    Calendar,
    DeadlineKind,
    Facts,
    Language,
    Period,
    Policy,
    PolicyRegistry,
    Status,
    Unit,
    available_actions,
    decide,
    phase,
    service_available,
    standing,
)

TIMELINE = POLICY.timeline(APPLIED)
REFUSED = decide(POLICY, TERMINATED, Action.TERMINATE, Actor.CONTRACTOR, APPLIED)

NEITHER = ["2024-03-01", 1709251200, 17092512.5, None, time(9, 30), time(9, 30, tzinfo=UTC), datetime(2024, 3, 1)]  # noqa: DTZ001  # the mistake
MOMENTS: dict[str, tuple[object, list[Any]]] = {
    "now": (APPLIED.astimezone(UTC), NEITHER),
    "instant": (APPLIED, [*NEITHER, APPLIED_ON]),
    "requested_at": (APPLIED, [*NEITHER, APPLIED_ON]),
    "today": (APPLIED_ON, [*NEITHER, APPLIED]),
    "day": (APPLIED_ON, [*NEITHER, APPLIED]),
    "on": (APPLIED_ON, [*NEITHER, APPLIED]),
    "last_day": (APPLIED_ON, [*NEITHER, APPLIED]),
}
OTHERS: dict[str, tuple[object, list[Any]]] = {
    "policy": (POLICY, [POLICIES, None, "omakase-login", TIMELINE, POLICY.terms]),
    "facts": (TERMINATED, [None, "TERMINATED", TIMELINE, TERMINATED.application, REFUSED, vars]),
    "action": (Action.TERMINATE, ["TERMINATE", "PAUSE", None, Actor.CONTRACTOR, TERMINATED.status]),
    "actor": (Actor.CONTRACTOR, ["CONTRACTOR", "NOBODY", None, Action.TERMINATE]),
    "status": (Status.TERMINATED, ["TERMINATED", None, Action.TERMINATE]),
    "zone": (TOKYO, ["Asia/Tokyo", None, 9]),
    "event": (APPLIED_ON, NEITHER[:-1]),
    "service_end": (date(2024, 3, 15), [each for each in NEITHER if each is not None]),
    "resumption": (date(2024, 3, 15), [each for each in NEITHER if each is not None]),
    "erasure": (date(2024, 4, 15), [each for each in NEITHER if each is not None]),
    "erasure_held": (False, [None, "no", 0]),
}
Function = FunctionType
STRICT = MOMENTS | OTHERS
GOOD: dict[str, object] = {name: good for name, (good, _) in STRICT.items()} | {
    "kind": DeadlineKind.ERASURE,
    "language": Language.EN,
    "timeline": TIMELINE,
    "refused": REFUSED,
    "name": "omakase-login",
    "version": "1.0",
    "period": Period(Unit.DAY, 14),
    "count": 1,
}
CONTRACTS = {"active": ACTIVE, "terminated": TERMINATED, "ended": ENDED, "held": HELD, "erased": ERASED}
SELVES = {
    "Policy": POLICY,
    "PolicyRegistry": POLICIES,
    "Deadline": TIMELINE.erasure,
    "Timeline": TIMELINE,
    "Period": GOOD["period"],
    "Calendar": Calendar(weekend=frozenset({6, 7})),
}


TAKEN: dict[tuple[str, str], type] = {
    ("explain_deadline", "policy"): PolicyRegistry,
    ("explain_refusal", "policy"): PolicyRegistry,
    ("facts_of", "requested_at"): type(None),
    ("explain_deadline", "now"): type(None),
    ("explain_period", "now"): type(None),
}
"""What a parameter takes as well."""


CALLS = [
    pytest.param(function, name, id=f"{function.__qualname__}-{name}")
    for function in public_functions()
    for name in inspect.signature(function).parameters
    if name in STRICT
]


@pytest.mark.parametrize(("function", "name"), CALLS)
def test_an_argument_of_another_type_is_refused_with_what_to_write(function: Function, name: str) -> None:
    owner, _, method = function.__qualname__.rpartition(".")
    bound = getattr(SELVES[owner], method) if owner else function
    good = {each: GOOD[each] for each in inspect.signature(bound).parameters if each in GOOD}
    bound(**good)
    for wrong in STRICT[name][1]:
        if isinstance(wrong, TAKEN.get((function.__qualname__, name), ())):
            continue
        with pytest.raises(ValueError, match=r": (write|give|ask) ") as error:
            bound(**good | {name: wrong})
        assert str(wrong)[:10] in str(error.value) or type(wrong).__name__ in str(error.value)


@pytest.mark.parametrize("ask", [phase, service_available, standing], ids=lambda ask: ask.__name__)
@pytest.mark.parametrize("facts", CONTRACTS.values(), ids=CONTRACTS)
def test_whatever_the_contract_no_other_time_is_taken(ask: Callable[[Facts, Any], object], facts: Facts) -> None:
    for wrong in NEITHER:
        with pytest.raises(ValueError, match=": write "):
            ask(facts, wrong)


@pytest.mark.parametrize("facts", CONTRACTS.values(), ids=CONTRACTS)
@pytest.mark.parametrize("actor", Actor)
def test_whoever_asks_no_other_time_is_taken(facts: Facts, actor: Actor) -> None:
    for wrong in NEITHER:
        with pytest.raises(ValueError, match=": write "):
            available_actions(POLICY, facts, actor, wrong)  # type: ignore[arg-type]  # the mistake
        for action in Action:
            with pytest.raises(ValueError, match=": write "):
                decide(POLICY, facts, action, actor, wrong)  # type: ignore[arg-type]  # the mistake


def test_an_actor_that_there_is_not_is_told_which_there_are() -> None:
    message = r"^'NOBODY' is not an Actor: write one of Actor\.CONTRACTOR, Actor\.OPERATOR, Actor\.SYSTEM$"
    with pytest.raises(ValueError, match=message):
        available_actions(POLICY, ACTIVE, "NOBODY", APPLIED)  # type: ignore[arg-type]  # the mistake


def test_a_kind_of_policy_is_a_policy() -> None:
    class Named(Policy):
        """Terms with a name of their own."""

    named = Named(**{each.name: getattr(POLICY, each.name) for each in fields(Policy) if each.init})
    decision = decide(named, ACTIVE, Action.TERMINATE, Actor.CONTRACTOR, APPLIED)
    assert decision == decide(POLICY, ACTIVE, Action.TERMINATE, Actor.CONTRACTOR, APPLIED)
    assert available_actions(named, ACTIVE, Actor.CONTRACTOR, APPLIED) == (Action.TERMINATE,)


def test_every_public_function_that_asks_for_a_time_was_tried() -> None:
    tried = {param.values[0] for param in CALLS}
    assert {phase, service_available, standing, decide, available_actions} <= tried
