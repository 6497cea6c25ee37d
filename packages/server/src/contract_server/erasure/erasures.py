"""Erasing everything personal of a contract: never a moment early, never forgotten, and in steps that survive a crash.

Theory. A job that is scheduled for day 46 can be lost, run twice, or run for an application that was taken back.
So nothing is scheduled: the contract's due column says that an erasure is owed, and a sweep finds it, however late.
Each step locks the contract and asks the rules again before it destroys anything; a hold that was placed, or an
application that was taken back, a moment ago stops it there. The ledger says that the erasure has begun before
anything is gone, in the database and outside of it, and the evidence is sealed in the same transaction in which the
last of it goes and the rest is counted to be nothing. A step that is repeated finds less to do.

Many small contracts are erased in one transaction, so long as that destroys no more rows than a batch; of a large one,
so many members at a time go first. Whatever the company, each contract is judged under its own lock and has its own
record; where one fails, the others are taken one by one. One transaction follows the other: two side by side would be a
tenth faster, and those who use the service meanwhile would wait half as long again.
"""

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.metadata import version
from uuid import UUID

from contract_rules import Action, Actor, Refused, decide
from contract_server.clock import Clock
from contract_server.contracts.changes import ContractChanges
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.store import find_snapshots, lock_snapshots
from contract_server.db.availability import is_unavailable
from contract_server.db.rows import Insert, Update, write_rows
from contract_server.db.transaction import transaction
from contract_server.erasure.classification import TABLES, Table
from contract_server.erasure.evidence import Evidence, Record, add_rows, evidence_to_copy, records_of, seal
from contract_server.erasure.ledger import Ledger, LedgerApplication, LedgerEntry, LedgerUnavailable, Step
from contract_server.erasure.models import ErasureRecord
from contract_server.erasure.rows import count_members, erase_rows, erase_some_members, personal_rows_left
from contract_server.logs import get_logger
from contract_server.policies.policies import ServedPolicies

log = get_logger(__name__)

COPIED_AT_ONCE = 1_000
"""Records of which one file of the ledger has the evidence at most."""


class ErasureIncomplete(Exception):
    """Something personal was left when an erasure was to be called finished: it is rolled back and tried again."""


