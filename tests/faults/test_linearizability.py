"""The checker itself, on a life of a few lines: that it accepts what is right, and what it sees in each thing wrong."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.faults.linearizability import Act, Flaw, Kept, Operation, Reply, check

from contract_rules import (
    Action,
    Actor,
    Granted,
    Reason,
    RecordEvent,
    SendMail,
    decide,
    new_contract,
    shipped_policies,
)

(POLICY,) = shipped_policies()
NOON = datetime.fromisoformat("2024-03-01T12:00:00+09:00")
SERVICE_ENDS_AT = datetime.fromisoformat("2024-03-16T00:00:00+09:00")
ERASURE_DUE_AT = datetime.fromisoformat("2024-04-16T00:00:00+09:00")
A_MINUTE = timedelta(minutes=1)

STEPS = (
    (Actor.CONTRACTOR, Action.TERMINATE, NOON),
    (Actor.CONTRACTOR, Action.TERMINATE, NOON + A_MINUTE),
    (Actor.CONTRACTOR, Action.RESUME, NOON + 2 * A_MINUTE),
    (Actor.OPERATOR, Action.HOLD_ERASURE, NOON + 3 * A_MINUTE),
    (Actor.OPERATOR, Action.HOLD_ERASURE, NOON + 4 * A_MINUTE),
    (Actor.CONTRACTOR, Action.TERMINATE, NOON + 5 * A_MINUTE),
    (Actor.SYSTEM, Action.END_SERVICE, SERVICE_ENDS_AT),
    (Actor.CONTRACTOR, Action.RESUME, SERVICE_ENDS_AT),
    (Actor.OPERATOR, Action.RELEASE_ERASURE_HOLD, ERASURE_DUE_AT),
    (Actor.SYSTEM, Action.ERASE, ERASURE_DUE_AT),
    (Actor.CONTRACTOR, Action.RESUME, ERASURE_DUE_AT + A_MINUTE),
)


def a_life() -> tuple[list[Operation], Kept]:
    """A contract that goes through `STEPS`, one after the other; each takes a second, with one between."""
    facts, operations, kept = new_contract(), [], Kept(new_contract(), [], [], [])
    for number, (actor, action, at) in enumerate(STEPS):
        decision = decide(POLICY, facts, action, actor, at)
        if isinstance(decision, Granted):
            facts = decision.facts
            kept.events.extend(effect for effect in decision.effects if isinstance(effect, RecordEvent))
            kept.mails.extend(
                (facts.version, effect.kind) for effect in decision.effects if isinstance(effect, SendMail)
            )
        if actor is Actor.SYSTEM:
            kept.acts.append(Act(action, at))
            continue
        reply = Reply(facts, at, None if isinstance(decision, Granted) else decision.reason)
        operations.append(
            Operation(action=action, actor=actor, invoked=2 * number, returned=2 * number + 1, reply=reply)
        )
    return operations, replace(kept, facts=facts)


def flaws(operations: list[Operation], kept: Kept) -> list[Flaw]:
    return [finding.flaw for finding in check(operations, kept, POLICY)]


def test_a_life_in_which_one_thing_came_after_the_other_is_accepted() -> None:
    operations, kept = a_life()
    assert flaws(operations, kept) == []
    assert flaws(operations[::-1], kept) == []  # whoever is told first need not be noted first


def test_those_who_asked_at_the_same_time_may_come_in_any_order() -> None:
    operations, kept = a_life()
    assert flaws([replace(each, invoked=0, returned=100) for each in operations], kept) == []


def test_whoever_was_answered_before_another_asked_comes_first() -> None:
    (first, second, *others), kept = a_life()
    swapped = [replace(first, invoked=2, returned=3), replace(second, invoked=0, returned=1)]
    assert flaws([*swapped, *others], kept) == [Flaw.OUT_OF_ORDER]


def test_a_key_asked_with_again_has_the_first_answer() -> None:
    (first, *others), kept = a_life()
    first = replace(first, key="once")
    again = replace(first, invoked=30, returned=31)
    assert flaws([first, *others, again], kept) == []
    another_answer = replace(again, reply=replace(first.reply, at=NOON + A_MINUTE))
    assert flaws([first, *others, another_answer], kept) == [Flaw.TWO_ANSWERS]


def test_whoever_expects_a_version_that_has_passed_is_told_so() -> None:
    (first, second, *others), kept = a_life()
    stale = replace(second, expected_version=1, reply=Reply(first.reply.facts, second.reply.at, stale=True))
    assert flaws([first, stale, *others], kept) == []
    assert flaws([first, replace(stale, expected_version=2), *others], kept) == [Flaw.ANOTHER_DECISION]


@pytest.mark.parametrize("number", range(len(a_life()[0])))
def test_no_reply_can_be_changed_unnoticed(number: int) -> None:
    operations, kept = a_life()
    told = operations[number]
    for reply in (
        replace(told.reply, refused=None if told.reply.refused else Reason.ALREADY_TERMINATED),
        replace(told.reply, facts=replace(told.reply.facts, version=told.version + 1)),
        replace(told.reply, stale=True),
    ):
        changed = [*operations[:number], replace(told, reply=reply), *operations[number + 1 :]]
        assert Flaw.ANOTHER_DECISION in flaws(changed, kept), reply


def test_nothing_that_is_kept_can_be_changed_unnoticed() -> None:
    operations, kept = a_life()
    first, *others = kept.mails
    for changed, flaw in (
        (replace(kept, facts=new_contract()), Flaw.NOT_KEPT),
        (replace(kept, facts=None), Flaw.NOT_KEPT),
        (replace(kept, events=kept.events[1:]), Flaw.EVENTS),
        (replace(kept, events=[*kept.events, kept.events[0]]), Flaw.EVENTS),
        (replace(kept, mails=others), Flaw.MAIL_MISSING),
        (replace(kept, mails=[first, *kept.mails]), Flaw.MAIL_TWICE),
        (replace(kept, mails=[*others, first]), Flaw.MAILS_OUT_OF_ORDER),
    ):
        assert flaws(operations, changed) == [flaw]


def test_an_act_before_its_instant_and_one_that_never_was_are_seen() -> None:
    operations, kept = a_life()
    end, erase = kept.acts
    too_early = replace(kept, acts=[replace(end, at=SERVICE_ENDS_AT - A_MINUTE), erase])
    assert Flaw.ANOTHER_DECISION in flaws(operations, too_early)
    assert Flaw.ANOTHER_DECISION in flaws(operations, replace(kept, acts=[end]))


def test_time_does_not_go_back_from_one_version_to_the_next() -> None:
    operations, kept = a_life()
    late = replace(kept.acts[0], at=SERVICE_ENDS_AT + A_MINUTE)
    assert Flaw.BACKWARDS in flaws(operations, replace(kept, acts=[late, *kept.acts[1:]]))
