"""Logging in: every failure does the same work and gets the same answer.

Limits count failures only. They count by the typed address, whether or not the account exists, so an unknown address
is answered like a known one. They stop log-ins only; open sessions continue.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from contract_notify import normalize_address
from contract_server.accounts.devices import Devices
from contract_server.accounts.email import find_account
from contract_server.accounts.fair_queue import FairQueue, TooBusy
from contract_server.accounts.log_in_limits import Budget, LogInLimits
from contract_server.accounts.models import Account
from contract_server.accounts.passwords.hasher import PasswordHasher
from contract_server.accounts.rate_limit_store import Attempt, RateLimitStore, TooManyAttempts
from contract_server.accounts.sessions import AccountChanged, Sessions
from contract_server.accounts.viewer import Viewer
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import CoarseClock
from contract_server.logs import get_logger
from contract_server.settings import Settings

log = get_logger(__name__)

DELAY_S = 2.0
"""How long unknown devices wait while the failures of all together are over their limit."""

_DELAY_FOR_S = 10.0  # after the last log-in that found them there
_BUSY_RETRY_AFTER = timedelta(seconds=5)


class InvalidCredentials(Exception):
    """The address is unknown, erased or disabled, or the password is wrong. It does not reveal which."""


class MailedLinkRequired(Exception):
    """Devices that this account does not know have failed too often today; the link in a mail makes one known."""


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
        devices: Devices,
        *,
        queue: FairQueue | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._limits = LogInLimits(settings, rate_limits)
        self._passwords = passwords
        self._sessions = sessions
        self._rate_limits = rate_limits
        self._devices = devices
        self._queue = queue or FairQueue()
        self._pause = pause
        self._delays_until = 0.0
        self._clock = CoarseClock()

    async def log_in(
        self,
        email: str,
        password: str,
        *,
        client_address: str,
        device_cookie: str | None = None,
        replacing: str | None = None,
    ) -> tuple[Viewer, str]:
        """Open a new session.

        Args:
            email: The address as typed.
            password: The password as typed.
            client_address: The client to count a failure under if its device is unknown.
            device_cookie: The cookie of the device.
            replacing: The token that the request carried; its session ends when the new one begins.

        Returns:
            The viewer and the session's token.

        Raises:
            InvalidCredentials: The address or the password is wrong.
            TooManyAttempts: Too many failures; the password was not compared.
            MailedLinkRequired: Too many failures of unknown devices; the password was not compared.
            Busy: Too many log-ins are waiting; the password was not compared.
        """
        email = normalize_address(email)
        budget = self._limits.find(email, client_address, self._devices.find(device_cookie, email))
        if budget.of_all and time.monotonic() < self._delays_until:
            await self._pause(DELAY_S)
        async with self._turn(budget):
            account = await self._verify(email, password, budget)
            return await self._open(account, replacing)

    async def verify(
        self, email: str, password: str, *, client_address: str, device_cookie: str | None = None
    ) -> Account:
        """Verify the password of an account within the limits of log-ins, without opening a session.

        Raises:
            InvalidCredentials, TooManyAttempts, MailedLinkRequired, Busy: As for a log-in.
        """
        budget = self._limits.find(email, client_address, self._devices.find(device_cookie, email))
        async with self._turn(budget):
            return await self._verify(email, password, budget)

    async def unlock(self, email: str) -> None:
        """Delete the account's failures from every device and source, so that it can log in immediately."""
        await self._limits.clear(normalize_address(email))

    @asynccontextmanager
    async def _turn(self, budget: Budget) -> AsyncIterator[None]:
        try:
            async with self._queue.turn(budget.requester):
                yield
        except TooBusy:
            raise Busy(await self._clock.now() + _BUSY_RETRY_AFTER) from None

    async def _verify(self, email: str, password: str, budget: Budget) -> Account:
        account = await find_account(email)
        attempt = await self._begin(password, budget)
        is_correct = await self._passwords.verify(password, account.password_hash if account else None)
        if account is None or not is_correct or account.disabled_at is not None:
            self._log_reached_limits(attempt, budget)
            await _record_failure(account)
            raise InvalidCredentials
        await self._rate_limits.refund(attempt)
        await self._rate_limits.clear(budget.short_term)
        return account

    async def _open(self, account: Account, replacing: str | None) -> tuple[Viewer, str]:
        try:
            return await self._sessions.open(account, replacing)
        except AccountChanged:
            raise InvalidCredentials from None

    async def _begin(self, password: str, budget: Budget) -> Attempt:
        try:
            attempt = await self._rate_limits.begin(budget.limits)
        except TooManyAttempts as refusal:
            await self._passwords.verify_dummy(password)
            if budget.daily in refusal.keys:
                raise MailedLinkRequired from None
            raise
        if budget.of_all in attempt.exceeded:
            self._delays_until = time.monotonic() + _DELAY_FOR_S
        return attempt

    def _log_reached_limits(self, attempt: Attempt, budget: Budget) -> None:
        if budget.daily in attempt.filled:
            log.warning("mailed link required: too many failed log-ins of a day", account_key=budget.daily[:16])
        if budget.of_all in attempt.filled:
            log.warning("unknown devices delayed: too many failed log-ins of all together")


async def _record_failure(account: Account | None) -> None:
    """Write the failure to the audit trail. For an unknown address, there is the same work to do."""
    about_id, contract_id = (account.id, account.contract_id) if account else (None, None)
    await record(AuditAction.LOG_IN_FAILED, about_id=about_id, contract_id=contract_id)
