"""Password reset mails."""

from datetime import datetime, timedelta
from uuid import uuid4

from contract_notify import PasswordResetRequested
from contract_server.db.statements import execute
from contract_server.mail.models import OutboxMail
from contract_server.mail.outbox import Outbox, Recipient
from contract_server.settings import Settings

_DELETE = f"""
    DELETE FROM outbox_mail
     WHERE kind = '{PasswordResetRequested.kind}' AND dated_at <= $1
       AND (lease_until IS NULL OR lease_until < clock_timestamp())
"""  # noqa: S608 - our own names


class PasswordResetMails:
    """Queues and deletes password reset mails."""

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self._public_url = settings.public_url.rstrip("/")
        self._outbox = outbox

    async def enqueue(self, recipient: Recipient, token: str, valid_for: timedelta, now: datetime) -> None:
        """Queue a mail with a link to this deployment."""
        message = PasswordResetRequested(
            url=f"{self._public_url}/password/{token}", valid_minutes=int(valid_for.total_seconds() // 60)
        )
        await OutboxMail.create(**self._outbox.row(recipient, message, str(uuid4()), now))

    async def delete_until(self, instant: datetime) -> None:
        """Delete mails dated up to that instant, sent or pending: their links have expired."""
        await execute(_DELETE, instant)
