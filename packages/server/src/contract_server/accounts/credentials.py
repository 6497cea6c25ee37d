"""Passwords: their required length, and replacing one."""

from uuid import UUID

from contract_server.accounts.models import Account, PasswordResetToken, Session
from contract_server.db.transaction import transaction

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256


class UnsuitablePassword(ValueError):
    """The new password is too short or too long."""


def require_suitable(password: str) -> None:
    """Check the length of a new password.

    Raises:
        UnsuitablePassword: It is too short or too long.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UnsuitablePassword


async def replace_password(account_id: UUID, password_hash: str) -> None:
    """Store the new hash, and delete all sessions and reset tokens of the account."""
    async with transaction():
        await Account.filter(id=account_id).update(password_hash=password_hash)
        await PasswordResetToken.filter(account_id=account_id).delete()
        await Session.filter(account_id=account_id).delete()
