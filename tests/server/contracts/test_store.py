"""Contracts are found as they stand, and locked in one order."""

from uuid import uuid4

import asyncpg
import pytest
from tests.server.workbench import Workbench, contract_of

from contract_rules import Status
from contract_server.contracts.store import find_snapshot, find_snapshots, lock_snapshot, lock_snapshots
from contract_server.db.transaction import transaction


async def test_a_contract_that_does_not_exist_is_not_found(bench: Workbench) -> None:
    known = contract_of(await bench.contract())
    assert await find_snapshot(uuid4()) is None
    assert (await find_snapshots([uuid4(), known])).keys() == {known}


async def test_a_snapshot_has_the_application_in_force(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    contract = await find_snapshot(contract_id)
    assert contract is not None
    assert (contract.facts.status, contract.facts.version) == (Status.TERMINATED, 2)
    assert contract.facts.application is not None
    assert contract.application_id is not None


async def test_a_contract_that_another_transaction_has_locked_is_passed_over(bench: Workbench) -> None:
    locked, free = contract_of(await bench.contract()), contract_of(await bench.contract())
    other = await asyncpg.connect(bench.settings.database_url.get_secret_value())
    try:
        await other.execute("BEGIN")
        await other.execute("SELECT FROM contract WHERE id = $1 FOR UPDATE", locked)
        async with transaction():
            assert await lock_snapshot(locked, skip_locked=True) is None
            found, now = await lock_snapshots([locked, free], bench.clock, skip_locked=True)
            assert found.keys() == {free}
            assert now == bench.clock.instant
    finally:
        await other.close()


@pytest.mark.parametrize("count", [0, 1])
async def test_the_clock_is_read_also_where_nothing_is_locked(bench: Workbench, count: int) -> None:
    async with transaction():
        found, now = await lock_snapshots([uuid4() for _ in range(count)], bench.clock)
    assert (found, now) == ({}, bench.clock.instant)
