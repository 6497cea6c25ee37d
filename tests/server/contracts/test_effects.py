"""A decision's effects become rows, whatever stores them; nothing here needs a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contract_notify import ErasureReminder
from contract_rules import (
    Action,
    Actor,
    EventType,
    Granted,
    MailKind,
    Status,
    decide,
    new_contract,
    shipped_policies,
)
from contract_server.contracts.effects import NO_REASONS, Reasons, contract_after, writes_for
from contract_server.contracts.models import Contract, ContractEvent, TerminationApplication, TerminationReason
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.db.rows import Insert, Update, UpdateWhere, Write
from contract_server.mail.models import OutboxMail

NOW = datetime(2024, 3, 1, 0, 30, tzinfo=UTC)
POLICY = shipped_policies().in_force_at(NOW)
ID = UUID(int=1)
NEW = ContractSnapshot(ID, NOW.date(), new_contract())


def granted(contract: ContractSnapshot, action: Action, at: datetime = NOW) -> Granted:
    actor = next(actor for actor in Actor if isinstance(decide(POLICY, contract.facts, action, actor, at), Granted))
    decision = decide(POLICY, contract.facts, action, actor, at)
    assert isinstance(decision, Granted)
    return decision


def changed(
    contract: ContractSnapshot, action: Action, at: datetime = NOW, why: Reasons = NO_REASONS
) -> ContractSnapshot:
    return contract_after(contract, granted(contract, action, at), at, why)


def writes(contract: ContractSnapshot, action: Action, at: datetime = NOW, why: Reasons = NO_REASONS) -> list[Write]:
    decision = granted(contract, action, at)
    after = contract_after(contract, decision, at, why)
    return writes_for(decision, contract, after, at, mail=lambda kind: {"kind": kind}, reasons=why)


def rows(found: list[Write], model: type[Any], kind: type[Write] = Insert) -> list[dict[str, Any]]:
    return [dict(row) for write in found if write.model is model and isinstance(write, kind) for row in write.rows]


TERMINATED = changed(NEW, Action.TERMINATE, why=Reasons(TerminationReason.OTHER))
HELD = changed(TERMINATED, Action.HOLD_ERASURE, why=Reasons(note="2024-001"))


def test_terminating_stores_the_contract_its_application_an_event_and_a_mail() -> None:
    found = writes(NEW, Action.TERMINATE, why=Reasons(TerminationReason.OTHER, note="by phone"))
    (contract,) = rows(found, Contract, Update)
    assert (contract["id"], contract["version"], contract["status"]) == (ID, 2, Status.TERMINATED)
    (application,) = rows(found, TerminationApplication)
    assert (application["contract_id"], application["reason"]) == (ID, TerminationReason.OTHER)
    (event,) = rows(found, ContractEvent)
    assert (event["type"], event["version"], event["note"]) == (EventType.TERMINATION_REQUESTED, 2, "by phone")
    assert event["application_id"] == application["id"]
    assert rows(found, OutboxMail) == [{"kind": MailKind.TERMINATION_ACCEPTED}]


def test_resuming_withdraws_the_application_and_its_reminders() -> None:
    found = writes(TERMINATED, Action.RESUME)
    assert rows(found, TerminationApplication, Update) == [{"id": TERMINATED.application_id, "withdrawn_at": NOW}]
    (withdrawal,) = [write for write in found if isinstance(write, UpdateWhere)]
    assert (withdrawal.columns, withdrawal.values) == ({"useful_until": NOW}, (ID, NOW))
    (event,) = rows(found, ContractEvent)
    assert (event["type"], event["application_id"]) == (EventType.RESUMED, TERMINATED.application_id)
    assert rows(found, OutboxMail) == [{"kind": MailKind.RESUMPTION_ACCEPTED}]


def test_a_second_application_is_another_one() -> None:
    again = changed(changed(TERMINATED, Action.RESUME), Action.TERMINATE)
    assert again.application_id not in {None, TERMINATED.application_id}


def test_the_recorded_end_of_service_changes_the_same_application() -> None:
    at = NOW + timedelta(days=20)
    found = writes(TERMINATED, Action.END_SERVICE, at)
    assert rows(found, TerminationApplication, Update) == [{"id": TERMINATED.application_id, "service_ended_at": at}]
    assert rows(found, Contract, Update)[0]["service_end_due_at"] is None
    assert rows(found, OutboxMail) == []


def test_a_hold_withdraws_the_reminder_of_the_erasure_alone() -> None:
    (withdrawal,) = [write for write in writes(TERMINATED, Action.HOLD_ERASURE) if isinstance(write, UpdateWhere)]
    assert withdrawal.values == (ID, NOW, ErasureReminder.kind)
    assert HELD.hold is not None
    assert (HELD.hold.placed_at, HELD.hold.reason) == (NOW, "2024-001")


def test_a_release_makes_reminders_due_again() -> None:
    at = NOW + timedelta(days=1)
    found = writes(HELD, Action.RELEASE_ERASURE_HOLD, at)
    assert rows(found, TerminationApplication, Update) == [{"id": HELD.application_id, "next_reminder_at": at}]


@pytest.mark.parametrize(("contract", "action"), [(HELD, Action.HOLD_ERASURE), (NEW, Action.RELEASE_ERASURE_HOLD)])
def test_a_decision_without_effects_writes_nothing(contract: ContractSnapshot, action: Action) -> None:
    assert writes(contract, action) == []


def test_a_repeated_hold_keeps_its_first_reason_and_instant() -> None:
    again = changed(HELD, Action.HOLD_ERASURE, NOW + timedelta(days=1), Reasons(note="another"))
    assert again.hold == HELD.hold


def test_without_a_renderer_no_mail_is_queued() -> None:
    decision = granted(NEW, Action.TERMINATE)
    found = writes_for(decision, NEW, contract_after(NEW, decision, NOW, NO_REASONS), NOW)
    assert rows(found, OutboxMail) == []
    assert rows(found, ContractEvent) != []


def test_the_contract_is_written_first_whatever_the_action() -> None:
    due = replace(TERMINATED, facts=changed(TERMINATED, Action.END_SERVICE, NOW + timedelta(days=20)).facts)
    granted_actions = [
        (NEW, Action.TERMINATE, NOW),
        (TERMINATED, Action.RESUME, NOW),
        (TERMINATED, Action.END_SERVICE, NOW + timedelta(days=20)),
        (TERMINATED, Action.HOLD_ERASURE, NOW),
        (HELD, Action.RELEASE_ERASURE_HOLD, NOW),
        (due, Action.ERASE, NOW + timedelta(days=50)),
    ]
    assert {action for _, action, _ in granted_actions} == set(Action)
    for contract, action, at in granted_actions:
        first, *_ = writes(contract, action, at)
        assert first.model is Contract, action
