"""Replacing the password of an account, and ending the links that were mailed to its address."""

from collections.abc import Collection
from uuid import UUID

from contract_server.accounts.models import Account, AddressChange, EnrolmentLink, PasswordResetToken, Session
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import Clock
from contract_server.db.transaction import transaction
from contract_server.mail.password_mails import PasswordMails

LINKS = (PasswordResetToken, EnrolmentLink, AddressChange)
"""What opens something for an account by a token that reached its owner at the present address."""


async def end_links(account_ids: Collection[UUID]) -> None:
    """End all links of the accounts, in the caller's transaction: those in a former mailbox open nothing."""
    if not account_ids:
        return
    # the accounts first: a transaction that uses one of the links waits, instead of a deadlock
    await Account.filter(id__in=account_ids).order_by("id").select_for_update()
    for link in LINKS:
        await link.filter(account_id__in=account_ids).delete()


class PasswordChanges:
    """Replaces passwords, and tells the owner by mail."""

    def __init__(self, mails: PasswordMails, mail_clock: Clock) -> None:
        self._mails = mails
        self._mail_clock = mail_clock

    async def replace(
        self, account: Account, password_hash: str, *, by: UUID | None = None, keeping: UUID | None = None
    ) -> None:
        """Store the new hash, delete sessions and reset links of the account, and queue the mail.

        Args:
            account: The account.
            password_hash: The hash of its new password.
            by: Who replaces it; None for a command, which names its operator itself.
            keeping: The one session that goes on, if any.
        """
        async with transaction():
            await Account.filter(id=account.id).update(password_hash=password_hash)
            await PasswordResetToken.filter(account_id=account.id).delete()
            ended = Session.filter(account_id=account.id)
            sessions = await (ended.exclude(id=keeping) if keeping else ended).delete()
            await record(
                AuditAction.PASSWORD_REPLACED,
                account_id=by,
                about_id=account.id,
                contract_id=account.contract_id,
                subject=f"{sessions} sessions ended",
            )
            await self._mails.enqueue_change(account, await self._mail_clock.now())
