"""Erase all personal data of a contract: never early, never forgotten, and in steps that survive a crash.

Theory. A job scheduled for day 46 can be lost, run twice, or run for an application that was withdrawn. So no job is
scheduled: a column of the contract says when its erasure is due, and a sweep finds it, however late. Each step locks
the contract and applies the rules again before it erases data. A hold or a withdrawal just before a step stops the
erasure there. The start of an erasure is recorded before any data is erased, in the database and outside it. The last
transaction erases the rest, verifies that no personal data is left, and seals the evidence. A repeated step finds less
to do.

One transaction erases several small contracts, up to one batch of members. Of a large contract, batches of members are
erased first. Each contract is decided under its own lock and has its own record. If a group fails, its contracts are
erased one by one. Transactions run one after the other: two in parallel would be 10 % faster, but other users of the
service would wait 50 % longer.
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
from contract_server.contracts.holds.records import end_holds
from contract_server.contracts.lookup.receipt_numbers import format_receipt_number
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.store import find_snapshots, lock_snapshots
from contract_server.db.availability import is_denied, is_unavailable
from contract_server.db.rows import Insert, Update, write_rows
from contract_server.db.transaction import transaction
from contract_server.erasure.batch_size import BatchSize
from contract_server.erasure.classification import TABLES, Table
from contract_server.erasure.confirmations import await_confirmations
from contract_server.erasure.evidence import Evidence, Record, add_rows, evidence_to_copy, records_of, seal
from contract_server.erasure.ledger import Ledger, LedgerApplication, LedgerEntry, LedgerUnavailable, Step
from contract_server.erasure.models import ErasureRecord
from contract_server.erasure.rows import count_members, count_personal_rows, erase_rows, erase_some_members
from contract_server.logs import get_logger
from contract_server.policies.policies import ServedPolicies

log = get_logger(__name__)

COPY_BATCH = 1_000
"""The maximum number of evidence records in one file of the ledger."""


class ErasureIncomplete(Exception):
    """Personal data is left at the end of an erasure; the transaction is rolled back, and the sweep tries again."""


@dataclass(slots=True)
class ErasureReport:
    """The contracts that were erased or failed; the rules refused the others, or the time was up."""

    contracts: set[UUID] = field(default_factory=set)
    failed: dict[UUID, Exception] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class SweepLimits:
    """Limits of one sweep: whether to skip locked contracts, and when to stop."""

    skip_locked: bool = False
    ends_at: float = math.inf

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self.ends_at


class Erasures:
    """Erases contracts whose erasure is due."""

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
        """Delete at most `batch` members in one transaction."""
        self._clock = clock
        self._policies = policies
        self._changes = changes
        self._ledger = ledger
        self._batch = BatchSize(batch)
        self._tables = tables

    async def erase(self, contract_id: UUID, *, replayed: bool = False) -> bool:
        """Erase the contract, if the rules allow it now.

        Returns:
            False if the rules refuse.

        Raises:
            LedgerUnavailable: The ledger outside the database cannot be written; no data was erased.
        """
        report = await self.erase_all([contract_id], replayed=replayed)
        for error in report.failed.values():
            raise error
        return contract_id in report.contracts

    async def erase_all(
        self, contract_ids: Sequence[UUID], limits: SweepLimits = SweepLimits(), *, replayed: bool = False
    ) -> ErasureReport:
        """Erase the contracts that the rules allow to erase now; a failure does not affect the others.

        Raises:
            LedgerUnavailable: The ledger outside the database cannot be written; no data was erased.
        """
        report = ErasureReport()
        due = await self._begin_all(contract_ids, limits, report, replayed=replayed)
        await self._finish_all(due, limits, report)
        await self.copy_evidence()
        report.complete = not limits.over
        return report

    async def copy_evidence(self) -> None:
        """Copy sealed evidence to the ledger outside the database, including evidence that an earlier process left out.

        There it is safe from anyone who can write to the database.
        """
        sealed: Mapping[UUID, Evidence] = {}
        try:
            while self._ledger.folder and (sealed := await evidence_to_copy(COPY_BATCH)):
                contracts = await find_snapshots(list(sealed))
                entries = [_entry(contracts[id_], Step.FINISHED, evidence) for id_, evidence in sealed.items()]
                file = await self._ledger.write(entries, await self._clock.now())
                await ErasureRecord.filter(contract_id__in=list(sealed)).update(evidence_file=file)
        except Exception:
            # due actions go on; the next sweep tries again, and `doctor` reports it until then
            log.exception("evidence not copied", contract_ids=list(map(str, sealed)))

    async def _begin_all(
        self, ids: Sequence[UUID], limits: SweepLimits, report: ErasureReport, *, replayed: bool
    ) -> list[UUID]:
        """Begin all in one transaction, or, if that fails, each in its own; return the contracts begun."""
        try:
            return await self._begin(ids, limits, replayed=replayed)
        except Exception as error:
            if _concerns_all(error):
                raise
            if len(ids) == 1:
                report.failed[ids[0]] = error
                return []
        return [due for id_ in ids for due in await self._begin_all([id_], limits, report, replayed=replayed)]

    async def _begin(self, ids: Sequence[UUID], limits: SweepLimits, *, replayed: bool) -> list[UUID]:
        """Record the start of the erasures that the rules allow; return these contracts."""
        async with transaction():
            due, now = await self._lock_due(ids, limits)
            known = {record["contract_id"]: record for record in await records_of(list(due))}
            unwritten = [id_ for id_ in due if id_ not in known or known[id_]["ledger_file"] is None]
            file = await self._ledger.write([_entry(due[id_], Step.BEGUN) for id_ in unwritten], now)
            new = [_new_record(due[id_], now, file, replayed=replayed) for id_ in unwritten if id_ not in known]
            await write_rows(Insert(ErasureRecord, new))
            if rewritten := known.keys() & unwritten:
                await ErasureRecord.filter(contract_id__in=rewritten).update(ledger_file=file)
            if replayed and known:
                await ErasureRecord.filter(contract_id__in=list(known)).update(replayed=True)
        return list(due)

    async def _finish_all(self, ids: Sequence[UUID], limits: SweepLimits, report: ErasureReport) -> None:
        """Erase the contracts in groups; after a failure continue with one contract, then with larger groups again."""
        remaining, width = list(ids), len(ids)
        while remaining and not limits.over:
            group = remaining[:width]
            try:
                erased, done = await self._erase_group(group, limits)
            except Exception as error:
                if _concerns_all(error):
                    raise
                self._batch.restart()
                if len(group) > 1:
                    width = 1
                    continue
                report.failed[group[0]] = error
                erased, done = set(), set(group)
            report.contracts |= erased
            remaining = [id_ for id_ in remaining if id_ not in done]
            width = 2 * width if len(done) == len(group) else len(done) + 1

    async def _erase_group(self, ids: Sequence[UUID], limits: SweepLimits) -> tuple[set[UUID], set[UUID]]:
        """In one transaction, erase the first contracts, or, if the first is large, some of its members.

        Returns:
            The contracts erased, and the contracts that are done: those erased, skipped, or refused by the rules.
        """
        async with transaction():
            due, now = await self._lock_due(ids, limits)
            began = time.monotonic()
            members = await count_members(due, self._batch.rows, self._tables)
            deleted = sum(members.values())
            if members:
                await self._finish(due, members, now)
            elif due:
                deleted = await self._erase_some_members(min(due))
        self._batch.adapt(deleted, time.monotonic() - began)
        for contract_id in members:
            log.info("contract erased", contract_id=contract_id, application_id=due[contract_id].application_id)
        return set(members), set(ids) - (due.keys() - members.keys())

    async def _erase_some_members(self, contract_id: UUID) -> int:
        """Erase a batch of members of a locked contract; return their number.

        Raises:
            ErasureIncomplete: The database deletes none, so that more batches would not help.
        """
        members = await erase_some_members(contract_id, self._batch.rows)
        if not members:
            raise ErasureIncomplete("member")
        (record,) = await records_of([contract_id])
        add_rows(record, Counter(member=members))
        counts = {name: record[name] for name in ("id", "erased_rows", "batches")}
        await write_rows(Update(ErasureRecord, [counts]))
        return members

    async def _finish(self, due: Mapping[UUID, ContractSnapshot], members: Mapping[UUID, int], now: datetime) -> None:
        """Erase the rest of locked contracts, verify that no personal data is left, and seal the evidence."""
        erased = await erase_rows(members, self._tables)
        if left_over := await count_personal_rows(list(members), self._tables):
            raise ErasureIncomplete(", ".join(sorted({name for rows in left_over.values() for name in rows})))
        writes = self._changes.writes_for_all([due[id_] for id_ in members], Action.ERASE, Actor.SYSTEM, now)
        sealed = await seal({id_: erased.get(id_, Counter()) for id_ in members}, now)
        await write_rows(*writes, end_holds(members, now), sealed)
        await await_confirmations(list(members), now)

    async def _lock_due(
        self, ids: Sequence[UUID], limits: SweepLimits
    ) -> tuple[dict[UUID, ContractSnapshot], datetime]:
        """Lock the contracts that the rules allow to erase now; return them and this instant."""
        locked, now = await lock_snapshots(ids, self._clock, skip_locked=limits.skip_locked)
        policy = self._policies.in_force_at(now)
        due = {
            contract_id: contract
            for contract_id, contract in locked.items()
            if not isinstance(decide(policy, contract.facts, Action.ERASE, Actor.SYSTEM, now), Refused)
        }
        return due, now


def _concerns_all(error: Exception) -> bool:
    """Whether the error would occur for all other contracts too."""
    return is_unavailable(error) or is_denied(error) or isinstance(error, LedgerUnavailable)


def _new_record(contract: ContractSnapshot, now: datetime, ledger_file: str | None, *, replayed: bool) -> Record:
    application = LedgerApplication.of(contract)
    return {
        "contract_id": contract.id,
        "application_id": application.id,
        "receipt_number": format_receipt_number(application.receipt_number),
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
