"""What falls due, and doing it: oldest first, each contract judged anew under its lock.

Due means due *by now*, not today: what a day's outage left undone is done by the next sweep. One contract that fails
delays no other; it is tried again after a pause that grows, and set aside at last. Of erasures, only those are done
that the breaker lets pass.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from uuid import UUID

from contract_rules import Action, Actor
from contract_server.clock import Clock, DatabaseClock
from contract_server.contracts.changes import ContractChanges
from contract_server.contracts.due import DueAction, find_due
from contract_server.contracts.due_models import SweepRun
from contract_server.contracts.failures import clear_failures, record_failure
from contract_server.contracts.store import lock_snapshot
from contract_server.db.availability import is_contended, is_unavailable
from contract_server.db.transaction import transaction
from contract_server.erasure.breaker import Breaker
from contract_server.erasure.erasures import Erasures, SweepLimits
from contract_server.erasure.ledger import LedgerUnavailable
from contract_server.logs import get_logger

log = get_logger(__name__)


@dataclass(slots=True)
class SweepReport:
    """What one sweep did, and which contracts it could not finish."""

    done: int = 0
    failed: set[UUID] = field(default_factory=set)
    passed_over: set[UUID] = field(default_factory=set)
    complete: bool = True
    ledger_kept: bool = True


class DueActions:
    """Does what falls due."""

    def __init__(
        self, clock: Clock, changes: ContractChanges, erasures: Erasures, breaker: Breaker, batch: int
    ) -> None:
        self._clock = clock
        self._changes = changes
        self._erasures = erasures
        self._breaker = breaker
        self._batch = batch

    async def run_due(self, *, patient: bool = False, seconds: float = 45) -> SweepReport:
        """Do all that is due by now, for at most about `seconds`; what is left is for the next sweep.

        A contract that somebody else has locked is passed over, or, when `patient`, waited for.
        """
        report = SweepReport()
        perform = {Action.END_SERVICE: self._end_services, Action.ERASE: self._erase}
        ends_at = time.monotonic() + seconds
        await self._erasures.copy_evidence()
        erasable_until = await self._breaker.pass_until(await self._clock.now())
        while report.complete and (found := await self._due(report, erasable_until)):
            for action, alike in groupby(found, key=lambda due: due.action):
                await perform[action](list(alike), report, SweepLimits(skip_locked=not patient, ends_at=ends_at))
        if report.complete or report.done:
            await self._note_run()
        return report

    async def _due(self, report: SweepReport, erasable_until: datetime | None) -> list[DueAction]:
        return await find_due(
            await self._clock.now(),
            self._batch,
            except_for=report.failed | report.passed_over,
            erasable_until=erasable_until if report.ledger_kept else None,
        )

    async def _erase(self, due: Sequence[DueAction], report: SweepReport, patience: SweepLimits) -> None:
        if patience.over:
            report.complete = False
        if not (report.complete and report.ledger_kept):
            return
        try:
            erased = await self._erasures.erase_all([each.contract_id for each in due], patience)
        except LedgerUnavailable:  # no fault of these contracts, and others would fare no better
            report.ledger_kept = False
            report.failed |= {each.contract_id for each in due}
            log.exception("ledger cannot be written: nothing is erased")
            return
        report.complete = erased.complete
        for each in due:
            if each.contract_id in erased.failed:
                await self._note_failure(each, erased.failed[each.contract_id], report)
            elif each.contract_id in erased.contracts:
                await self._note_done(each, report)
            elif erased.complete:
                report.passed_over.add(each.contract_id)

    async def _end_services(self, due: Sequence[DueAction], report: SweepReport, patience: SweepLimits) -> None:
        for each in due:
            if patience.over:
                report.complete = False
                return
            try:
                done = await self._end_service(each.contract_id, skip_locked=patience.skip_locked)
            except Exception as error:
                if is_unavailable(error):
                    raise  # the database is gone, for this contract and for all others
                # whatever else is wrong with one contract must not delay the others
                await self._note_failure(each, error, report)
            else:
                if done:
                    await self._note_done(each, report)
                else:
                    report.passed_over.add(each.contract_id)

    async def _note_done(self, due: DueAction, report: SweepReport) -> None:
        report.done += 1
        if due.failed_before:
            await clear_failures(due.contract_id, due.action)

    async def _note_failure(self, due: DueAction, error: Exception, report: SweepReport) -> None:
        report.failed.add(due.contract_id)
        if is_contended(error):  # somebody else was at it: it says nothing of the contract
            log.warning("due act postponed", contract_id=due.contract_id, act=due.action, exc_info=error)
        else:
            await record_failure(due.contract_id, due.action, due.due_at, error, await self._clock.now())

    async def _end_service(self, contract_id: UUID, *, skip_locked: bool) -> bool:
        async with transaction():
            contract = await lock_snapshot(contract_id, skip_locked=skip_locked)
            if contract is None:
                return False
            answer = await self._changes.change(contract, Action.END_SERVICE, Actor.SYSTEM)
        if answer.refusal is None:
            log.info("service ended", contract_id=contract_id, application_id=contract.application_id)
        return answer.refusal is None

    async def _note_run(self) -> None:
        await SweepRun.update_or_create(id=1, defaults={"finished_at": await DatabaseClock().now()})
