"""Replacing the password of an account."""

from contract_server.accounts.models import Account, PasswordResetToken, Session
from contract_server.clock import Clock
from contract_server.db.transaction import transaction
from contract_server.mail.password_mails import PasswordMails


class PasswordChanges:
    """Replaces passwords, and tells the owner by mail."""

    def __init__(self, mails: PasswordMails, mail_clock: Clock) -> None:
        self._mails = mails
        self._mail_clock = mail_clock

    async def replace(self, account: Account, password_hash: str) -> None:
        """Store the new hash, delete all sessions and reset links of the account, and queue the mail."""
        async with transaction():
            await Account.filter(id=account.id).update(password_hash=password_hash)
            await PasswordResetToken.filter(account_id=account.id).delete()
            await Session.filter(account_id=account.id).delete()
            await self._mails.enqueue_change(account, await self._mail_clock.now())
