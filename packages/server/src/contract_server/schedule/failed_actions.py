"""Due actions that failed: tried again after growing pauses, and at last failed permanently."""

from datetime import datetime, timedelta
from uuid import UUID

from contract_rules import Action
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.db.statements import fetch
from contract_server.db.transaction import transaction
from contract_server.logs import get_logger
from contract_server.schedule.models import DueFailure

log = get_logger(__name__)

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
TRIES = 8
"""With the pauses, nearly eighteen hours: long enough to repair a defect, short enough to be late."""

# a failure for another due date, of an application that was withdrawn since, does not count
_COUNT = """
    INSERT INTO due_failure AS known (contract_id, act, due_at, tries, failure, next_try_at)
    VALUES ($1, $2, $3, 1, $4, $5)
    ON CONFLICT (contract_id, act) DO UPDATE
       SET tries = CASE WHEN known.due_at = excluded.due_at THEN known.tries + 1 ELSE 1 END,
           due_at = excluded.due_at, failure = excluded.failure, set_aside_at = NULL
    RETURNING tries
"""


async def record_failure(contract_id: UUID, action: Action, due_at: datetime, error: Exception, now: datetime) -> None:
    """Count a failed try and schedule the next one; after the last one, log the alarm."""
    kind = type(error).__name__
    rows = await fetch(_COUNT, contract_id, action, due_at, kind, now)
    tries = rows[0]["tries"]
    failure = DueFailure.filter(contract_id=contract_id, act=action)
    if tries < TRIES:
        await failure.update(next_try_at=now + pause_after(tries))
        log.warning("due action failed", contract_id=contract_id, act=action, tries=tries, exc_info=error)
    else:
        await failure.update(set_aside_at=now)
        log.error("due action failed permanently", contract_id=contract_id, act=action, tries=tries, exc_info=error)


async def clear_failures(contract_id: UUID, action: Action) -> None:
    """Delete the failures of an action that succeeded."""
    await DueFailure.filter(contract_id=contract_id, act=action).delete()


async def retry_failed(contract_id: UUID | None = None, *, account_id: UUID | None = None) -> int:
    """Let the next sweep try the failed actions of a contract, or of all contracts, again.

    Returns:
        The number of failed actions.
    """
    failed = (
        DueFailure.filter(contract_id=contract_id) if contract_id else DueFailure.filter(set_aside_at__isnull=False)
    )
    async with transaction():
        retried = await failed.delete()
        if retried:
            await record(
                AuditAction.ACTIONS_RETRIED,
                account_id=account_id,
                contract_id=contract_id,
                subject=f"{retried} actions",
            )
    return retried


def pause_after(tries: int) -> timedelta:
    """Return the pause after a number of tries: a minute at first, then four times as long each, six hours at most."""
    pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 4 ** min(tries - 1, 10))
    return pause
