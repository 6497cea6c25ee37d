"""Everything personal of a contract goes: never early, never in part for ever, never of another."""

from datetime import datetime, timedelta

import pytest
from tests.server.contracts.workbench import (
    APPLIED_AT,
    ERASURE_DUE_AT,
    MICROSECOND,
    Workbench,
    contract_of,
    everything_stored,
    fail_when,
    status_of,
    stop_interfering,
)

from contract_rules import Action, Status
from contract_server.contracts.erasure import personal_rows_left
from contract_server.contracts.models import Contract, ErasureRecord, Member

THE_SECOND_BATCH = "EXISTS (SELECT FROM erasure_record WHERE contract_id = OLD.contract_id AND erased_rows ? 'member')"


async def test_nothing_is_erased_a_microsecond_early(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT - MICROSECOND
    await bench.schedule.run_due()
    before = await everything_stored()
    assert not await bench.erasures.erase(contract_id)
    assert await everything_stored() == before
    assert await status_of(contract_id) is Status.TERMINATED

    bench.clock.instant = ERASURE_DUE_AT
    assert await bench.erasures.erase(contract_id)
    assert await status_of(contract_id) is Status.ERASED
    assert await personal_rows_left(contract_id) == {}


async def test_the_ledger_tells_what_was_erased_when_and_on_what_grounds(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract(members=5)
    late = bench.clock.instant = ERASURE_DUE_AT + timedelta(days=3)
    await bench.schedule.run_due()
    record = await ErasureRecord.get(contract_id=contract_id)
    assert (record.due_at, record.started_at, record.finished_at) == (ERASURE_DUE_AT, late, late)
    assert record.erased_rows == {"member": 5, "outbox_mail": 1, "account": 1, "company": 1}
    assert (await Contract.get(id=contract_id)).erased_at == late


@pytest.mark.parametrize("held_at", [APPLIED_AT, ERASURE_DUE_AT - MICROSECOND, ERASURE_DUE_AT])
async def test_a_hold_postpones_erasure_until_it_is_released(bench: Workbench, held_at: datetime) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = held_at
    await bench.hold(contract_id)
    bench.clock.instant = ERASURE_DUE_AT + timedelta(days=100)
    await bench.schedule.run_due()
    assert not await bench.erasures.erase(contract_id)
    assert await Member.filter(contract_id=contract_id).count() == 3

    await bench.release(contract_id)
    await bench.schedule.run_due()
    assert await status_of(contract_id) is Status.ERASED


async def test_an_interrupted_erasure_is_completed_by_the_next_sweep_and_counted_exactly(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract(members=5)
    bench.clock.instant = ERASURE_DUE_AT
    await fail_when("member", "DELETE", THE_SECOND_BATCH)
    assert (await bench.schedule.run_due()).failed == {contract_id}
    record = await ErasureRecord.get(contract_id=contract_id)
    assert (record.started_at, record.finished_at) == (ERASURE_DUE_AT, None)
    assert record.erased_rows == {"member": 2}
    assert await Member.filter(contract_id=contract_id).count() == 3
    assert await status_of(contract_id) is Status.TERMINATED

    await stop_interfering()
    bench.clock.instant += timedelta(hours=1)
    assert (await bench.schedule.run_due()).failed == set()
    record = await ErasureRecord.get(contract_id=contract_id)
    assert (record.started_at, record.finished_at) == (ERASURE_DUE_AT, ERASURE_DUE_AT + timedelta(hours=1))
    assert record.erased_rows == {"member": 5, "outbox_mail": 1, "account": 1, "company": 1}
    assert await personal_rows_left(contract_id) == {}


async def test_a_hold_stops_an_erasure_that_was_interrupted(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract(members=5)
    bench.clock.instant = ERASURE_DUE_AT
    await fail_when("member", "DELETE", THE_SECOND_BATCH)
    await bench.schedule.run_due()
    await stop_interfering()
    await bench.hold(contract_id)
    await bench.schedule.run_due()
    assert await Member.filter(contract_id=contract_id).count() == 3


async def test_erasing_again_changes_nothing(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT
    await bench.schedule.run_due()
    erased = await everything_stored()
    bench.clock.instant += timedelta(days=1)
    assert not await bench.erasures.erase(contract_id)
    await bench.schedule.run_due()
    assert await everything_stored() == erased


async def test_a_resumed_contract_is_not_touched(bench: Workbench) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    await bench.ask(contractor, Action.RESUME)
    resumed = await everything_stored()
    bench.clock.instant = ERASURE_DUE_AT + timedelta(days=400)
    assert not await bench.erasures.erase(contract_of(contractor))
    assert (await bench.schedule.run_due()).done == 0
    assert await everything_stored() == resumed


async def test_other_contracts_keep_every_byte(bench: Workbench) -> None:
    await bench.contract()
    bench.clock.instant = ERASURE_DUE_AT - timedelta(days=1)
    await bench.terminated_contract()
    others = await everything_stored()

    bench.clock.instant = APPLIED_AT
    erased = await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT
    await bench.schedule.run_due()
    assert await status_of(erased) is Status.ERASED
    stored = await everything_stored()
    assert [row for name, rows in others.items() for row in rows if row not in stored[name]] == []
