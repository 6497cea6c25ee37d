"""Finding, locking and saving contracts."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from contract_rules import Facts
from contract_server.contracts.models import Contract, TerminationApplication
from contract_server.contracts.snapshot import (
    APPLICATION_IN_FORCE,
    SNAPSHOT_COLUMNS,
    ContractSnapshot,
    application_columns,
    contract_columns,
    snapshot_of,
)
from contract_server.db.rows import insert_rows, update_rows
from contract_server.db.statements import fetch

_FIND = f"""
    SELECT {SNAPSHOT_COLUMNS} FROM contract {APPLICATION_IN_FORCE} WHERE contract.id = ANY ($1) ORDER BY contract.id
"""  # noqa: S608 - our own columns
_LOCK = "SELECT id FROM contract WHERE id = ANY ($1) ORDER BY id FOR UPDATE"


async def find_snapshot(contract_id: UUID) -> ContractSnapshot | None:
    """The contract as it stands, not locked: to be shown."""
    return (await find_snapshots([contract_id])).get(contract_id)


async def find_snapshots(contract_ids: Sequence[UUID]) -> dict[UUID, ContractSnapshot]:
    """The contracts among `contract_ids` that exist, in one statement however many they are."""
    return {row["contract_id"]: snapshot_of(row) for row in await fetch(_FIND, contract_ids)}


async def lock_snapshot(contract_id: UUID, *, skip_locked: bool = False) -> ContractSnapshot | None:
    """The contract as it stands, locked until the transaction ends: to be changed.

    With `skip_locked`, None also where somebody else has it locked.
    """
    return (await lock_snapshots([contract_id], skip_locked=skip_locked)).get(contract_id)


async def lock_snapshots(contract_ids: Sequence[UUID], *, skip_locked: bool = False) -> dict[UUID, ContractSnapshot]:
    """Those of the contracts that exist, as they stand, locked until the transaction ends.

    Everybody who locks several does so in the order of their ids, so that nobody waits in a circle. They are read by a
    statement of its own: one that waited for a lock shows what else belongs to a contract as it was before the wait.
    """
    locked = await fetch(_LOCK + (" SKIP LOCKED" if skip_locked else ""), contract_ids)
    return await find_snapshots([row["id"] for row in locked]) if locked else {}


async def save_snapshot(before: ContractSnapshot, after: ContractSnapshot, now: datetime) -> ContractSnapshot:
    """Store what has changed of a locked contract. A new application is given its id here.

    Returns:
        `after`, with the id of its application.
    """
    if before.facts.application and before.facts.application != after.facts.application:
        await TerminationApplication.filter(id=before.application_id).update(withdrawn_at=now)
    if after.facts.application and before.facts.application != after.facts.application:
        after = replace(after, application_id=uuid7())
        await insert_rows(TerminationApplication, [application_columns(after)])
    await save_snapshots([(before, after)], now)
    return after


async def save_snapshots(changed: Iterable[tuple[ContractSnapshot, ContractSnapshot]], now: datetime) -> None:
    """Store what has changed, before and after, of several locked contracts that keep the applications they have."""
    changed = list(changed)
    await update_rows(Contract, [{"id": after.id, **contract_columns(after, now)} for _, after in changed])
    ended = [after.application_id for before, after in changed if _ends_service(before.facts, after.facts)]
    if ended:
        await TerminationApplication.filter(id__in=ended).update(service_ended_at=now)


def _ends_service(before: Facts, after: Facts) -> bool:
    return after.service_ended and not before.service_ended
