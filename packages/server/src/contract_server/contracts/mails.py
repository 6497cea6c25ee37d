"""Owing a mail: written into the outbox in the transaction that gives the reason for it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from asgi_correlation_id.context import correlation_id
from tortoise.queryset import QuerySet

from contract_notify import (
    ErasureReminder,
    Message,
    PasswordResetRequested,
    RenderedMail,
    ResumptionAccepted,
    TerminationAccepted,
    render,
)
from contract_rules import MailKind, complete
from contract_server.accounts.models import Account
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.models import MailState, OutboxMail
from contract_server.contracts.reminder_windows import Window
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.db.transaction import current_connection
from contract_server.settings import Settings

_FORGET_PASSWORD_RESETS = f"""
    DELETE FROM outbox_mail
     WHERE kind = '{PasswordResetRequested.kind}' AND dated_at <= $1
       AND (lease_until IS NULL OR lease_until < clock_timestamp())
"""  # noqa: S608 - our own names


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
        await OutboxMail.create(**self.columns(contract, kind, contractor, now))
        if kind is MailKind.RESUMPTION_ACCEPTED:
            # they speak of an application that is no more
            await _waiting(contract.id, now).update(useful_until=now)

    def columns(
        self, contract: ContractSnapshot, kind: MailKind, contractor: Account | Viewer, now: datetime
    ) -> dict[str, Any]:
        """The mail about a change that was just made, as it is stored."""
        unique = f"{contract.id}.{contract.facts.version}"
        message = _MESSAGES[kind](contract)
        return self._columns(contractor, message, _rendered(message, self._contact_url), unique, now)

    async def owe_password_reset(self, account: Account, token: str, valid_for: timedelta, now: datetime) -> None:
        """Put the mail with the link to a new password into the outbox. The link leads to this very server."""
        message = PasswordResetRequested(
            url=f"{self._public_url}/password/{token}", valid_minutes=int(valid_for.total_seconds() // 60)
        )
        await self._mail(account, message, str(uuid4()), now).save()

    async def forget_password_resets(self, until: datetime) -> None:
        """Delete those dated until then, sent or not: their links open nothing any more."""
        await current_connection().execute_query(_FORGET_PASSWORD_RESETS, [until])

    def reminder(self, contract: ContractSnapshot, contractor: Account, window: Window, now: datetime) -> OutboxMail:
        """The reminder of a contract's application, not stored yet. One application gets each kind once."""
        application = contract.facts.application
        assert application is not None  # noqa: S101 - a window is one of an application's
        message = window.reminder.words(application.timeline)
        mail = self._mail(contractor, message, f"{contract.id}.{contract.application_id}", now)
        mail.useful_until = window.closes_at
        return mail

    async def withdraw_erasure_reminder(self, contract: ContractSnapshot, now: datetime) -> None:
        """One that still waits names a day that does not hold any more. It is owed anew once the hold is released."""
        await _waiting(contract.id, now).filter(kind=ErasureReminder.kind).update(useful_until=now)

    def _mail(self, account: Account, message: Message, unique: str, now: datetime) -> OutboxMail:
        return OutboxMail(**self._columns(account, message, render(message, self._contact_url), unique, now))

    def _columns(
        self, account: Account | Viewer, message: Message, rendered: RenderedMail, unique: str, now: datetime
    ) -> dict[str, Any]:
        return {
            "contract_id": account.contract_id,
            "kind": message.kind,
            "message_id": f"<{unique}.{message.kind}@{self._domain}>",
            "dated_at": now,
            "next_attempt_at": now,
            "recipient": account.email,
            "subject": rendered.subject,
            "body": rendered.body,
            "request_id": correlation_id.get(),
        }


@lru_cache(maxsize=16)
def _rendered(message: TerminationAccepted | ResumptionAccepted, contact_url: str) -> RenderedMail:
    """These two say the same to everybody, and nothing of anybody."""
    return render(message, contact_url)


def _waiting(contract_id: UUID, now: datetime) -> QuerySet[OutboxMail]:
    """Reminders that are still to be sent."""
    return OutboxMail.filter(contract_id=contract_id, state=MailState.PENDING, useful_until__gt=now)


def _termination_accepted(contract: ContractSnapshot) -> TerminationAccepted:
    application = contract.facts.application
    assert application is not None  # noqa: S101 - the mail is about it
    timeline = application.timeline
    return TerminationAccepted((timeline.resumption.last_day - timeline.requested_on).days)


_MESSAGES: Mapping[MailKind, Callable[[ContractSnapshot], TerminationAccepted | ResumptionAccepted]] = complete(
    "_MESSAGES",
    MailKind,
    {
        MailKind.TERMINATION_ACCEPTED: _termination_accepted,
        MailKind.RESUMPTION_ACCEPTED: lambda _contract: ResumptionAccepted(),
    },
)
"""What each mail about a change says of the contract as it is after the change."""
