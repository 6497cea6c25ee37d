"""Erasing everything personal of a contract: never a moment early, never forgotten, and in steps that survive a crash.

Theory. A job that is scheduled for day 46 can be lost, run twice, or run for an application that was taken back.
So nothing is scheduled: the contract's due column says that an erasure is owed, and a sweep finds it, however late.
Each step locks the contract and asks the rules again before it destroys anything; a hold that was placed, or an
application that was taken back, a moment ago stops it there. The ledger says that the erasure has begun before
anything is gone, and says that it is finished in the same transaction in which the last of it goes and the rest is
counted to be nothing. A step that is repeated finds less to do.
"""

from collections import Counter
from importlib.metadata import version
from uuid import UUID

from contract_rules import Action, Actor, Refused, decide
from contract_server.clock import Clock
from contract_server.contracts.changes import ContractChanges
from contract_server.contracts.classification import TABLES, OnErasure, Table
from contract_server.contracts.models import ErasureRecord
from contract_server.contracts.policies import ServedPolicies
from contract_server.contracts.snapshot import ContractSnapshot, lock_snapshot
from contract_server.db.transaction import current_connection, transaction
from contract_server.logs import get_logger

log = get_logger(__name__)


class ErasureIncomplete(Exception):
    """Something personal was left when an erasure was to be called finished: it is rolled back and tried again."""


class Erasures:
    """Erases contracts whose time has come."""

    def __init__(self, clock: Clock, policies: ServedPolicies, changes: ContractChanges, batch: int) -> None:
        self._clock = clock
        self._policies = policies
        self._changes = changes
        self._batch = batch

    async def erase(self, contract_id: UUID, *, skip_locked: bool = False) -> bool:
        """Erase the contract, if the rules say so at this moment.

        Returns:
            Whether it is erased now. False where the rules say no, or somebody else is at it.
        """
        if not await self._begin(contract_id, skip_locked=skip_locked):
            return False
        while await self._erase_members(contract_id):
            pass
        return await self._finish(contract_id)

    async def _begin(self, contract_id: UUID, *, skip_locked: bool) -> bool:
        async with transaction():
            contract = await self._lock_if_due(contract_id, skip_locked=skip_locked)
            if contract is None or contract.facts.application is None:
                return False
            timeline = contract.facts.application.timeline
            await ErasureRecord.get_or_create(
                contract_id=contract_id,
                defaults={
                    "application_id": contract.application_id,
                    "policy_version": timeline.policy_version,
                    "due_at": timeline.erasure.at,
                    "started_at": await self._clock.now(),
                    "code_version": version("contract-server"),
                },
            )
        return True

    async def _erase_members(self, contract_id: UUID) -> bool:
        """Delete the next batch of members. True as long as there may be more."""
        async with transaction():
            contract = await self._lock_if_due(contract_id)
            if contract is None:
                return False
            gone, _ = await current_connection().execute_query(
                "DELETE FROM member WHERE ctid = ANY (ARRAY(SELECT ctid FROM member WHERE contract_id = $1 LIMIT $2))",
                [contract_id, self._batch],
            )
            await _add_to_ledger(contract_id, Counter(member=gone))
        return gone == self._batch

    async def _finish(self, contract_id: UUID) -> bool:
        async with transaction():
            contract = await self._lock_if_due(contract_id)
            if contract is None:
                return False
            await _add_to_ledger(contract_id, await _erase_rows(contract_id))
            if left := await personal_rows_left(contract_id):
                raise ErasureIncomplete(", ".join(sorted(left)))
            erased = await self._changes.apply(contract, Action.ERASE, Actor.SYSTEM)
            await ErasureRecord.filter(contract_id=contract_id).update(finished_at=erased.at)
        log.info("erased", contract_id=contract_id, application_id=contract.application_id)
        return True

    async def _lock_if_due(self, contract_id: UUID, *, skip_locked: bool = False) -> ContractSnapshot | None:
        contract = await lock_snapshot(contract_id, skip_locked=skip_locked)
        if contract is None:
            return None
        now = await self._clock.now()
        decision = decide(self._policies.in_force_at(now), contract.facts, Action.ERASE, Actor.SYSTEM, now)
        return None if isinstance(decision, Refused) else contract


async def personal_rows_left(contract_id: UUID) -> dict[str, int]:
    """What is still there of an erased contract that should be gone: rows by table, and nothing is the right answer."""
    left = {}
    for name, table in TABLES.items():
        if table.on_erasure is OnErasure.KEEP or table.belongs is None:
            continue
        rows = await current_connection().execute_query_dict(
            f"SELECT count(*) AS rows FROM {name} WHERE {table.belongs} AND ({_filled(table)})",  # noqa: S608 - our own names
            [contract_id],
        )
        if rows[0]["rows"]:
            left[name] = rows[0]["rows"]
    return left


async def _erase_rows(contract_id: UUID) -> Counter[str]:
    """Do to every table what the classification says."""
    gone: Counter[str] = Counter()
    for name, table in TABLES.items():
        match table.on_erasure:
            case OnErasure.DELETE:
                statement = f"DELETE FROM {name} WHERE {table.belongs}"  # noqa: S608 - our own names
            case OnErasure.EMPTY:
                emptied = ", ".join(f"{column} = NULL" for column in sorted(table.emptied))
                statement = f"UPDATE {name} SET {emptied} WHERE {table.belongs} AND ({_filled(table)})"  # noqa: S608 - our own names
            case OnErasure.KEEP:
                continue
        gone[name], _ = await current_connection().execute_query(statement, [contract_id])
    return gone


def _filled(table: Table) -> str:
    """The SQL condition under which a row still has something that erasure takes."""
    return " OR ".join(f"{column} IS NOT NULL" for column in sorted(table.emptied)) or "true"


async def _add_to_ledger(contract_id: UUID, gone: Counter[str]) -> None:
    record = await ErasureRecord.get(contract_id=contract_id)
    record.erased_rows = dict(Counter(record.erased_rows) + gone)
    await record.save(update_fields=["erased_rows"])
