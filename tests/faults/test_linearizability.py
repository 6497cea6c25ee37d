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


RESUMED, HELD, TERMINATED_AGAIN, RELEASED = 2, 3, 5, 7  # the places of their replies in a life


def expecting(version: int, number: int) -> list[Flaw]:
    """What is wrong with a life in which that request named that version and had the same reply."""
    operations, kept = a_life()
    operations[number] = replace(operations[number], expected_version=version)
    return flaws(operations, kept)


def test_a_request_is_granted_after_changes_that_its_sender_could_not_see_and_no_others() -> None:
    resumed, held, terminated, released = (a_life()[0][n].version for n in (RESUMED, HELD, TERMINATED_AGAIN, RELEASED))
    for version in (resumed, held):
        assert expecting(version, TERMINATED_AGAIN) == []
    for version in (resumed - 1, 0, held + 1):
        assert Flaw.ANOTHER_DECISION in expecting(version, TERMINATED_AGAIN)
    for version in (terminated, released - 1):
        assert expecting(version, RELEASED) == []
    for version in (held, released):
        assert Flaw.ANOTHER_DECISION in expecting(version, RELEASED)


def test_a_hold_makes_the_request_of_an_operator_stale() -> None:
    operations, kept = a_life()
    held = operations[HELD]
    again = replace(operations[HELD + 1], expected_version=held.version)
    assert flaws([*operations[: HELD + 1], again, *operations[HELD + 2 :]], kept) == []
    again = replace(again, expected_version=held.version - 1)
    assert Flaw.ANOTHER_DECISION in flaws([*operations[: HELD + 1], again, *operations[HELD + 2 :]], kept)


def test_a_stale_reply_is_right_where_the_rules_would_grant_the_request() -> None:
    operations, kept = a_life()
    before, terminated = operations[TERMINATED_AGAIN - 1 : TERMINATED_AGAIN + 1]
    stale = replace(
        terminated,
        invoked=before.returned,
        returned=terminated.invoked,
        expected_version=1,
        reply=Reply(before.reply.facts, before.reply.at, stale=True),
    )
    assert flaws([*operations, stale], kept) == []
    for wrong in (replace(stale, expected_version=before.version), replace(stale, action=Action.RESUME)):
        assert Flaw.ANOTHER_DECISION in flaws([*operations, wrong], kept)


@pytest.mark.parametrize("version", [0, 1, 99])
def test_what_the_rules_refuse_is_refused_whatever_version_is_expected(version: int) -> None:
    operations, _ = a_life()
    refused = [number for number, each in enumerate(operations) if each.reply.refused]
    assert refused
    for number in refused:
        assert expecting(version, number) == []


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
