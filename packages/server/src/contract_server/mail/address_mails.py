"""Mails about a change of address: a link to each of the two mailboxes."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from contract_notify import AddressChangeRequested, NewAddressChosen
from contract_server.mail.models import OutboxMail
from contract_server.mail.outbox import Outbox, Recipient, delete_links_until
from contract_server.settings import Settings


class _NewMailbox(NamedTuple):
    email: str
    contract_id: UUID | None


class AddressMails:
    """Queues mails about a change of address, and deletes expired links."""

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self._public_url = settings.public_url.rstrip("/")
        self._outbox = outbox

    async def enqueue(
        self, account: Recipient, new_email: str, tokens: tuple[str, str], valid_for: timedelta, now: datetime
    ) -> None:
        """Queue a mail to the present address, and one to the new address, each with its token.

        The token is in the fragment, which servers and logs never get.
        """
        old_url, new_url = (f"{self._public_url}/address#{token}" for token in tokens)
        hours = int(valid_for.total_seconds() // 3600)
        new_mailbox = _NewMailbox(new_email, account.contract_id)
        for recipient, message in (
            (account, AddressChangeRequested(url=old_url, valid_hours=hours)),
            (new_mailbox, NewAddressChosen(url=new_url, valid_hours=hours)),
        ):
            await OutboxMail.create(**self._outbox.row(recipient, message, str(uuid4()), now))

    async def delete_links_until(self, instant: datetime) -> None:
        """Delete mails dated up to that instant, sent or pending: their links have expired."""
        await delete_links_until(instant, [AddressChangeRequested.kind, NewAddressChosen.kind])
