"""All personal data of a contract is erased: never early, never partly, never of another contract."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from tests.server.workbench import (
    APPLIED_AT,
    ERASURE_BATCH,
    ERASURE_DUE_AT,
    MICROSECOND,
    Workbench,
    contract_of,
    everything_stored,
    fail_when,
    first_broken_link,
    interfere,
    sql,
    status_of,
    stop_interfering,
    whole_chain,
)

from contract_rules import Action, Status
from contract_server.contracts.models import Contract, Member
from contract_server.erasure.batch_size import AIM_S, LEAST
from contract_server.erasure.models import ErasureRecord
from contract_server.erasure.rows import RowsChanged, count_personal_rows

THE_SECOND_BATCH = "EXISTS (SELECT FROM erasure_record WHERE contract_id = OLD.contract_id AND erased_rows ? 'member')"


async def test_nothing_is_erased_a_microsecond_early(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT - MICROSECOND
    await bench.due_actions.run()
    before = await everything_stored()
    assert not await bench.erasures.erase(contract_id)
    assert await everything_stored() == before
    assert await status_of(contract_id) is Status.TERMINATED

    bench.clock.instant = ERASURE_DUE_AT
    assert await bench.erasures.erase(contract_id)
    assert await status_of(contract_id) is Status.ERASED
    assert await count_personal_rows([contract_id]) == {}


async def test_the_ledger_tells_what_was_erased_when_and_on_what_grounds(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract(members=5)
    late = bench.clock.instant = ERASURE_DUE_AT + timedelta(days=3)
    await bench.due_actions.run()
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
    await bench.due_actions.run()
    assert not await bench.erasures.erase(contract_id)
    assert await Member.filter(contract_id=contract_id).count() == 3

    await bench.release(contract_id)
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.ERASED


async def test_an_interrupted_erasure_is_completed_by_the_next_sweep_and_counted_exactly(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract(members=5)
    bench.clock.instant = ERASURE_DUE_AT
    await fail_when("member", "DELETE", THE_SECOND_BATCH)
    assert (await bench.due_actions.run()).failed == {contract_id}
    record = await ErasureRecord.get(contract_id=contract_id)
    assert (record.started_at, record.finished_at) == (ERASURE_DUE_AT, None)
    assert record.erased_rows == {"member": 2}
    assert await Member.filter(contract_id=contract_id).count() == 3
    assert await status_of(contract_id) is Status.TERMINATED

    await stop_interfering()
    bench.clock.instant += timedelta(hours=1)
    assert (await bench.due_actions.run()).failed == set()
    record = await ErasureRecord.get(contract_id=contract_id)
    assert (record.started_at, record.finished_at) == (ERASURE_DUE_AT, ERASURE_DUE_AT + timedelta(hours=1))
    assert record.erased_rows == {"member": 5, "outbox_mail": 1, "account": 1, "company": 1}
    assert await count_personal_rows([contract_id]) == {}


async def test_a_hold_stops_an_erasure_that_was_interrupted(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract(members=5)
    bench.clock.instant = ERASURE_DUE_AT
    await fail_when("member", "DELETE", THE_SECOND_BATCH)
    await bench.due_actions.run()
    await stop_interfering()
    await bench.hold(contract_id)
    await bench.due_actions.run()
    assert await Member.filter(contract_id=contract_id).count() == 3


async def test_erasing_again_changes_nothing(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    erased = await everything_stored()
    bench.clock.instant += timedelta(days=1)
    assert not await bench.erasures.erase(contract_id)
    await bench.due_actions.run()
    assert await everything_stored() == erased


async def test_a_resumed_contract_is_not_touched(bench: Workbench) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    await bench.ask(contractor, Action.RESUME)
    resumed = await everything_stored()
    bench.clock.instant = ERASURE_DUE_AT + timedelta(days=400)
    assert not await bench.erasures.erase(contract_of(contractor))
    assert (await bench.due_actions.run()).done == 0
    assert await everything_stored() == resumed


async def test_other_contracts_keep_every_byte(bench: Workbench) -> None:
    await bench.contract()
    bench.clock.instant = ERASURE_DUE_AT - timedelta(days=1)
    await bench.terminated_contract()
    others = await everything_stored()

    bench.clock.instant = APPLIED_AT
    erased = await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert await status_of(erased) is Status.ERASED
    stored = await everything_stored()
    assert [row for name, rows in others.items() for row in rows if row not in stored[name]] == []


@pytest.fixture
async def watched(bench: Workbench) -> AsyncIterator[None]:  # noqa: ARG001 - while there is a database
    """Record the transaction of every deletion of a member."""
    await sql("CREATE SCHEMA watch")
    await sql("CREATE TABLE watch.deleted (transaction xid8)")
    await interfere("member", "DELETE", "INSERT INTO watch.deleted VALUES (pg_current_xact_id()); RETURN OLD;")
    yield
    await sql("DROP SCHEMA watch CASCADE")


async def members_deleted() -> list[int]:
    """Count the members that each transaction deleted, largest count first."""
    rows = await sql("SELECT count(*) AS rows FROM watch.deleted GROUP BY transaction ORDER BY rows DESC")
    return [row["rows"] for row in rows]


@pytest.mark.usefixtures("watched")
async def test_small_contracts_are_erased_together_and_recorded_apart(bench: Workbench) -> None:
    ids = [await bench.terminated_contract(members=1) for _ in range(4)]
    bench.clock.instant = ERASURE_DUE_AT
    assert (await bench.erasures.erase_all(ids)).contracts == set(ids)
    assert await members_deleted() == [2, 2]
    for contract_id in ids:
        record = await ErasureRecord.get(contract_id=contract_id)
        assert record.erased_rows == {"member": 1, "outbox_mail": 1, "account": 1, "company": 1}
        assert record.batches == 1


@pytest.mark.usefixtures("watched")
async def test_no_transaction_deletes_more_members_than_a_batch(bench: Workbench) -> None:
    sizes = [0, 1, 2, 3, 4, 5, 1, 1, 2]
    ids = [await bench.terminated_contract(members=members) for members in sizes]
    bench.clock.instant = ERASURE_DUE_AT
    assert (await bench.erasures.erase_all(ids)).contracts == set(ids)
    assert await Member.all().count() == 0
    for contract_id, members in zip(ids, sizes, strict=True):
        assert (await ErasureRecord.get(contract_id=contract_id)).erased_rows.get("member", 0) == members
    assert (await members_deleted())[0] == ERASURE_BATCH


async def contract_with_many_members(bench: Workbench, members: int) -> UUID:
    """A contract that has just been terminated, whose members the database makes by itself."""
    contract_id = await bench.terminated_contract(members=0)
    await sql(
        "INSERT INTO member (id, contract_id, name, email)"
        " SELECT gen_random_uuid(), $1, '会員', number || '@example.jp' FROM generate_series(1, $2::int) AS number",
        *(contract_id, members),
    )
    return contract_id


async def test_a_slow_transaction_is_followed_by_smaller_ones(bench: Workbench) -> None:
    small, large = [await contract_with_many_members(bench, members) for members in (LEAST, 3 * LEAST)]
    bench.clock.instant = ERASURE_DUE_AT
    await interfere("company", "DELETE", f"PERFORM pg_sleep({2 * AIM_S}); RETURN OLD;")
    assert (await bench.erasures_by(batch=3 * LEAST // 2).erase_all([small, large])).contracts == {small, large}
    assert (await ErasureRecord.get(contract_id=small)).batches == 1
    assert (await ErasureRecord.get(contract_id=large)).batches > 2  # and not in halves


async def test_a_transaction_that_fails_is_tried_again_with_fewer_members(bench: Workbench) -> None:
    contract_id = await contract_with_many_members(bench, LEAST + 1)
    bench.clock.instant = ERASURE_DUE_AT
    erasures = bench.erasures_by(batch=LEAST + 1)
    await fail_when("company", "DELETE", "true")
    assert (await erasures.erase_all([contract_id])).failed.keys() == {contract_id}

    await stop_interfering()
    assert await erasures.erase(contract_id)
    assert (await ErasureRecord.get(contract_id=contract_id)).batches == 2


async def test_one_that_fails_among_others_delays_none_of_them(bench: Workbench) -> None:
    bad, *good = [await bench.terminated_contract(members=0) for _ in range(4)]
    bench.clock.instant = ERASURE_DUE_AT
    await fail_when("company", "DELETE", f"OLD.contract_id = '{bad}'")
    erased = await bench.erasures.erase_all([bad, *good])
    assert erased.contracts == set(good)
    assert erased.failed.keys() == {bad}
    assert first_broken_link(await whole_chain()) is None


async def test_an_erasure_that_deletes_fewer_members_than_it_counted_is_rolled_back(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract(members=2)
    bench.clock.instant = ERASURE_DUE_AT
    await interfere("member", "DELETE", "RETURN NULL;")  # the row stays, without an error
    erased = await bench.erasures.erase_all([contract_id])
    assert type(erased.failed[contract_id]) is RowsChanged
    assert await status_of(contract_id) is Status.TERMINATED
    assert (await ErasureRecord.get(contract_id=contract_id)).erased_rows == {}

    await stop_interfering()
    assert await bench.erasures.erase(contract_id)


async def test_each_contract_of_a_group_is_judged_by_itself(bench: Workbench) -> None:
    due, held = [await bench.terminated_contract(members=0) for _ in range(2)]
    bench.clock.instant = ERASURE_DUE_AT - timedelta(days=1)
    later = await bench.terminated_contract(members=0)
    await bench.hold(held)
    bench.clock.instant = ERASURE_DUE_AT
    assert (await bench.erasures.erase_all([due, held, later])).contracts == {due}
    assert not await ErasureRecord.exclude(contract_id=due).exists()
