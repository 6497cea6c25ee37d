"""Mails about passwords: the link that sets one, and the news that one was replaced."""

from datetime import datetime, timedelta
from uuid import uuid4

from contract_notify import Message, PasswordChanged, PasswordResetRequested
from contract_server.mail.models import MailState, OutboxMail
from contract_server.mail.outbox import Outbox, Recipient, delete_links_until
from contract_server.settings import Settings

LINK_SPACING = timedelta(minutes=5)
"""How far apart the links to one address are mailed when others ask for many."""


class PasswordMails:
    """Queues mails about passwords, and deletes expired links."""

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self._public_url = settings.public_url.rstrip("/")
        self._outbox = outbox

    async def enqueue_link(
        self, recipient: Recipient, token: str, valid_for: timedelta, now: datetime, *, delayed: bool = False
    ) -> None:
        """Queue a mail with a link. The token is in the fragment, which servers and logs never get."""
        url = f"{self._public_url}/password/new#{token}"
        message = PasswordResetRequested(url=url, valid_minutes=int(valid_for.total_seconds() // 60))
        await self._enqueue(recipient, message, now, now + LINK_SPACING if delayed else now)

    async def link_is_waiting(self, recipient: Recipient, now: datetime) -> bool:
        """Whether a link that was asked for a short time ago is still to be mailed."""
        return await OutboxMail.filter(
            kind=PasswordResetRequested.kind,
            recipient=recipient.email,
            state=MailState.PENDING,
            dated_at__gt=now - LINK_SPACING,
        ).exists()

    async def enqueue_change(self, recipient: Recipient, now: datetime) -> None:
        """Queue the news that the password was replaced."""
        await self._enqueue(recipient, PasswordChanged(), now, now)

    async def delete_links_until(self, instant: datetime) -> None:
        """Delete mails dated up to that instant, sent or pending: their links have expired."""
        await delete_links_until(instant, [PasswordResetRequested.kind])

    async def _enqueue(self, recipient: Recipient, message: Message, now: datetime, not_before: datetime) -> None:
        row = self._outbox.row(recipient, message, str(uuid4()), now)
        await OutboxMail.create(**row | {"next_attempt_at": not_before})
