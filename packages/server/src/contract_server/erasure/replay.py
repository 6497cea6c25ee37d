"""Repeat erasures that a restored backup has undone.

A backup contains a contract in its state at the time of the backup: due, on hold, or even before its application. An
erased contract must stay erased, whatever that state is. So replay restores the facts that allowed the erasure from the
ledger, above all the application with its dates. Then it runs the normal erasure under the normal rules.

Replay also completes erasures that had begun but not finished, because part of the data was already erased. It skips
them if the contract is on hold in the backup: only a finished erasure proves that the hold was released.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID

from contract_rules import Status
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import Clock
from contract_server.contracts.changes import ContractChanges
from contract_server.contracts.due import HELD
from contract_server.contracts.models import Contract, ErasureHold, TerminationApplication
from contract_server.contracts.notifications import Notifications
from contract_server.db.availability import is_unavailable
from contract_server.db.statements import fetch
from contract_server.db.transaction import transaction
from contract_server.erasure.erasures import Erasures
from contract_server.erasure.ledger import Ledger, LedgerEntry
from contract_server.logs import get_logger
from contract_server.policies.policies import ServedPolicies

log = get_logger(__name__)

_AS_RESTORED = f"""
    SELECT id, status = 'ERASED' AS erased, {HELD} AS held FROM contract WHERE id = ANY ($1)
"""  # noqa: S608 - our own names


@dataclass(slots=True)
class ReplayPlan:
    """Contracts to erase again, and contracts to skip, by reason."""

    to_erase: list[LedgerEntry] = field(default_factory=list)
    erased_already: list[UUID] = field(default_factory=list)
    held: list[UUID] = field(default_factory=list)
    unknown: list[UUID] = field(default_factory=list)


class ClockFrom:
    """A clock that shows at least a given instant: the erasure was due then, even if this machine's clock is behind."""

    def __init__(self, clock: Clock, instant: datetime) -> None:
        self._clock = clock
        self._instant = instant

    @property
    def sql(self) -> str:
        """The current instant as an SQL expression."""
        return f"greatest({self._clock.sql}, '{self._instant.isoformat()}'::timestamptz)"

    async def now(self) -> datetime:
        """Return the current or the given instant, whichever is later."""
        return max(await self._clock.now(), self._instant)


class Replay:
    """Repeats the erasures of the ledger in a restored database."""

    def __init__(
        self, clock: Clock, policies: ServedPolicies, notifications: Notifications, ledger: Ledger, batch: int
    ) -> None:
        self._clock = clock
        self._policies = policies
        self._notifications = notifications
        self._ledger = ledger
        self._batch = batch

    async def plan(self, entries: Iterable[LedgerEntry]) -> ReplayPlan:
        """Compare the ledger with the database. Read-only."""
        plan = ReplayPlan()
        newest = _newest(entries)
        rows = await fetch(_AS_RESTORED, list(newest))
        restored = {row["id"]: row for row in rows}
        for contract_id, entry in newest.items():
            contract = restored.get(contract_id)
            if contract is None:
                plan.unknown.append(contract_id)
            elif contract["erased"]:
                plan.erased_already.append(contract_id)
            elif contract["held"] and not entry.finished:
                plan.held.append(contract_id)
            else:
                plan.to_erase.append(entry)
        return plan

    async def execute(self, plan: ReplayPlan) -> list[UUID]:
        """Erase the contracts of the plan one by one; a failure does not affect the others.

        Returns:
            The contracts erased. The others can be replayed again.
        """
        return [entry.contract_id for entry in plan.to_erase if await self._try(entry)]

    async def _try(self, entry: LedgerEntry) -> bool:
        try:
            return await self._erase_again(entry)
        except Exception as error:
            if is_unavailable(error):
                raise
            log.exception("erasure not replayed", contract_id=entry.contract_id)
            return False

    async def _erase_again(self, entry: LedgerEntry) -> bool:
        clock = ClockFrom(self._clock, entry.application.erasure_at)
        if not await _restore_facts(entry, self._policies, clock):
            return False
        changes = ContractChanges(clock, self._policies, self._notifications)
        erasures = Erasures(clock, self._policies, changes, self._ledger, self._batch)
        return await erasures.erase(entry.contract_id, replayed=True)


def _newest(entries: Iterable[LedgerEntry]) -> dict[UUID, LedgerEntry]:
    """Return one entry for each contract: the one of its finished erasure, if there is one, else the latest."""
    newest: dict[UUID, LedgerEntry] = {}
    for entry in entries:
        previous = newest.get(entry.contract_id)
        if previous is None or not previous.finished:
            newest[entry.contract_id] = entry
    return newest


async def _restore_facts(entry: LedgerEntry, policies: ServedPolicies, clock: Clock) -> bool:
    """Restore the facts that allowed the erasure; return False if there is nothing to erase."""
    async with transaction():
        contract = await Contract.filter(id=entry.contract_id).select_for_update().first()
        if contract is None or contract.status is Status.ERASED:
            return False
        if not entry.finished and contract.hold_placed_at is not None:
            return False
        applications = TerminationApplication.filter(contract_id=contract.id)
        others = applications.exclude(id=entry.application.id)
        await others.filter(withdrawn_at__isnull=True).update(withdrawn_at=entry.application.requested_at)
        application = await applications.filter(id=entry.application.id).first()
        if application is None:
            await policies.record(policies.version(entry.application.policy_version))
            application = TerminationApplication(contract_id=contract.id, **asdict(entry.application))
            if await others.filter(
                number=application.number
            ).exists():  # another application has taken the number since the restore
                application.number = contract.applications + 1
        application.withdrawn_at = None
        await application.save()
        contract.version += 1  # clients with an older version have not seen this change
        contract.status = Status.TERMINATED
        contract.applications = application.number
        contract.service_end_due_at = None if application.service_ended_at else application.service_end_at
        contract.erasure_due_at = application.erasure_at
        contract.hold_placed_at = None
        contract.hold_reason = None
        await contract.save()
        holds = ErasureHold.filter(contract_id=contract.id, released_at__isnull=True)
        await holds.update(released_at=await clock.now())
        await record(AuditAction.ERASURE_REPLAYED, contract_id=contract.id)
    return True
