"""Mails about a contract: what its contractor is told of a change, and reminders."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from contract_notify import Attachment, ResumptionAccepted, TerminationAccepted
from contract_rules import MailKind, complete
from contract_server.contracts.queries import find_company_name
from contract_server.contracts.reminder_windows import Window
from contract_server.contracts.result import NotPossible, Obstacle
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.mail.models import OutboxMail
from contract_server.mail.outbox import Outbox, Recipient, write_attachments

Documents = Callable[[ContractSnapshot, str], Sequence[Attachment]]
"""Makes the documents of the application in force, for the company of that name."""


class Notifications:
    """Makes the mails about contracts."""

    def __init__(self, outbox: Outbox, documents: Documents | None = None) -> None:
        """With `documents`, the mail that accepts a termination carries them."""
        self._outbox = outbox
        self._documents = documents
        self._render = lru_cache(maxsize=16)(outbox.render)  # these mails are the same for all contractors

    async def company_of(self, contract_id: UUID) -> str:
        """Find the name of the company for the documents, if mails carry any."""
        return (self._documents and await find_company_name(contract_id)) or ""

    def row(
        self, contract: ContractSnapshot, contractor: Recipient | None, company: str, now: datetime, kind: MailKind
    ) -> dict[str, Any]:
        """Return the columns of the mail about a change, which led to this state of the contract.

        Raises:
            NotPossible: There is no contractor who could get it.
        """
        if contractor is None:
            raise NotPossible(Obstacle.NO_CONTRACTOR)
        message = _MESSAGES[kind](contract)
        unique = f"{contract.id}.{contract.facts.version}"
        row = self._outbox.row(contractor, message, unique, now, self._render(message))
        if self._documents and kind is MailKind.TERMINATION_ACCEPTED:
            row["attachments"] = write_attachments(self._documents(contract, company))
        return row

    def reminder(self, contract: ContractSnapshot, contractor: Recipient, window: Window, now: datetime) -> OutboxMail:
        """Return a reminder, not stored yet. Each application gets each kind once."""
        application = contract.facts.application
        assert application is not None  # noqa: S101 - a window is one of an application's
        message = window.reminder.words(application.timeline)
        row = self._outbox.row(contractor, message, f"{contract.id}.{contract.application_id}", now)
        return OutboxMail(**row, useful_until=window.closes_at)


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
