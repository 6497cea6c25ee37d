"""What falls due, and doing it: oldest first, one contract at a time, each judged anew under its lock.

Due means due *by now*, not today: what a day's outage left undone is done by the next sweep. One contract that fails
delays no other; it is tried again by the sweep after.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contract_rules import Action, Actor
from contract_server.clock import Clock, DatabaseClock
from contract_server.contracts.changes import ContractChanges
from contract_server.contracts.erasure import Erasures
from contract_server.contracts.models import SweepRun
from contract_server.contracts.snapshot import lock_snapshot
from contract_server.db.availability import is_unavailable
from contract_server.db.transaction import current_connection, transaction
from contract_server.logs import get_logger

log = get_logger(__name__)

_DUE = """
    SELECT id, act, due_at FROM (
        (SELECT id, 'END_SERVICE' AS act, service_end_due_at AS due_at FROM contract
          WHERE service_end_due_at <= $1 AND id <> ALL ($2) ORDER BY service_end_due_at LIMIT $3)
        UNION ALL
        (SELECT id, 'ERASE', erasure_due_at FROM contract
          WHERE erasure_due_at <= $1 AND hold_placed_at IS NULL AND id <> ALL ($2)
          ORDER BY erasure_due_at LIMIT $3)
    ) AS due ORDER BY due_at, act LIMIT $3
"""

_NEXT = """
    SELECT least(
        (SELECT min(service_end_due_at) FROM contract WHERE service_end_due_at > $1),
        (SELECT min(erasure_due_at) FROM contract WHERE erasure_due_at > $1 AND hold_placed_at IS NULL)
    ) AS due_at
"""


class Act(StrEnum):
    """What can fall due."""

    END_SERVICE = "END_SERVICE"
    ERASE = "ERASE"


@dataclass(slots=True)
class SweepReport:
    """What one sweep did, and which contracts it could not finish."""

    done: int = 0
    failed: set[UUID] = field(default_factory=set)
    passed_over: set[UUID] = field(default_factory=set)
    complete: bool = True


class Schedule:
    """Does what falls due."""

    def __init__(self, clock: Clock, changes: ContractChanges, erasures: Erasures, batch: int) -> None:
        self._clock = clock
        self._changes = changes
        self._erasures = erasures
        self._batch = batch

    async def run_due(self, *, patient: bool = False, seconds: float = 45) -> SweepReport:
        """Do all that is due by now, for at most about `seconds`; what is left is for the next sweep.

        A contract that somebody else has locked is passed over, or, when `patient`, waited for.
        """
        report = SweepReport()
        ends_at = time.monotonic() + seconds
        while due := await self._due(report.failed | report.passed_over):
            for contract_id, act in due:
                if time.monotonic() >= ends_at:
                    report.complete = False
                    return report
                await self._do(contract_id, act, report, patient=patient)
        await self._note_run()
        return report

    async def next_due_at(self, after: datetime) -> datetime | None:
        """When the next thing falls due after that instant."""
        rows = await current_connection().execute_query_dict(_NEXT, [after])
        due_at: datetime | None = rows[0]["due_at"]
        return due_at

    async def _due(self, except_for: set[UUID]) -> list[tuple[UUID, Act]]:
        rows = await current_connection().execute_query_dict(
            _DUE, [await self._clock.now(), list(except_for), self._batch]
        )
        return [(row["id"], Act(row["act"])) for row in rows]

    async def _do(self, contract_id: UUID, act: Act, report: SweepReport, *, patient: bool) -> None:
        try:
            if act is Act.ERASE:
                done = await self._erasures.erase(contract_id, skip_locked=not patient)
            else:
                done = await self._end_service(contract_id, skip_locked=not patient)
        except Exception as error:
            if is_unavailable(error):
                raise  # the database is gone, for this contract and for all others
            # whatever else is wrong with one contract must not delay the others
            report.failed.add(contract_id)
            log.exception("due act failed", contract_id=contract_id, act=act)
        else:
            if done:
                report.done += 1
            else:
                report.passed_over.add(contract_id)

    async def _end_service(self, contract_id: UUID, *, skip_locked: bool) -> bool:
        async with transaction():
            contract = await lock_snapshot(contract_id, skip_locked=skip_locked)
            if contract is None:
                return False
            answer = await self._changes.apply(contract, Action.END_SERVICE, Actor.SYSTEM)
        if answer.refusal is None:
            log.info("service ended", contract_id=contract_id, application_id=contract.application_id)
        return answer.refusal is None

    async def _note_run(self) -> None:
        await SweepRun.update_or_create(id=1, defaults={"finished_at": await DatabaseClock().now()})
