"""A request that is granted in one statement leaves what the locked way leaves, and gives way to it in any doubt."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests.locks import until_a_lock_is_awaited
from tests.server.workbench import APPLIED_AT, Workbench, contract_of, sql

from contract_rules import Action, EventType, Status
from contract_server.accounts.viewer import Viewer
from contract_server.clock import DatabaseClock
from contract_server.contracts.models import (
    Contract,
    ContractEvent,
    IdempotentAnswer,
    TerminationApplication,
    TerminationReason,
)
from contract_server.contracts.optimistic import OptimisticWrite, write_unless_changed
from contract_server.contracts.result import ActionRefused, ActionResult, IdempotencyKeyReused
from contract_server.contracts.service import ContractRequest
from contract_server.contracts.store import find_snapshot
from contract_server.contracts.viewer_contract import ViewerContract
from contract_server.db.rows import Update
from contract_server.mail.models import OutboxMail


async def viewer_contract(bench: Workbench, contractor: Viewer) -> ViewerContract:
    """The contractor, and their contract as it is now."""
    return ViewerContract(contractor, bench.clock.instant, await find_snapshot(contract_of(contractor)), None)


def request(contractor: Viewer, action: Action) -> ContractRequest:
    reason = TerminationReason.TOO_EXPENSIVE if action is Action.TERMINATE else None
    return ContractRequest(action=action, contract_id=contract_of(contractor), reason=reason)


async def ask_at_once(bench: Workbench, contractor: Viewer, action: Action, key: str | None = None) -> ActionResult:
    return await bench.requests.execute(
        contractor, request(contractor, action), key, viewer_contract=await viewer_contract(bench, contractor)
    )


async def stored(contractor: Viewer) -> list[list[dict[str, Any]]]:
    """All that is known of a contract, without the ids that are nobody else's."""
    contract_id = contract_of(contractor)
    tables = (
        ("contract", "id"),
        ("termination_application", "contract_id"),
        ("contract_event", "contract_id"),
        ("outbox_mail", "contract_id"),
    )
    found = [
        await sql(f"SELECT * FROM {table} WHERE {column} = $1 ORDER BY id", contract_id)  # noqa: S608 - our own names
        for table, column in tables
    ]
    found.append(await sql("SELECT * FROM idempotent_answer WHERE account_id = $1 ORDER BY id", contractor.account_id))
    own = {
        "id",
        "receipt_number",
        "contract_id",
        "application_id",
        "account_id",
        "recipient",
        "answered_at",
        "input_hash",
        "answer",
    }
    return [
        [
            {name: str(value).replace(str(contract_id), "-") for name, value in row.items() if name not in own}
            for row in rows
        ]
        for rows in found
    ]


async def test_both_ways_leave_the_same_rows(bench: Workbench) -> None:
    locked, at_once = await bench.contract(), await bench.contract()
    for action, later in ((Action.TERMINATE, timedelta()), (Action.RESUME, timedelta(days=3))):
        bench.clock.instant = APPLIED_AT + later
        slow = await bench.requests.execute(locked, request(locked, action), f"key-{action}")
        quick = await ask_at_once(bench, at_once, action, f"key-{action}")
        assert quick.contract.facts == slow.contract.facts
        assert quick.at == slow.at
        assert await stored(at_once) == await stored(locked)
    assert await OutboxMail.filter(contract_id=contract_of(at_once)).count() == 2


async def test_an_event_and_its_application_belong_together(bench: Workbench) -> None:
    contractor = await bench.contract()
    answer = await ask_at_once(bench, contractor, Action.TERMINATE)
    await ask_at_once(bench, contractor, Action.RESUME)
    application = await TerminationApplication.get(contract_id=contract_of(contractor))
    assert application.id == answer.contract.application_id
    events = ContractEvent.filter(contract_id=contract_of(contractor)).exclude(type=EventType.STARTED)
    assert {event.application_id for event in await events} == {application.id}


async def test_the_same_key_gives_the_first_answer_again(bench: Workbench) -> None:
    contractor = await bench.contract()
    first = await ask_at_once(bench, contractor, Action.TERMINATE, "once")
    assert await ask_at_once(bench, contractor, Action.TERMINATE, "once") == first
    with pytest.raises(IdempotencyKeyReused):
        await ask_at_once(bench, contractor, Action.RESUME, "once")
    assert await IdempotentAnswer.all().count() == 1


async def test_a_key_counts_for_more_than_what_the_rules_would_grant_by_now(bench: Workbench) -> None:
    contractor = await bench.contract()
    first = await ask_at_once(bench, contractor, Action.TERMINATE, "once")
    await ask_at_once(bench, contractor, Action.RESUME)
    before = await stored(contractor)
    assert await ask_at_once(bench, contractor, Action.TERMINATE, "once") == first
    assert await stored(contractor) == before


async def test_what_the_rules_refuse_is_refused_as_ever_and_leaves_nothing(bench: Workbench) -> None:
    contractor = await bench.contract()
    before = await stored(contractor)
    with pytest.raises(ActionRefused):
        await ask_at_once(bench, contractor, Action.RESUME)
    assert await stored(contractor) == before


async def test_a_contract_that_has_changed_since_it_was_read_is_read_again(bench: Workbench) -> None:
    contractor = await bench.contract()
    await ask_at_once(bench, contractor, Action.TERMINATE)
    read_before = await viewer_contract(bench, contractor)
    await ask_at_once(bench, contractor, Action.RESUME)
    second = await ask_at_once(bench, contractor, Action.TERMINATE)
    resumed = await bench.requests.execute(contractor, request(contractor, Action.RESUME), viewer_contract=read_before)
    assert resumed.contract.facts.version == second.contract.facts.version + 1
    assert await TerminationApplication.filter(contract_id=contract_of(contractor), withdrawn_at=None).count() == 0


async def test_of_two_who_have_read_the_same_one_is_granted(bench: Workbench) -> None:
    for _ in range(20):
        contractor = await bench.contract()
        seen = await viewer_contract(bench, contractor)
        ask = request(contractor, Action.TERMINATE)
        answers = await asyncio.gather(
            *(bench.requests.execute(contractor, ask, viewer_contract=seen) for _ in range(3)), return_exceptions=True
        )
        assert [type(each) for each in answers if isinstance(each, Exception)] == [ActionRefused] * 2
        assert await TerminationApplication.filter(contract_id=contract_of(contractor)).count() == 1


async def test_what_holds_until_an_instant_is_not_stored_by_whoever_waits_for_the_lock_beyond_it(
    bench: Workbench,
) -> None:
    contractor = await bench.contract()
    contract = await find_snapshot(contract_of(contractor))
    assert contract is not None
    somebody = await asyncpg.connect(bench.settings.database_url.get_secret_value())
    try:
        await somebody.execute("BEGIN")
        await somebody.execute("SELECT FROM contract WHERE id = $1 FOR UPDATE", contract.id)
        now = await DatabaseClock().now()
        valid_until = now + timedelta(seconds=1)
        changed = Update(Contract, [{"id": contract.id, "version": 99}])
        write = OptimisticWrite(contract.id, contract.facts.version, valid_until, [changed])
        waiting = asyncio.create_task(write_unless_changed(write, DatabaseClock()))
        await until_a_lock_is_awaited(somebody.fetch)
        await somebody.execute("SELECT pg_sleep_until($1)", valid_until)
        await somebody.execute("ROLLBACK")
        assert await waiting is False
    finally:
        await somebody.close()
    after = await find_snapshot(contract.id)
    assert after is not None
    assert (after.facts.version, after.facts.status) == (1, Status.ACTIVE)
