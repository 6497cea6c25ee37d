"""Setting a new password by a link that only the account's mailbox gets."""

import hashlib
import secrets
from datetime import timedelta

from contract_server.accounts.models import Account, PasswordResetToken, Session
from contract_server.accounts.passwords import PasswordHasher
from contract_server.clock import Clock, DatabaseClock
from contract_server.contracts.mails import Mails
from contract_server.db.transaction import transaction

VALID_FOR = timedelta(minutes=30)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256


class InvalidResetToken(Exception):
    """The token is unknown, was used, or has expired."""


class UnsuitablePassword(ValueError):
    """The new password is too short or too long."""


class PasswordResets:
    """Lets people back in who have forgotten their password."""

    def __init__(self, passwords: PasswordHasher, mails: Mails, mail_clock: Clock) -> None:
        self._passwords = passwords
        self._mails = mails
        self._mail_clock = mail_clock
        self._clock = DatabaseClock()

    async def request(self, email: str) -> None:
        """Owe a mail with a link to the account of that address; nothing tells the caller whether there is one."""
        token = secrets.token_urlsafe(32)
        async with transaction():
            account = await Account.filter(email=email.strip().lower()).first()
            if account is None:
                return
            await PasswordResetToken.filter(account_id=account.id).delete()
            await PasswordResetToken.create(
                token_hash=_hash(token), account=account, expires_at=await self._clock.now() + VALID_FOR
            )
            await self._mails.owe_password_reset(account, token, VALID_FOR, await self._mail_clock.now())

    async def reset(self, token: str, new_password: str) -> None:
        """Set the new password and end all sessions of the account.

        Raises:
            UnsuitablePassword: The password is too short or too long.
            InvalidResetToken: The token opens nothing.
        """
        if not SHORTEST_PASSWORD <= len(new_password) <= LONGEST_PASSWORD:
            raise UnsuitablePassword
        kept = await self._passwords.hash(new_password)
        async with transaction():
            found = (
                await PasswordResetToken.filter(token_hash=_hash(token), expires_at__gt=await self._clock.now())
                .select_for_update()
                .first()
            )
            if found is None:
                raise InvalidResetToken
            await PasswordResetToken.filter(account_id=found.account_id).delete()
            await Account.filter(id=found.account_id).update(password_hash=kept)
            await Session.filter(account_id=found.account_id).delete()

    async def forget_expired(self) -> None:
        """Delete the tokens that open nothing any more."""
        await PasswordResetToken.filter(expires_at__lte=await self._clock.now()).delete()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
