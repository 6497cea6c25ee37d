"""Logging in: the same work and the same answer, whatever is wrong."""

from contract_server.accounts.models import Account
from contract_server.accounts.passwords import PasswordHasher
from contract_server.accounts.sessions import Sessions
from contract_server.accounts.viewer import Viewer


class InvalidCredentials(Exception):
    """The address is unknown or erased, or the password is wrong; nobody is told which."""


class LogIns:
    """Lets people in."""

    def __init__(self, passwords: PasswordHasher, sessions: Sessions) -> None:
        self._passwords = passwords
        self._sessions = sessions

    async def log_in(self, email: str, password: str) -> tuple[Viewer, str]:
        """Open a new session.

        Returns:
            The viewer and the session's token.

        Raises:
            InvalidCredentials: Not with this address and password.
        """
        account = await Account.filter(email=email.strip().lower()).first()
        right = await self._passwords.verify(password, account.password_hash if account else None)
        if account is None or not right:
            raise InvalidCredentials
        return await self._sessions.open(account)
