"""Mails about passwords: the link that sets one, and the news that one was replaced."""

from datetime import datetime, timedelta
from uuid import uuid4

from contract_notify import Message, PasswordChanged, PasswordResetRequested
from contract_server.db.statements import execute
from contract_server.mail.models import OutboxMail
from contract_server.mail.outbox import Outbox, Recipient
from contract_server.settings import Settings

_DELETE = f"""
    DELETE FROM outbox_mail
     WHERE kind = '{PasswordResetRequested.kind}' AND dated_at <= $1
       AND (lease_until IS NULL OR lease_until < clock_timestamp())
"""  # noqa: S608 - our own names


class PasswordMails:
    """Queues mails about passwords, and deletes expired links."""

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self._public_url = settings.public_url.rstrip("/")
        self._outbox = outbox

    async def enqueue_link(self, recipient: Recipient, token: str, valid_for: timedelta, now: datetime) -> None:
        """Queue a mail with a link to this deployment."""
        minutes = int(valid_for.total_seconds() // 60)
        await self._enqueue(
            recipient,
            PasswordResetRequested(url=f"{self._public_url}/password/{token}", valid_minutes=minutes),
            now,
        )

    async def enqueue_change(self, recipient: Recipient, now: datetime) -> None:
        """Queue the news that the password was replaced."""
        await self._enqueue(recipient, PasswordChanged(), now)

    async def delete_links_until(self, instant: datetime) -> None:
        """Delete mails dated up to that instant, sent or pending: their links have expired."""
        await execute(_DELETE, instant)

    async def _enqueue(self, recipient: Recipient, message: Message, now: datetime) -> None:
        await OutboxMail.create(**self._outbox.row(recipient, message, str(uuid4()), now))
