"""Execute due actions, oldest first; each decision is made again under the contract's lock.

Due means due *by now*, not today: the next sweep catches up after an outage of any length. A contract that fails delays
no other. It is tried again after growing pauses, until it fails permanently. Erasures also need the breaker's approval.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from uuid import UUID

from contract_rules import Action, Actor
from contract_server.channel import Channel
from contract_server.clock import Clock, DatabaseClock
from contract_server.contracts.changes import ContractChanges
from contract_server.contracts.due import DUE_AT, DueAction, find_due
from contract_server.contracts.store import lock_snapshot
from contract_server.db.availability import is_contended, is_denied, is_unavailable
from contract_server.db.transaction import transaction
from contract_server.erasure.breaker import Breaker
from contract_server.erasure.erasures import Erasures, SweepLimits
from contract_server.erasure.ledger import LedgerUnavailable
from contract_server.logs import get_logger
from contract_server.schedule.erasure_notices import announce_erasures
from contract_server.schedule.failed_actions import clear_failures, record_failure
from contract_server.schedule.models import SweepRun

log = get_logger(__name__)


@dataclass(slots=True)
class SweepReport:
    """What one sweep did, and which contracts it could not finish."""

    done: int = 0
    failed: set[UUID] = field(default_factory=set)
    skipped: set[UUID] = field(default_factory=set)
    complete: bool = True
    blocked: set[Action] = field(default_factory=set)
    """Actions that this sweep does no more, because the ledger or the database's rights are at fault."""


class DueActions:
    """Executes due actions."""

    def __init__(
        self, clock: Clock, changes: ContractChanges, erasures: Erasures, breaker: Breaker, batch: int
    ) -> None:
        self._clock = clock
        self._changes = changes
        self._erasures = erasures
        self._breaker = breaker
        self._batch = batch
        self._ledger = Channel("ledger")
        self._rights = {action: Channel(f"database_rights_{action.lower()}") for action in DUE_AT}

    async def run(self, *, wait_for_locks: bool = False, seconds: float = 45) -> SweepReport:
        """Execute all actions due by now, for at most about `seconds`; the next sweep does the rest.

        Skip contracts that another transaction has locked, unless `wait_for_locks`.
        """
        report = SweepReport()
        execute = {Action.END_SERVICE: self._end_services, Action.ERASE: self._erase}
        ends_at = time.monotonic() + seconds
        await self._erasures.copy_evidence()
        erasable_until = await self._breaker.pass_until(await self._clock.now())
        while report.complete and (due_actions := await self._find_due(report, erasable_until)):
            for action, group in groupby(due_actions, key=lambda due: due.action):
                limits = SweepLimits(skip_locked=not wait_for_locks, ends_at=ends_at)
                await execute[action](list(group), report, limits)
        limits = SweepLimits(skip_locked=not wait_for_locks, ends_at=ends_at)
        notices = await announce_erasures(self._clock, self._batch, limits)
        report.failed |= notices.failed
        report.complete &= notices.complete
        if report.complete or report.done:
            await self._record_run()
        return report

    async def _find_due(self, report: SweepReport, erasable_until: datetime | None) -> list[DueAction]:
        """Find the next batch of actions that are not blocked."""
        now = await self._clock.now()
        until = {Action.END_SERVICE: now, Action.ERASE: erasable_until} | dict.fromkeys(report.blocked)
        return await find_due(now, self._batch, until=until, except_for=report.failed | report.skipped)

    async def _erase(self, due_actions: Sequence[DueAction], report: SweepReport, limits: SweepLimits) -> None:
        if limits.over:
            report.complete = False
        if not report.complete or Action.ERASE in report.blocked:
            return
        try:
            erased = await self._erasures.erase_all([due.contract_id for due in due_actions], limits)
        except Exception as error:
            if not self._is_of_channel(error, Action.ERASE):
                raise
            report.blocked.add(Action.ERASE)
            report.failed |= {due.contract_id for due in due_actions}
            return
        report.complete = erased.complete
        for due in due_actions:
            if due.contract_id in erased.failed:
                await self._record_failure(due, erased.failed[due.contract_id], report)
            elif due.contract_id in erased.contracts:
                self._ledger.resume()
                await self._record_success(due, report)
            elif erased.complete:
                report.skipped.add(due.contract_id)

    def _is_of_channel(self, error: Exception, action: Action) -> bool:
        """Whether a channel is at fault, so that any other contract would fail too; pause it then."""
        if isinstance(error, LedgerUnavailable):
            self._ledger.pause(reason=str(error))
        elif is_denied(error):
            self._rights[action].pause(exception=type(error).__name__)
        else:
            return False
        return True

    async def _end_services(self, due_actions: Sequence[DueAction], report: SweepReport, limits: SweepLimits) -> None:
        for due in due_actions:
            if limits.over:
                report.complete = False
                return
            try:
                done = await self._end_service(due.contract_id, skip_locked=limits.skip_locked)
            except Exception as error:
                if self._is_of_channel(error, Action.END_SERVICE):
                    report.blocked.add(Action.END_SERVICE)
                    report.failed.add(due.contract_id)
                    return
                if is_unavailable(error):
                    raise  # no other contract would succeed
                await self._record_failure(due, error, report)
            else:
                if done:
                    await self._record_success(due, report)
                else:
                    report.skipped.add(due.contract_id)

    async def _record_success(self, due: DueAction, report: SweepReport) -> None:
        report.done += 1
        self._rights[due.action].resume()
        if due.failed_before:
            await clear_failures(due.contract_id, due.action)

    async def _record_failure(self, due: DueAction, error: Exception, report: SweepReport) -> None:
        report.failed.add(due.contract_id)
        if is_contended(error):  # a conflict with another transaction is no failure of the contract
            log.warning("due action postponed", contract_id=due.contract_id, act=due.action, exc_info=error)
        else:
            await record_failure(due.contract_id, due.action, due.due_at, error, await self._clock.now())

    async def _end_service(self, contract_id: UUID, *, skip_locked: bool) -> bool:
        async with transaction():
            contract = await lock_snapshot(contract_id, skip_locked=skip_locked)
            if contract is None:
                return False
            result = await self._changes.change(contract, Action.END_SERVICE, Actor.SYSTEM)
        if result.refusal is None:
            log.info("service ended", contract_id=contract_id, application_id=contract.application_id)
        return result.refusal is None

    async def _record_run(self) -> None:
        await SweepRun.update_or_create(id=1, defaults={"finished_at": await DatabaseClock().now()})
