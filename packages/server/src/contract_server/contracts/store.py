"""Find and lock contracts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contract_server.clock import Clock
from contract_server.contracts.snapshot import APPLICATION_IN_FORCE, SNAPSHOT_COLUMNS, ContractSnapshot, snapshot_of
from contract_server.db.statements import fetch

_FIND = f"""
    SELECT {SNAPSHOT_COLUMNS}{{more}} FROM contract {APPLICATION_IN_FORCE}
     WHERE contract.id = ANY ($1) ORDER BY contract.id
"""  # noqa: S608 - our own columns
_LOCK = "SELECT id FROM contract WHERE id = ANY ($1) ORDER BY id FOR UPDATE"


async def find_snapshot(contract_id: UUID) -> ContractSnapshot | None:
    """Find a contract, not locked."""
    return (await find_snapshots([contract_id])).get(contract_id)


async def find_snapshots(contract_ids: Sequence[UUID]) -> dict[UUID, ContractSnapshot]:
    """Find the contracts that exist, in one statement."""
    return {row["contract_id"]: snapshot_of(row) for row in await fetch(_FIND.format(more=""), contract_ids)}


async def lock_snapshot(contract_id: UUID, *, skip_locked: bool = False) -> ContractSnapshot | None:
    """Find a contract and lock it until the transaction ends.

    With `skip_locked`, a contract that another transaction has locked is None.
    """
    locked = await _lock([contract_id], skip_locked=skip_locked)
    return await find_snapshot(contract_id) if locked else None


async def lock_snapshots(
    contract_ids: Sequence[UUID], clock: Clock, *, skip_locked: bool = False
) -> tuple[dict[UUID, ContractSnapshot], datetime]:
    """Find the contracts that exist, lock them until the transaction ends, and read the clock after that.

    A separate statement reads them: one that waited for a lock would show their other tables as they were before the
    wait. It reads the clock too, because round trips count if many contracts are due.
    """
    locked = await _lock(contract_ids, skip_locked=skip_locked)
    if not locked:
        return {}, await clock.now()
    rows = await fetch(_FIND.format(more=f", {clock.sql} AS now"), locked)
    return {row["contract_id"]: snapshot_of(row) for row in rows}, rows[0]["now"]


async def _lock(contract_ids: Sequence[UUID], *, skip_locked: bool) -> list[UUID]:
    """Lock in the order of the ids, so that two transactions never wait for each other."""
    rows = await fetch(_LOCK + (" SKIP LOCKED" if skip_locked else ""), contract_ids)
    return [row["id"] for row in rows]
