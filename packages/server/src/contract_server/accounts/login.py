"""Logging in: the same work and the same answer, whatever is wrong.

Limits count failures only, by what was typed and where it came from, and not by what exists: an address that
nobody has is locked as soon as one that somebody has. They guard the log-in alone; a session that is open goes on.
"""

from datetime import timedelta

from contract_server.accounts.email import find_account, normalized
from contract_server.accounts.passwords import PasswordHasher, TooBusy
from contract_server.accounts.rate_limit import Limit
from contract_server.accounts.rate_limit_store import RateLimitStore, TooManyAttempts
from contract_server.accounts.sessions import AccountChanged, Sessions
from contract_server.accounts.viewer import Viewer
from contract_server.clock import DatabaseClock
from contract_server.settings import Settings

_WHEN_BUSY = timedelta(seconds=5)


class InvalidCredentials(Exception):
    """The address is unknown or erased, or the password is wrong; nobody is told which."""


class LogIns:
    """Lets people in."""

    def __init__(
        self, settings: Settings, passwords: PasswordHasher, sessions: Sessions, attempts: RateLimitStore
    ) -> None:
        window = settings.log_in_window
        self._per_account = Limit(settings.log_in_failures_per_account, window)
        self._per_source = Limit(settings.log_in_failures_per_source, window)
        self._of_all = Limit(settings.log_in_failures_of_all, window, growing=False)
        self._passwords = passwords
        self._sessions = sessions
        self._attempts = attempts
        self._clock = DatabaseClock()

    async def log_in(
        self, email: str, password: str, *, source: str, replacing: str | None = None
    ) -> tuple[Viewer, str]:
        """Open a new session.

        Args:
            email: The address as it was typed.
            password: The password.
            source: Where the request comes from.
            replacing: The token that came with the request; its session ends with the new one's beginning.

        Returns:
            The viewer and the session's token.

        Raises:
            InvalidCredentials: Not with this address and password.
            TooManyAttempts: Too many failures; whether this one was right is not looked at.
        """
        address = normalized(email)
        account_key = self._attempts.key_within(_account(address), source)
        limits = {
            account_key: self._per_account,
            self._attempts.key("log in", "source", source): self._per_source,
            self._attempts.key("log in", "all"): self._of_all,
        }
        account = await find_account(address)
        try:
            attempt = await self._attempts.begin(limits)
        except TooManyAttempts:
            await self._passwords.pretend(password)
            raise
        try:
            right = await self._passwords.verify(password, account.password_hash if account else None)
        except TooBusy:
            await self._attempts.refund(attempt)
            raise TooManyAttempts(await self._clock.now() + _WHEN_BUSY) from None
        if account is None or not right:
            raise InvalidCredentials
        try:
            opened = await self._sessions.open(account, replacing)
        except AccountChanged:
            raise InvalidCredentials from None
        await self._attempts.refund(attempt)
        await self._attempts.clear(account_key)
        return opened

    async def unlock(self, email: str) -> None:
        """Forget the failures of this account, wherever they came from: whoever has to wait need not any more."""
        await self._attempts.clear_all_within(_account(normalized(email)))


def _account(address: str) -> tuple[str, ...]:
    return "log in", "account", address
