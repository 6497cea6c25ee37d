"""Mails that failed permanently: an operator retries or dismisses them."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from uuid import UUID

from tortoise.queryset import QuerySet

from contract_notify import ErasureReminder
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.contracts.due import HELD
from contract_server.db.statements import fetch
from contract_server.db.transaction import transaction
from contract_server.mail.models import MailState, OutboxMail
from contract_server.schedule.reminders import APPLICATION_IN_FORCE

# A reminder is retried only while its application is in force, and the erasure that it announces is not on hold.
_RETRY = f"""
    UPDATE outbox_mail AS mail SET state = 'PENDING', attempts = 0, next_attempt_at = $2
     WHERE ($1::bigint IS NULL OR id = $1) AND dated_at >= $3 AND state = 'FAILED'
       AND (useful_until IS NULL OR useful_until > $2
       AND {APPLICATION_IN_FORCE} AND NOT (mail.kind = '{ErasureReminder.kind}' AND EXISTS (
            SELECT FROM contract WHERE contract.id = mail.contract_id AND {HELD})))
    RETURNING contract_id
"""  # noqa: S608 - our own names
_DISMISS = "UPDATE outbox_mail SET state = 'DISMISSED' WHERE id = $1 AND state = 'FAILED' RETURNING contract_id"

EVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FailedMail:
    """A mail that failed permanently, with the kind of its last failure."""

    id: int
    contract_id: UUID | None
    kind: str
    recipient: str
    dated_at: datetime
    attempts: int
    failure: str | None


async def list_failed_mails(limit: int) -> list[FailedMail]:
    """List failed mails, oldest first."""
    names = (field.name for field in fields(FailedMail))
    return [FailedMail(**row) for row in await _failed().order_by("id").limit(limit).values(*names)]


async def retry_mails(
    now: datetime, mail_id: int | None = None, *, since: datetime = EVER, account_id: UUID | None = None
) -> int:
    """Make a failed mail pending again, with all its attempts; without an id, all those queued since then.

    Returns:
        The number of mails; mails that have expired do not count.
    """
    async with transaction():
        retried = await fetch(_RETRY, mail_id, now, since)
        if retried:
            await record(
                AuditAction.MAILS_RETRIED,
                account_id=account_id,
                contract_id=retried[0]["contract_id"] if mail_id else None,
                subject=f"mail {mail_id}" if mail_id else f"{len(retried)} mails",
            )
    return len(retried)


async def dismiss_mail(mail_id: int, *, reason: str | None = None, account_id: UUID | None = None) -> bool:
    """Close a failed mail without another attempt.

    Args:
        mail_id: Its number.
        reason: Why, in the operator's own words; not stored for a mail of no contract, because no erasure reaches it.
        account_id: Who closes it.

    Returns:
        False if the mail has not failed.
    """
    async with transaction():
        dismissed = await fetch(_DISMISS, mail_id)
        for mail in dismissed:
            await record(
                AuditAction.MAIL_DISMISSED,
                account_id=account_id,
                contract_id=mail["contract_id"],
                subject=f"mail {mail_id}",
                reason=reason if mail["contract_id"] else None,
            )
    return bool(dismissed)


def _failed() -> QuerySet[OutboxMail]:
    return OutboxMail.filter(state=MailState.FAILED)
