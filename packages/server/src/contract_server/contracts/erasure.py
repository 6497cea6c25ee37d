"""Erasing everything personal of a contract: never a moment early, never forgotten, and in steps that survive a crash.

Theory. A job that is scheduled for day 46 can be lost, run twice, or run for an application that was taken back.
So nothing is scheduled: the contract's due column says that an erasure is owed, and a sweep finds it, however late.
Each step locks the contract and asks the rules again before it destroys anything; a hold that was placed, or an
application that was taken back, a moment ago stops it there. The ledger says that the erasure has begun before
anything is gone, in the database and outside of it, and the evidence is sealed in the same transaction in which the
last of it goes and the rest is counted to be nothing. A step that is repeated finds less to do.

Many small contracts are erased in one transaction, so long as that destroys no more rows than a batch; of a large one,
so many members at a time go first. Whatever the company, each contract is judged under its own lock and has its own
record; where one fails, the others are taken one by one.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any, TypeVar
from uuid import UUID

from contract_rules import Action, Actor, Refused, decide
from contract_server.clock import Clock
from contract_server.contracts.changes import ContractChanges
from contract_server.contracts.classification import TABLES, Table
from contract_server.contracts.evidence import evidence_of, save_sealed, seal
from contract_server.contracts.ledger import Ledger, LedgerApplication, LedgerEntry, LedgerUnavailable, Step
from contract_server.contracts.models import ErasureRecord
from contract_server.contracts.personal_rows import count_members, erase_rows, erase_some_members, personal_rows_left
from contract_server.contracts.policies import ServedPolicies
from contract_server.contracts.snapshot import ContractSnapshot, lock_snapshots
from contract_server.db.availability import is_unavailable
from contract_server.db.transaction import transaction
from contract_server.logs import get_logger

log = get_logger(__name__)

AT_ONCE = 2
"""Transactions that erase side by side: while the database works at one, the next is made ready."""

Done = TypeVar("Done")


class ErasureIncomplete(Exception):
    """Something personal was left when an erasure was to be called finished: it is rolled back and tried again."""


@dataclass(slots=True)
class Erased:
    """What became of contracts that were to be erased; those named nowhere were refused by the rules, or left."""

    contracts: set[UUID] = field(default_factory=set)
    failed: dict[UUID, Exception] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Patience:
    """How contracts are gone about: whether those that somebody has locked are passed over, and until when."""

    skip_locked: bool = False
    ends_at: float = math.inf

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self.ends_at


class Erasures:
    """Erases contracts whose time has come."""

    def __init__(
        self,
        clock: Clock,
        policies: ServedPolicies,
        changes: ContractChanges,
        ledger: Ledger,
        batch: int,
        *,
        tables: Mapping[str, Table] = TABLES,
    ) -> None:
        self._clock = clock
        self._policies = policies
        self._changes = changes
        self._ledger = ledger
        self._batch = batch
        self._tables = tables

    async def erase(self, contract_id: UUID, *, replayed: bool = False) -> bool:
        """Erase the contract, if the rules say so at this moment.

        Returns:
            Whether it is erased now. False where the rules say no.

        Raises:
            LedgerUnavailable: The ledger outside the database cannot be written; nothing is destroyed.
        """
        erased = await self.erase_all([contract_id], replayed=replayed)
        for error in erased.failed.values():
            raise error
        return contract_id in erased.contracts

    async def erase_all(
        self, contract_ids: Sequence[UUID], patience: Patience = Patience(), *, replayed: bool = False
    ) -> Erased:
        """Erase those of the contracts of which the rules say so at this moment; one that fails delays no other.

        Raises:
            LedgerUnavailable: The ledger outside the database cannot be written; nothing is destroyed.
        """
        erased = Erased()

        async def begin(ids: Sequence[UUID]) -> list[tuple[UUID, int]]:
            return await self._begin(ids, patience, replayed=replayed)

        async def shrink(ids: Sequence[UUID]) -> list[tuple[UUID, int]]:
            return [(each, await self._shrink(each, patience)) for each in ids]

        async def finish(ids: Sequence[UUID]) -> list[LedgerEntry]:
            return await self._finish(ids, patience)

        begun = await _together(begin, contract_ids, erased)
        large = [contract_id for contract_id, members in begun if members > self._batch]
        shrunk = [each for contract_id in large for each in await _together(shrink, [contract_id], erased)]
        ready = [each for each in begun + shrunk if each[1] <= self._batch]
        side_by_side = asyncio.Semaphore(AT_ONCE)

        async def finish_in_turn(ids: Sequence[UUID]) -> list[LedgerEntry]:
            async with side_by_side:
                return [] if patience.over else await _together(finish, ids, erased)

        turns = map(finish_in_turn, _groups(ready, self._batch))
        outcomes = await asyncio.gather(*turns, return_exceptions=True)
        entries = [entry for outcome in outcomes if not isinstance(outcome, BaseException) for entry in outcome]
        await self._note_finished(entries)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):  # the database is gone, for all of them
                raise outcome
        erased.contracts = {entry.contract_id for entry in entries}
        erased.complete = not patience.over
        return erased

    async def _begin(self, ids: Sequence[UUID], patience: Patience, *, replayed: bool) -> list[tuple[UUID, int]]:
        """Write down that erasures begin; those of which the rules say so, and how many members are to be deleted."""
        async with transaction():
            due = await self._lock_due(ids, patience)
            known = {record.contract_id: record for record in await ErasureRecord.filter(contract_id__in=list(due))}
            unwritten = [each for each in due if each not in known or known[each].ledger_file is None]
            now = await self._clock.now()
            file = await self._ledger.write([_entry(due[each], Step.BEGUN) for each in unwritten], now)
            await ErasureRecord.filter(contract_id__in=list(known.keys() & unwritten)).update(ledger_file=file)
            if replayed:
                await ErasureRecord.filter(contract_id__in=list(known)).update(replayed=True)
            await ErasureRecord.bulk_create(
                ErasureRecord(**_begun(due[each], now), ledger_file=file, replayed=replayed)
                for each in unwritten
                if each not in known
            )
            to_delete = await count_members(list(due)) if "member" in self._tables else dict.fromkeys(due, 0)
        return list(to_delete.items())

    async def _shrink(self, contract_id: UUID, patience: Patience) -> int:
        """Delete members of a large contract, a batch at a time, until the rest fits one; how many may be left."""
        gone = self._batch
        while gone == self._batch and not patience.over:
            async with transaction():
                if not await self._lock_due([contract_id], patience):
                    break
                gone = await erase_some_members(contract_id, self._batch)
                record = await ErasureRecord.get(contract_id=contract_id)
                _add(record, Counter(member=gone))
                await record.save(update_fields=["erased_rows", "batches"])
        return 0 if gone < self._batch else self._batch + 1

    async def _finish(self, ids: Sequence[UUID], patience: Patience) -> list[LedgerEntry]:
        """Erase all that there is of the contracts, see that it is gone, and seal the evidence."""
        async with transaction():
            due = await self._lock_due(ids, patience)
            if not due:
                return []
            gone = await erase_rows(list(due), self._tables)
            if left := await personal_rows_left(list(due), self._tables):
                raise ErasureIncomplete(", ".join(sorted({name for rows in left.values() for name in rows})))
            answers = await self._changes.apply_to_all(list(due.values()), Action.ERASE, Actor.SYSTEM)
            records = await ErasureRecord.filter(contract_id__in=list(due)).order_by("contract_id")
            for record in records:
                _add(record, gone.get(record.contract_id, Counter()))
                record.rows_left = {}
                record.finished_at = answers[record.contract_id].at
            await seal(records)
            await save_sealed(records)
        for contract in due.values():
            log.info("erased", contract_id=contract.id, application_id=contract.application_id)
        return [_entry(due[each.contract_id], Step.FINISHED, dict(evidence_of(each))) for each in records]

    async def _note_finished(self, entries: Sequence[LedgerEntry]) -> None:
        """Put the evidence into the ledger outside, too: there it is safe from whoever can write to the database."""
        try:
            await self._ledger.write(entries, await self._clock.now())
        except LedgerUnavailable:
            log.exception("evidence not copied", contract_ids=[str(entry.contract_id) for entry in entries])

    async def _lock_due(self, ids: Sequence[UUID], patience: Patience) -> dict[UUID, ContractSnapshot]:
        """Those of the contracts that the rules let be erased at this moment, locked."""
        locked = await lock_snapshots(ids, skip_locked=patience.skip_locked)
        now = await self._clock.now()
        policy = self._policies.in_force_at(now)
        return {
            contract.id: contract
            for contract in locked
            if not isinstance(decide(policy, contract.facts, Action.ERASE, Actor.SYSTEM, now), Refused)
        }


async def _together(
    step: Callable[[Sequence[UUID]], Awaitable[list[Done]]], ids: Sequence[UUID], erased: Erased
) -> list[Done]:
    """Take the step for all in one, and where that fails, for each alone."""
    try:
        return await step(ids)
    except Exception as error:
        if is_unavailable(error) or isinstance(error, LedgerUnavailable):
            raise
        if len(ids) == 1:
            erased.failed[ids[0]] = error
            return []
    return [done for each in ids for done in await _together(step, [each], erased)]


def _groups(contracts: Sequence[tuple[UUID, int]], batch: int) -> Iterator[list[UUID]]:
    """The contracts in their order, as many together as have no more members than a batch."""
    group: list[UUID] = []
    total = 0
    for contract_id, members in contracts:
        if group and total + members > batch:
            yield group
            group, total = [], 0
        group.append(contract_id)
        total += members
    if group:
        yield group


def _begun(contract: ContractSnapshot, now: datetime) -> dict[str, Any]:
    application = _application(contract)
    return {
        "contract_id": contract.id,
        "application_id": application.id,
        "policy_version": application.policy_version,
        "due_at": application.erasure_at,
        "started_at": now,
        "code_version": version("contract-server"),
    }


def _entry(contract: ContractSnapshot, step: Step, evidence: dict[str, Any] | None = None) -> LedgerEntry:
    return LedgerEntry(step, contract.id, _application(contract), evidence)


def _application(contract: ContractSnapshot) -> LedgerApplication:
    assert contract.facts.application is not None  # noqa: S101 - the rules have granted its erasure
    assert contract.application_id is not None  # noqa: S101 - as above
    return LedgerApplication.of(contract.application_id, contract.facts.application)


def _add(record: ErasureRecord, gone: Counter[str]) -> None:
    """Count what one more transaction has destroyed."""
    record.erased_rows = dict(Counter(record.erased_rows) + gone)
    record.batches += gone.total() > 0
