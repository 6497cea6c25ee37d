"""What opens an account, and replacing it."""

from uuid import UUID

from contract_server.accounts.models import Account, PasswordResetToken, Session
from contract_server.db.transaction import transaction

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256


class UnsuitablePassword(ValueError):
    """The new password is too short or too long."""


def require_suitable(password: str) -> None:
    """See that a password can be one.

    Raises:
        UnsuitablePassword: It is too short or too long.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UnsuitablePassword


async def replace_password(account_id: UUID, kept: str) -> None:
    """From now on the account is opened by the password that `kept` was made of, and by nothing that did before."""
    async with transaction():
        await Account.filter(id=account_id).update(password_hash=kept)
        await PasswordResetToken.filter(account_id=account_id).delete()
        await Session.filter(account_id=account_id).delete()
