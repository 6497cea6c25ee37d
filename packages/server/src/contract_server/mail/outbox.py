"""The outbox: queue a mail in the transaction of the change that it reports."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson

from contract_notify import KINDS, Attachment, Message, RenderedMail, render
from contract_server.db.rows import UpdateWhere
from contract_server.db.statements import execute
from contract_server.logs import request_id
from contract_server.mail.models import MailState, OutboxMail
from contract_server.settings import Settings
from contract_server.tracing import TRACING

LINK_KINDS = tuple(kind for kind, message in KINDS.items() if "url" in {field.name for field in fields(message)})
"""Mails with a link that gives access: the body is emptied when sent, the row deleted when the link expires."""

_DELETE_LINKS = """
    DELETE FROM outbox_mail
     WHERE kind IN ({kinds}) AND dated_at <= $1 AND (lease_until IS NULL OR lease_until < clock_timestamp())
"""


class Recipient(Protocol):
    """A person to whom a mail is addressed."""

    @property
    def email(self) -> str:
        """Email address."""

    @property
    def contract_id(self) -> UUID | None:
        """The contract whose mails are sent in order; None for an account without a contract."""


class Outbox:
    """Renders a mail once, so that every attempt sends the same bytes."""

    def __init__(self, settings: Settings) -> None:
        self._contact_url = settings.contact_url
        self._domain = settings.mail_domain

    def render(self, message: Message) -> RenderedMail:
        """Render the message with this deployment's contact form."""
        return render(message, self._contact_url)

    def row(
        self, recipient: Recipient, message: Message, unique: str, now: datetime, rendered: RenderedMail | None = None
    ) -> dict[str, Any]:
        """Return the columns of a mail; `unique` makes its Message-ID unique."""
        rendered = rendered or self.render(message)
        return {
            "contract_id": recipient.contract_id,
            "kind": message.kind,
            "message_id": f"<{unique}.{message.kind}@{self._domain}>",
            "dated_at": now,
            "next_attempt_at": now,
            "recipient": recipient.email,
            "subject": rendered.subject,
            "body": rendered.body,
            "request_id": request_id.get(),
            "traceparent": TRACING.traceparent(),
        }


async def delete_links_until(instant: datetime, kinds: Collection[str]) -> None:
    """Delete mails of these kinds that are dated up to that instant, sent or not: their links have expired."""
    await execute(_DELETE_LINKS.format(kinds=quoted(kinds)), instant)


def quoted(kinds: Collection[str]) -> str:
    """Write kinds of mails as SQL, so that the planner recognises their partial index."""
    return ", ".join(f"'{kind}'" for kind in kinds)


def write_attachments(attachments: Sequence[Attachment]) -> str:
    """Write attachments as they are stored."""
    return orjson.dumps([attachment._asdict() for attachment in attachments]).decode()


def read_attachments(stored: str | None) -> list[Attachment]:
    """Read what `write_attachments` wrote."""
    return [Attachment(**attachment) for attachment in orjson.loads(stored)] if stored else []


_PENDING_REMINDER = f"""
    outbox_mail.contract_id = {{}} AND outbox_mail.state = '{MailState.PENDING}' AND outbox_mail.useful_until > {{}}
"""


def withdraw_reminders(contract_id: UUID, now: datetime, kind: str | None = None) -> UpdateWhere:
    """Return the write that makes a contract's pending reminders useless, all of them or those of one kind."""
    condition, values = _PENDING_REMINDER, (contract_id, now)
    if kind is None:
        return UpdateWhere(OutboxMail, {"useful_until": now}, condition, values)
    return UpdateWhere(OutboxMail, {"useful_until": now}, f"{condition} AND outbox_mail.kind = {{}}", (*values, kind))
