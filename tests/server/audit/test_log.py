"""The log shows entries and the history of contracts as one list, by pages and by each filter."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.server.workbench import OPERATOR, Workbench, contract_of, sql

from contract_rules import Action, Actor, EventType
from contract_server.accounts.models import Account, Role
from contract_server.audit.log import LogEntry, LogFilter, cursor_of, find_entries, find_log_ins
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.contracts.result import ActionRefused

MANY = 100


async def history(bench: Workbench) -> tuple[UUID, UUID]:
    """A contract with a hold of an operator; the ids of contract and contractor."""
    contractor = await bench.contract()
    await Account.create(
        id=OPERATOR.account_id, role=Role.OPERATOR, name=OPERATOR.name, email=OPERATOR.email, password_hash=""
    )
    await bench.ask(contractor, Action.TERMINATE)
    await bench.hold(contract_of(contractor))
    await record(AuditAction.LOGGED_IN, account_id=contractor.account_id, contract_id=contractor.contract_id)
    await record(AuditAction.MAIL_DISMISSED, account_id=OPERATOR.account_id, subject="mail 1")
    return contract_of(contractor), contractor.account_id


def named(entries: list[LogEntry]) -> list[str]:
    return sorted(entry.event_type or entry.action for entry in entries)


async def test_each_filter_finds_its_entries(bench: Workbench) -> None:
    contract, contractor = await history(bench)
    everything = await find_entries(LogFilter(), MANY)
    assert [entry.at for entry in everything] == sorted((entry.at for entry in everything), reverse=True)
    of_contract = [EventType.ERASURE_HELD, AuditAction.LOGGED_IN, EventType.STARTED, EventType.TERMINATION_REQUESTED]
    assert named(everything) == sorted([*of_contract, AuditAction.MAIL_DISMISSED])
    assert named(await find_entries(LogFilter(contract_id=contract), MANY)) == sorted(of_contract)
    of_contractor = [AuditAction.LOGGED_IN, EventType.TERMINATION_REQUESTED]
    assert named(await find_entries(LogFilter(account_id=contractor), MANY)) == of_contractor
    changed = LogFilter(AuditAction.CONTRACT_CHANGED, OPERATOR.account_id)
    assert named(await find_entries(changed, MANY)) == [EventType.ERASURE_HELD]
    assert named(await find_entries(LogFilter(AuditAction.LOGGED_IN), MANY)) == [AuditAction.LOGGED_IN]
    last = everything[0].at
    assert await find_entries(LogFilter(since=last + timedelta(microseconds=1)), MANY) == []
    assert await find_entries(LogFilter(until=last), MANY) == everything[1:]


async def test_a_change_of_a_contract_names_its_person_and_reason_also_after_its_release(bench: Workbench) -> None:
    contract, _ = await history(bench)
    await bench.release(contract)
    held = LogFilter(contract_id=contract, action=AuditAction.CONTRACT_CHANGED, account_id=OPERATOR.account_id)
    by_type = {entry.event_type: entry for entry in await find_entries(held, MANY)}
    assert by_type.keys() == {EventType.ERASURE_HELD, EventType.ERASURE_HOLD_RELEASED}
    hold = by_type[EventType.ERASURE_HELD]
    assert (hold.account, hold.actor, hold.reason) == ((OPERATOR.account_id, OPERATOR.name), Actor.OPERATOR, "2024-001")


async def test_each_change_of_a_contract_has_a_log_line_and_what_changes_nothing_none(
    bench: Workbench, told: list[dict[str, Any]]
) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    await bench.hold(contract_of(contractor))
    await bench.hold(contract_of(contractor))
    with pytest.raises(ActionRefused):
        await bench.ask(contractor, Action.TERMINATE)
    lines = [event for event in told if event["event"] == "contract changed"]
    assert [(line["action"], line["account_id"]) for line in lines] == [
        (Action.TERMINATE, contractor.account_id),
        (Action.HOLD_ERASURE, OPERATOR.account_id),
    ]


async def test_pages_follow_each_other_without_gap_and_repetition(bench: Workbench) -> None:
    await history(bench)
    everything = await find_entries(LogFilter(), MANY)
    read: list[LogEntry] = []
    while page := await find_entries(LogFilter(), 2, cursor_of(read[-1]) if read else None):
        read += page
    assert read == everything


async def test_an_erased_account_keeps_its_id_without_a_name(bench: Workbench) -> None:
    contract, contractor = await history(bench)
    await sql("DELETE FROM account WHERE id = $1", contractor)
    entries = await find_entries(LogFilter(contract_id=contract, account_id=contractor), MANY)
    assert {entry.account for entry in entries} == {(contractor, None)}


async def test_the_last_log_ins_of_an_account_are_its_own(bench: Workbench) -> None:
    assert bench
    account = uuid4()
    for action in (AuditAction.LOGGED_IN, AuditAction.LOGGED_OUT, AuditAction.LOGGED_IN):
        await record(action, account_id=account)
    await record(AuditAction.LOGGED_IN, account_id=uuid4())
    await record(AuditAction.LOG_IN_FAILED, about_id=account)
    newest, oldest = await find_log_ins(account, 10)
    assert newest.at > oldest.at
    assert await find_log_ins(account, 1) == [newest]
