"""Owing a mail: written into the outbox in the transaction that gives the reason for it."""

from datetime import datetime, timedelta
from uuid import uuid4

from asgi_correlation_id.context import correlation_id

from contract_notify import Message, PasswordResetRequested, ResumptionAccepted, TerminationAccepted, render
from contract_rules import MailKind
from contract_server.accounts.models import Account
from contract_server.contracts.models import OutboxMail
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.settings import Settings


class Mails:
    """Writes the mails that a change owes to the contractor."""

    def __init__(self, settings: Settings) -> None:
        self._contact_url = settings.contact_url
        self._domain = settings.mail_domain
        self._public_url = settings.public_url.rstrip("/")

    async def owe(self, contract: ContractSnapshot, kind: MailKind, now: datetime) -> None:
        """Put the mail about a change that was just made into the outbox, in the same transaction.

        It is rendered here, once: whoever sends it, and however often, sends the same bytes.
        """
        contractor = await Account.get(contract_id=contract.id)
        unique = f"{contract.id}.{contract.facts.version}"
        await self._owe(contractor, _message(contract, kind), unique, now)

    async def owe_password_reset(self, account: Account, token: str, valid_for: timedelta, now: datetime) -> None:
        """Put the mail with the link to a new password into the outbox. The link leads to this very server."""
        message = PasswordResetRequested(
            url=f"{self._public_url}/password/{token}", valid_minutes=int(valid_for.total_seconds() // 60)
        )
        await self._owe(account, message, str(uuid4()), now)

    async def _owe(self, account: Account, message: Message, unique: str, now: datetime) -> None:
        rendered = render(message, self._contact_url)
        await OutboxMail.create(
            contract_id=account.contract_id,
            kind=message.kind,
            message_id=f"<{unique}.{message.kind}@{self._domain}>",
            dated_at=now,
            next_attempt_at=now,
            recipient=account.email,
            subject=rendered.subject,
            body=rendered.body,
            request_id=correlation_id.get(),
        )


def _message(contract: ContractSnapshot, kind: MailKind) -> Message:
    application = contract.facts.application
    if kind is MailKind.TERMINATION_ACCEPTED and application is not None:
        timeline = application.timeline
        return TerminationAccepted((timeline.resumption.last_day - timeline.requested_on).days)
    return ResumptionAccepted()
