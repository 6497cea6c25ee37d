"""Logging in: every failure does the same work and gets the same answer.

Limits count failures only. They count by the typed address and the client, whether or not the account exists, so an
unknown address is locked like a known one. A lock stops log-ins only; open sessions continue.
"""

from datetime import datetime, timedelta

from contract_server.accounts.client_address import networks
from contract_server.accounts.email import find_account, normalize
from contract_server.accounts.fair_queue import FairQueue, Requester, TooBusy
from contract_server.accounts.passwords.hasher import PasswordHasher
from contract_server.accounts.rate_limit import Limit
from contract_server.accounts.rate_limit_store import RateLimitStore, TooManyAttempts
from contract_server.accounts.sessions import AccountChanged, Sessions
from contract_server.accounts.viewer import Viewer
from contract_server.clock import CoarseClock
from contract_server.settings import Settings

_BUSY_RETRY_AFTER = timedelta(seconds=5)


class InvalidCredentials(Exception):
    """The address is unknown or erased, or the password is wrong. It does not reveal which."""


class Busy(Exception):
    """The password was not compared, because too many log-ins of this account or this source are waiting."""

    def __init__(self, retry_at: datetime) -> None:
        super().__init__()
        self.retry_at = retry_at


class LogIns:
    """Verifies credentials within the rate limits, and opens sessions."""

    def __init__(
        self,
        settings: Settings,
        passwords: PasswordHasher,
        sessions: Sessions,
        rate_limits: RateLimitStore,
        queue: FairQueue | None = None,
    ) -> None:
        window = settings.log_in_window
        self._per_account = Limit(settings.log_in_failures_per_account, window)
        self._per_client = Limit(settings.log_in_failures_per_source, window)
        self._of_all = Limit(settings.log_in_failures_of_all, window, growing=False)
        self._passwords = passwords
        self._sessions = sessions
        self._rate_limits = rate_limits
        self._queue = queue or FairQueue()
        self._clock = CoarseClock()

    async def log_in(
        self, email: str, password: str, *, client_address: str, replacing: str | None = None
    ) -> tuple[Viewer, str]:
        """Open a new session.

        Args:
            email: The address as typed.
            password: The password as typed.
            client_address: The client to count a failure under.
            replacing: The token that the request carried; its session ends when the new one begins.

        Returns:
            The viewer and the session's token.

        Raises:
            InvalidCredentials: The address or the password is wrong.
            TooManyAttempts: Too many failures; the password was not compared.
            Busy: Too many log-ins are waiting; the password was not compared.
        """
        email = normalize(email)
        try:
            async with self._queue.turn(Requester(email, networks(client_address)[-1])):
                return await self._log_in(email, password, client_address, replacing)
        except TooBusy:
            raise Busy(await self._clock.now() + _BUSY_RETRY_AFTER) from None

    async def _log_in(
        self, email: str, password: str, client_address: str, replacing: str | None
    ) -> tuple[Viewer, str]:
        account_key = self._rate_limits.key_within(_account(email), client_address)
        limits = {
            account_key: self._per_account,
            self._rate_limits.key("log in", "source", client_address): self._per_client,
            self._rate_limits.key("log in", "all"): self._of_all,
        }
        account = await find_account(email)
        try:
            attempt = await self._rate_limits.begin(limits)
        except TooManyAttempts:
            await self._passwords.verify_dummy(password)
            raise
        is_correct = await self._passwords.verify(password, account.password_hash if account else None)
        if account is None or not is_correct:
            raise InvalidCredentials
        try:
            opened = await self._sessions.open(account, replacing)
        except AccountChanged:
            raise InvalidCredentials from None
        await self._rate_limits.refund(attempt)
        await self._rate_limits.clear(account_key)
        return opened

    async def unlock(self, email: str) -> None:
        """Delete the account's failures from every client, so that it can log in immediately."""
        await self._rate_limits.clear_all_within(_account(normalize(email)))


def _account(email: str) -> tuple[str, ...]:
    return "log in", "account", email
