"""The breaker: protects against erasing many contracts after a mistake in dates or settings.

If more contracts are due for erasure than usual, none is erased until an operator approves. An approval covers what the
operator saw: that number of contracts, due until that instant. It does not cover contracts that fall due later. Other
due actions are not affected.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contract_rules import Action, Status
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.contracts.due import DUE_AT, FAILED, failure_of, is_due
from contract_server.db.statements import fetch
from contract_server.db.transaction import transaction
from contract_server.erasure.models import ErasureApproval, ErasureApprovalRequest, ErasureRecord, ErasureStop
from contract_server.logs import get_logger

log = get_logger(__name__)

ALARM_EVERY = timedelta(hours=1)
_MANY = 1e12

# Erasures that are on hold or failed permanently do not count. One statement counts everything: with two, a concurrent
# erasure could be counted both as due and as done, and would end an approval too early.
_COUNTS = f"""
    WITH due AS (
        SELECT {DUE_AT[Action.ERASE]} AS due_at FROM contract
         WHERE {is_due(Action.ERASE)} AND NOT EXISTS (
            SELECT FROM due_failure AS failure WHERE {failure_of(Action.ERASE)} AND {FAILED})
    )
    SELECT (SELECT count(*) FROM due) AS due,
           EXISTS (SELECT FROM erasure_stop)
           OR EXISTS (SELECT FROM erasure_approval_request WHERE closed_at IS NULL) AS stopped_before,
           approval.id, approval.contracts AS approved,
           (SELECT count(*) FROM due WHERE due.due_at <= approval.due_until) AS approved_left,
           (SELECT count(*) FROM erasure_record AS record
             WHERE record.sequence > approval.after_sequence AND record.due_at <= approval.due_until
               AND NOT record.replayed) AS approved_done
      FROM (SELECT) AS always
      LEFT JOIN (SELECT * FROM erasure_approval WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1) AS approval ON true
"""  # noqa: S608 - our own names
_NOT_ERASED = ", ".join(f"'{status}'" for status in Status if status is not Status.ERASED)
# the order makes it walk an index, and the limit makes its cost that of the wave, however many contracts there are
_COUNT_UP_TO = f"""
    SELECT count(*) AS contracts FROM (
        SELECT FROM contract WHERE status IN ({_NOT_ERASED}) ORDER BY status LIMIT $1) AS not_erased
"""  # noqa: S608 - our own names
_STOP = """
    INSERT INTO erasure_stop AS stop (id, since, alarmed_at) VALUES (1, $1, $1)
    ON CONFLICT (id) DO UPDATE SET alarmed_at = excluded.alarmed_at WHERE stop.alarmed_at <= $2
    RETURNING since
"""


@dataclass(frozen=True, slots=True)
class Assessment:
    """How many erasures are due, how many may pass, and until which due date they may be executed; None stops all."""

    due: int
    limit: int
    until: datetime | None
    approval: ErasureApproval | None = None
    expired: ErasureApproval | None = None
    """An approval to be ended: all its contracts are erased, or contracts were added to them."""

    @property
    def stopped(self) -> bool:
        """Whether the breaker stops all erasures."""
        return self.until is None


class Breaker:
    """Allows a number of erasures, or a percentage of all contracts not yet erased, whichever is more."""

    def __init__(self, contracts: int, percent: float) -> None:
        self._contracts = contracts
        self._percent = percent

    async def assess(self, now: datetime) -> Assessment:
        """Return what the next sweep may erase. Read-only."""
        assessment, _ = await self._read(now)
        return assessment

    async def pass_until(self, now: datetime) -> datetime | None:
        """Return the due date until which contracts may be erased now; None, with an alarm, if erasures are stopped."""
        assessment, stopped_before = await self._read(now)
        if assessment.expired:
            await ErasureApproval.filter(id=assessment.expired.id).update(ended_at=now)
        if assessment.stopped:
            await _alarm(assessment, now)
        elif stopped_before:
            await _end_stop(now)
            log.info("erasures resumed", due=assessment.due, limit=assessment.limit)
        return assessment.until

    async def approve(
        self, seen: Assessment, due_until: datetime, *, at: datetime | None = None, account_id: UUID | None = None
    ) -> ErasureApproval:
        """Approve the erasures of an assessment: that number of contracts, due until that instant.

        Args:
            seen: What the operator saw.
            due_until: When the operator saw it.
            at: The instant of the approval, if that is another.
            account_id: Who approves.
        """
        async with transaction():
            await ErasureApproval.filter(ended_at__isnull=True).update(ended_at=at or due_until)
            last = await ErasureRecord.filter(sequence__isnull=False).order_by("-sequence").first()
            approval = await ErasureApproval.create(
                approved_at=at or due_until,
                due_until=due_until,
                contracts=seen.due,
                after_sequence=last.sequence if last else 0,
            )
            await record(AuditAction.ERASURES_APPROVED, account_id=account_id, subject=f"{seen.due} contracts")
        log.info("erasures approved", contracts=seen.due, due_until=due_until)
        return approval

    async def _read(self, now: datetime) -> tuple[Assessment, bool]:
        (counts,) = await fetch(_COUNTS, now)
        due, limit, stopped_before = counts["due"], self._contracts, counts["stopped_before"]
        approval = await ErasureApproval.get(id=counts["id"]) if counts["id"] else None
        valid = approval is not None and 0 < counts["approved_left"] <= counts["approved"] - counts["approved_done"]
        if due > limit and self._percent:
            limit = max(limit, await self._share(due))
        until = now if due <= limit else approval.due_until if approval and valid else None
        assessment = Assessment(due, limit, until, approval if valid else None, None if valid else approval)
        return assessment, stopped_before

    async def _share(self, due: int) -> int:
        """Return the percentage of all contracts not yet erased; of enough of them, if it is at least `due`."""
        enough = int(min(due * 100 / self._percent, _MANY)) + 2  # one for the fraction, one for rounding
        (counted,) = await fetch(_COUNT_UP_TO, enough)
        return int(counted["contracts"] * self._percent / 100)


async def _end_stop(now: datetime) -> None:
    """End the stop with its request, so that the next stop is approved as it is then."""
    async with transaction():
        await ErasureStop.all().delete()
        await ErasureApprovalRequest.filter(closed_at__isnull=True).update(closed_at=now)


async def _alarm(assessment: Assessment, now: datetime) -> None:
    """Raise the alarm when the stop begins and every hour while it lasts, once for all workers."""
    if await fetch(_STOP, now, now - ALARM_EVERY):
        log.error("erasures stopped", due=assessment.due, limit=assessment.limit)
