"""Mails that were given up: shown to a person, who has them tried again, or has seen to it in another way."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from tortoise.queryset import QuerySet

from contract_notify import ErasureReminder
from contract_server.db.statements import fetch
from contract_server.mail.models import MailState, OutboxMail
from contract_server.schedule.reminders import SPEAKS_OF_WHAT_IS_IN_FORCE

# A reminder is of use while the application that it speaks of is in force, and what it announces is not on hold.
_TRY_AGAIN = f"""
    UPDATE outbox_mail AS mail SET state = 'PENDING', attempts = 0, next_attempt_at = $2
     WHERE id = $1 AND state = 'FAILED' AND (useful_until IS NULL OR useful_until > $2
       AND {SPEAKS_OF_WHAT_IS_IN_FORCE} AND NOT (mail.kind = '{ErasureReminder.kind}' AND EXISTS (
            SELECT FROM contract WHERE contract.id = mail.contract_id AND hold_placed_at IS NOT NULL)))
    RETURNING id
"""  # noqa: S608 - our own names


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A mail that is tried no more, and the kind of its last failure."""

    id: int
    contract_id: UUID | None
    kind: str
    recipient: str
    dated_at: datetime
    attempts: int
    failure: str | None


async def mails_given_up(at_most: int) -> list[GivenUp]:
    """The oldest of them."""
    names = (field.name for field in fields(GivenUp))
    return [GivenUp(**row) for row in await _given_up().order_by("id").limit(at_most).values(*names)]


async def try_again(mail_id: int, now: datetime) -> bool:
    """Have the next sweep send it, and try it some more times where that fails.

    Returns:
        Whether it was. False where it was not given up, or is of no use any more.
    """
    return bool(await fetch(_TRY_AGAIN, mail_id, now))


async def dismiss(mail_id: int) -> bool:
    """Take it for seen to.

    Returns:
        Whether it was. False where it was not given up.
    """
    return bool(await _given_up().filter(id=mail_id).update(state=MailState.DISMISSED))


def _given_up() -> QuerySet[OutboxMail]:
    return OutboxMail.filter(state=MailState.FAILED)
