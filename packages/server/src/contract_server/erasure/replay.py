"""Doing erasures again that a restored backup has undone.

A backup knows a contract as it stood when the backup was made: due, on hold, or even before its application. What was
erased stays erased, whatever that state is. So the facts on which the rules had granted the erasure are put back from
the ledger, the application with its dates above all, and then the same steps run under the same rules as ever.

An erasure that had begun and never finished is carried out too, because part of the contract was gone already; except
where the backup has a hold on it: that the hold was released is something only a finished erasure proves.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID

from contract_rules import Status
from contract_server.clock import Clock
from contract_server.contracts.changes import ContractChanges
from contract_server.contracts.models import Contract, TerminationApplication
from contract_server.contracts.notifications import Notifications
from contract_server.db.availability import is_unavailable
from contract_server.db.transaction import current_connection, transaction
from contract_server.erasure.erasures import Erasures
from contract_server.erasure.ledger import Ledger, LedgerEntry
from contract_server.logs import get_logger
from contract_server.policies.policies import ServedPolicies

log = get_logger(__name__)

_AS_RESTORED = """
    SELECT id, status = 'ERASED' AS erased, hold_placed_at IS NOT NULL AS held FROM contract WHERE id = ANY ($1)
"""


@dataclass(slots=True)
class ReplayPlan:
    """What the ledger says of this database: contracts to erase again, and those with which nothing is done."""

    to_erase: list[LedgerEntry] = field(default_factory=list)
    erased_already: list[UUID] = field(default_factory=list)
    held: list[UUID] = field(default_factory=list)
    unknown: list[UUID] = field(default_factory=list)


class NoEarlierThan:
    """A clock for what has happened once already: it was due then, whatever the time is on this machine."""

    def __init__(self, clock: Clock, instant: datetime) -> None:
        self._clock = clock
        self._instant = instant

    @property
    def sql(self) -> str:
        """The same as an expression."""
        return f"greatest({self._clock.sql}, '{self._instant.isoformat()}'::timestamptz)"

    async def now(self) -> datetime:
        """The present, or the instant, whichever is later."""
        return max(await self._clock.now(), self._instant)


class Replay:
    """Brings a restored database up to the ledger."""

    def __init__(
        self, clock: Clock, policies: ServedPolicies, notifications: Notifications, ledger: Ledger, batch: int
    ) -> None:
        self._clock = clock
        self._policies = policies
        self._notifications = notifications
        self._ledger = ledger
        self._batch = batch

    async def plan(self, entries: Iterable[LedgerEntry]) -> ReplayPlan:
        """What is to be done. Changes nothing."""
        plan = ReplayPlan()
        newest = _newest(entries)
        rows = await current_connection().execute_query_dict(_AS_RESTORED, [list(newest)])
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

    async def carry_out(self, plan: ReplayPlan) -> list[UUID]:
        """Erase what the plan says, one contract after the other; one that fails delays no other.

        Returns:
            Those that are erased now. What is left is tried again by whoever replays again.
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
        if not await _restore_facts(entry):
            return False
        clock = NoEarlierThan(self._clock, entry.application.erasure_at)
        changes = ContractChanges(clock, self._policies, self._notifications)
        erasures = Erasures(clock, self._policies, changes, self._ledger, self._batch)
        return await erasures.erase(entry.contract_id, replayed=True)


def _newest(entries: Iterable[LedgerEntry]) -> dict[UUID, LedgerEntry]:
    """The entry of each contract that says most: that its erasure was finished, where one says so."""
    newest: dict[UUID, LedgerEntry] = {}
    for entry in entries:
        known = newest.get(entry.contract_id)
        if known is None or not known.finished:
            newest[entry.contract_id] = entry
    return newest


async def _restore_facts(entry: LedgerEntry) -> bool:
    """Put back on what ground the contract was erased: its application in force, due, and no hold. False if erased."""
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
            application = TerminationApplication(contract_id=contract.id, **asdict(entry.application))
            if await others.filter(number=application.number).exists():  # made since, by somebody who was served early
                application.number = contract.applications + 1
        application.withdrawn_at = None
        await application.save()
        contract.version += 1  # whoever has read the contract before has not read this
        contract.status = Status.TERMINATED
        contract.applications = application.number
        contract.service_end_due_at = None if application.service_ended_at else application.service_end_at
        contract.erasure_due_at = application.erasure_at
        contract.hold_placed_at = None
        contract.hold_reason = None
        await contract.save()
    return True
