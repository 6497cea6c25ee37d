"""Finding, locking and saving contracts."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from contract_rules import Facts
from contract_server.clock import Clock
from contract_server.contracts.models import Contract, TerminationApplication
from contract_server.contracts.snapshot import (
    APPLICATION_IN_FORCE,
    SNAPSHOT_COLUMNS,
    ContractSnapshot,
    application_columns,
    contract_columns,
    snapshot_of,
)
from contract_server.db.rows import Insert, Update, write_rows
from contract_server.db.statements import fetch

_FIND = f"""
    SELECT {SNAPSHOT_COLUMNS}{{more}} FROM contract {APPLICATION_IN_FORCE}
     WHERE contract.id = ANY ($1) ORDER BY contract.id
"""  # noqa: S608 - our own columns
_LOCK = "SELECT id FROM contract WHERE id = ANY ($1) ORDER BY id FOR UPDATE"


async def find_snapshot(contract_id: UUID) -> ContractSnapshot | None:
    """The contract as it stands, not locked: to be shown."""
    return (await find_snapshots([contract_id])).get(contract_id)


async def find_snapshots(contract_ids: Sequence[UUID]) -> dict[UUID, ContractSnapshot]:
    """The contracts among `contract_ids` that exist, in one statement however many they are."""
    return {row["contract_id"]: snapshot_of(row) for row in await fetch(_FIND.format(more=""), contract_ids)}


async def lock_snapshot(contract_id: UUID, *, skip_locked: bool = False) -> ContractSnapshot | None:
    """The contract as it stands, locked until the transaction ends: to be changed.

    With `skip_locked`, None also where somebody else has it locked.
    """
    locked = await _lock([contract_id], skip_locked=skip_locked)
    return await find_snapshot(contract_id) if locked else None


async def lock_snapshots(
    contract_ids: Sequence[UUID], clock: Clock, *, skip_locked: bool = False
) -> tuple[dict[UUID, ContractSnapshot], datetime]:
    """Those of the contracts that exist, as they stand, locked until the transaction ends; and an instant after that.

    They are read by a statement of its own: one that waited for a lock shows what else belongs to a contract as it was
    before the wait. The clock is read with them, because each way to the database and back counts where many are due.
    """
    locked = await _lock(contract_ids, skip_locked=skip_locked)
    if not locked:
        return {}, await clock.now()
    rows = await fetch(_FIND.format(more=f", {clock.sql} AS now"), locked)
    return {row["contract_id"]: snapshot_of(row) for row in rows}, rows[0]["now"]


async def _lock(contract_ids: Sequence[UUID], *, skip_locked: bool) -> list[UUID]:
    """Everybody who waits for several does so in the order of their ids, so that nobody waits in a circle."""
    rows = await fetch(_LOCK + (" SKIP LOCKED" if skip_locked else ""), contract_ids)
    return [row["id"] for row in rows]


async def save_snapshot(before: ContractSnapshot, after: ContractSnapshot, now: datetime) -> ContractSnapshot:
    """Store what has changed of a locked contract. A new application is given its id here.

    Returns:
        `after`, with the id of its application.
    """
    if before.facts.application and before.facts.application != after.facts.application:
        await TerminationApplication.filter(id=before.application_id).update(withdrawn_at=now)
    if after.facts.application and before.facts.application != after.facts.application:
        after = replace(after, application_id=uuid7())
        await write_rows(Insert(TerminationApplication, [application_columns(after)]))
    await write_rows(*changes_to_store([(before, after)], now))
    return after


def changes_to_store(changed: Iterable[tuple[ContractSnapshot, ContractSnapshot]], now: datetime) -> list[Update]:
    """What is to be written where locked contracts have changed, before and after, and keep their applications."""
    changed = list(changed)
    ended = [after.application_id for before, after in changed if _ends_service(before.facts, after.facts)]
    return [
        Update(Contract, [{"id": after.id, **contract_columns(after, now)} for _, after in changed]),
        Update(TerminationApplication, [{"id": each, "service_ended_at": now} for each in ended]),
    ]


def _ends_service(before: Facts, after: Facts) -> bool:
    return after.service_ended and not before.service_ended
