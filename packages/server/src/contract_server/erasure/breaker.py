"""The breaker: a mistake in dates or settings must not erase everybody before somebody has looked.

When all that is due for erasure is more than usual, nothing is erased, until an operator has approved exactly what
was seen: that many contracts, due until that instant. What falls due later is not part of it, and neither is the next
wave. Everything else that falls due goes on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contract_rules import Action
from contract_server.contracts.due import DUE_AT, FAILED, failure_of, is_due
from contract_server.db.transaction import current_connection, transaction
from contract_server.erasure.models import ErasureApproval, ErasureRecord, ErasureStop
from contract_server.logs import get_logger

log = get_logger(__name__)

ALARM_EVERY = timedelta(hours=1)

# What is held is not due, and what was set aside is tried no more. All is counted at one instant: what is left of an
# approval and what is done, counted one after the other, would be too many together while somebody erases.
_COUNTS = f"""
    WITH due AS (
        SELECT {DUE_AT[Action.ERASE]} AS due_at FROM contract
         WHERE {is_due(Action.ERASE)} AND NOT EXISTS (
            SELECT FROM due_failure AS failure WHERE {failure_of(Action.ERASE)} AND {FAILED})
    )
    SELECT (SELECT count(*) FROM due) AS due, (SELECT count(*) FROM erasure_stop) AS stops,
           approval.id, approval.contracts AS approved,
           (SELECT count(*) FROM due WHERE due.due_at <= approval.due_until) AS approved_left,
           (SELECT count(*) FROM erasure_record AS record
             WHERE record.sequence > approval.after_sequence AND record.due_at <= approval.due_until
               AND NOT record.replayed) AS approved_done
      FROM (SELECT) AS always
      LEFT JOIN (SELECT * FROM erasure_approval WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1) AS approval ON true
"""  # noqa: S608 - our own names
_ALL = "SELECT count(*) AS contracts FROM contract WHERE status <> 'ERASED'"
_STOP = """
    INSERT INTO erasure_stop AS stop (id, since, alarmed_at) VALUES (1, $1, $1)
    ON CONFLICT (id) DO UPDATE SET alarmed_at = excluded.alarmed_at WHERE stop.alarmed_at <= $2
    RETURNING since
"""


@dataclass(frozen=True, slots=True)
class Assessment:
    """How much is due for erasure, how much passes, and until which due date it may be erased: None is not at all."""

    due: int
    limit: int
    until: datetime | None
    approval: ErasureApproval | None = None
    spent: ErasureApproval | None = None
    """An approval of which nothing is left, or among whose contracts others have come: it is to be ended."""

    @property
    def stopped(self) -> bool:
        """Whether nothing may be erased."""
        return self.until is None


class Breaker:
    """Lets pass what is usual: so many contracts, or so many per cent of those not erased, whichever is more."""

    def __init__(self, contracts: int, percent: float) -> None:
        self._contracts = contracts
        self._percent = percent

    async def assess(self, now: datetime) -> Assessment:
        """What the next sweep may erase. Changes nothing."""
        assessment, _ = await self._look(now)
        return assessment

    async def pass_until(self, now: datetime) -> datetime | None:
        """Until which due date contracts may be erased now; None, with an alarm, where none may."""
        assessment, stopped_before = await self._look(now)
        if assessment.spent:
            await ErasureApproval.filter(id=assessment.spent.id).update(ended_at=now)
        if assessment.stopped:
            await _alarm(assessment, now)
        elif stopped_before:
            await ErasureStop.all().delete()
            log.info("erasures go on", due=assessment.due, limit=assessment.limit)
        return assessment.until

    async def approve(self, seen: Assessment, due_until: datetime) -> ErasureApproval:
        """Let pass what was seen: that many contracts, due until then."""
        async with transaction():
            await ErasureApproval.filter(ended_at__isnull=True).update(ended_at=due_until)
            last = await ErasureRecord.filter(sequence__isnull=False).order_by("-sequence").first()
            approval = await ErasureApproval.create(
                approved_at=due_until,
                due_until=due_until,
                contracts=seen.due,
                after_sequence=last.sequence if last else 0,
            )
        log.info("erasures approved", contracts=seen.due, due_until=due_until)
        return approval

    async def _look(self, now: datetime) -> tuple[Assessment, bool]:
        (counts,) = await current_connection().execute_query_dict(_COUNTS, [now])
        due, limit, stopped_before = counts["due"], self._contracts, bool(counts["stops"])
        approval = await ErasureApproval.get(id=counts["id"]) if counts["id"] else None
        holds = approval is not None and 0 < counts["approved_left"] <= counts["approved"] - counts["approved_done"]
        if due > limit:  # all are counted only where it matters
            (every,) = await current_connection().execute_query_dict(_ALL)
            limit = max(limit, int(every["contracts"] * self._percent / 100))
        until = now if due <= limit else approval.due_until if approval and holds else None
        found = Assessment(due, limit, until, approval if holds else None, None if holds else approval)
        return found, stopped_before


async def _alarm(assessment: Assessment, now: datetime) -> None:
    """Say it when it begins, and every hour while it lasts, by whichever worker comes first."""
    if await current_connection().execute_query_dict(_STOP, [now, now - ALARM_EVERY]):
        log.error("erasures stopped", due=assessment.due, limit=assessment.limit)