@dataclass(slots=True)
class Erased:
    """What became of contracts that were to be erased; those named nowhere were refused by the rules, or left."""

    contracts: set[UUID] = field(default_factory=set)
    failed: dict[UUID, Exception] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class SweepLimits:
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
        self, contract_ids: Sequence[UUID], patience: SweepLimits = SweepLimits(), *, replayed: bool = False
    ) -> Erased:
        """Erase those of the contracts of which the rules say so at this moment; one that fails delays no other.

        Raises:
            LedgerUnavailable: The ledger outside the database cannot be written; nothing is destroyed.
        """
        erased = Erased()
        due = await self._begin_all(contract_ids, patience, erased, replayed=replayed)
        await self._finish_all(due, patience, erased)
        await self.copy_evidence()
        erased.complete = not patience.over
        return erased

    async def copy_evidence(self) -> None:
        """Put evidence into the ledger outside, too: there it is safe from whoever can write to the database.

        It is that of all who finished an erasure and were cut off before they could do this.
        """
        sealed: Mapping[UUID, Evidence] = {}
        try:
            while self._ledger.folder and (sealed := await evidence_to_copy(COPIED_AT_ONCE)):
                contracts = await find_snapshots(list(sealed))
                entries = [_entry(contracts[each], Step.FINISHED, evidence) for each, evidence in sealed.items()]
                file = await self._ledger.write(entries, await self._clock.now())
                await ErasureRecord.filter(contract_id__in=list(sealed)).update(evidence_file=file)
        except Exception:
            # it holds up nothing that is due; the next sweep tries again, and meanwhile `doctor` tells
            log.exception("evidence not copied", contract_ids=[str(each) for each in sealed])

    async def _begin_all(
        self, ids: Sequence[UUID], patience: SweepLimits, erased: Erased, *, replayed: bool
    ) -> list[UUID]:
        """Begin with all in one, and where that fails, with each alone; those that are begun."""
        try:
            return await self._begin(ids, patience, replayed=replayed)
        except Exception as error:
            if _concerns_all(error):
                raise
            if len(ids) == 1:
                erased.failed[ids[0]] = error
                return []
        return [due for each in ids for due in await self._begin_all([each], patience, erased, replayed=replayed)]

    async def _begin(self, ids: Sequence[UUID], patience: SweepLimits, *, replayed: bool) -> list[UUID]:
        """Write down that erasures begin: of those contracts of which the rules say so."""
        async with transaction():
            due, now = await self._lock_due(ids, patience)
            known = {record["contract_id"]: record for record in await records_of(list(due))}
            unwritten = [each for each in due if each not in known or known[each]["ledger_file"] is None]
            file = await self._ledger.write([_entry(due[each], Step.BEGUN) for each in unwritten], now)
            new = [_begun(due[each], now, file, replayed=replayed) for each in unwritten if each not in known]
            await write_rows(Insert(ErasureRecord, new))
            if rewritten := known.keys() & unwritten:
                await ErasureRecord.filter(contract_id__in=rewritten).update(ledger_file=file)
            if replayed and known:
                await ErasureRecord.filter(contract_id__in=list(known)).update(replayed=True)
        return list(due)

    async def _finish_all(self, ids: Sequence[UUID], patience: SweepLimits, erased: Erased) -> None:
        """Take as many contracts at a time as fit a batch; after a failure one alone, and then more again."""
        left, width = list(ids), len(ids)
        while left and not patience.over:
            group = left[:width]
            try:
                finished, through = await self._go_on(group, patience)
            except Exception as error:
                if _concerns_all(error):
                    raise
                if len(group) > 1:
                    width = 1
                    continue
                erased.failed[group[0]] = error
                finished, through = set(), set(group)
            erased.contracts |= finished
            left = [each for each in left if each not in through]
            width = 2 * width if len(through) == len(group) else len(through) + 1

    async def _go_on(self, ids: Sequence[UUID], patience: SweepLimits) -> tuple[set[UUID], set[UUID]]:
        """One transaction: finish the first contracts, or, where the first is large, take away some of its members.

        Returns:
            Which contracts are erased, and with which all is done: these, and those that the rules refuse.
        """
        async with transaction():
            due, now = await self._lock_due(ids, patience)
            members = await count_members(due, self._batch, self._tables)
            if members:
                await self._finish(due, members, now)
            elif due:
                await self._shrink(min(due))
        for each in members:
            log.info("erased", contract_id=each, application_id=due[each].application_id)
        return set(members), set(ids) - (due.keys() - members.keys())

    async def _shrink(self, contract_id: UUID) -> None:
        """Delete a batch of the members of a locked contract."""
        gone = await erase_some_members(contract_id, self._batch)
        (record,) = await records_of([contract_id])
        add_rows(record, Counter(member=gone))
        counted = {name: record[name] for name in ("id", "erased_rows", "batches")}
        await write_rows(Update(ErasureRecord, [counted]))

    async def _finish(self, due: Mapping[UUID, ContractSnapshot], members: Mapping[UUID, int], now: datetime) -> None:
        """Erase all that there is of locked contracts, see that it is gone, and seal the evidence."""
        gone = await erase_rows(members, self._tables)
        if left := await personal_rows_left(list(members), self._tables):
            raise ErasureIncomplete(", ".join(sorted({name for rows in left.values() for name in rows})))
        granted = self._changes.writes_for_all([due[each] for each in members], Action.ERASE, Actor.SYSTEM, now)
        sealed = await seal({each: gone.get(each, Counter()) for each in members}, now)
        await write_rows(*granted, sealed)

    async def _lock_due(
        self, ids: Sequence[UUID], patience: SweepLimits
    ) -> tuple[dict[UUID, ContractSnapshot], datetime]:
        """Those of the contracts that the rules let be erased at this moment, locked; and this moment."""
        locked, now = await lock_snapshots(ids, self._clock, skip_locked=patience.skip_locked)
        policy = self._policies.in_force_at(now)
        due = {
            each: contract
            for each, contract in locked.items()
            if not isinstance(decide(policy, contract.facts, Action.ERASE, Actor.SYSTEM, now), Refused)
        }
        return due, now


def _concerns_all(error: Exception) -> bool:
    """Whether other contracts would fare no better."""
    return is_unavailable(error) or isinstance(error, LedgerUnavailable)


def _begun(contract: ContractSnapshot, now: datetime, ledger_file: str | None, *, replayed: bool) -> Record:
    application = LedgerApplication.of(contract)
    return {
        "contract_id": contract.id,
        "application_id": application.id,
        "policy_version": application.policy_version,
        "due_at": application.erasure_at,
        "started_at": now,
        "code_version": _code_version(),
        "ledger_file": ledger_file,
        "replayed": replayed,
    }


@cache
def _code_version() -> str:
    return version("contract-server")


def _entry(contract: ContractSnapshot, step: Step, evidence: Evidence | None = None) -> LedgerEntry:
    return LedgerEntry(step, contract.id, LedgerApplication.of(contract), evidence)
