"""Resetting a password by a link that is sent to the account's mailbox.

Requests of others take nothing from the owner. Every link stays valid until one of them is used. Many requests for one
address, from whatever sources, are not refused: their links are mailed some minutes apart, and requests that come in
between share the next one. Only a source, or a device that has logged in to the account, can use up its own budget.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from contract_notify import normalize_address
from contract_server.accounts.client_address import networks
from contract_server.accounts.credentials import PasswordChanges
from contract_server.accounts.devices import Devices
from contract_server.accounts.email import find_account
from contract_server.accounts.models import Account, PasswordResetToken
from contract_server.accounts.passwords.hasher import PasswordHasher
from contract_server.accounts.passwords.rules import require_suitable
from contract_server.accounts.rate_limit import Limit
from contract_server.accounts.rate_limit_store import RateLimitStore, TooManyAttempts
from contract_server.accounts.source_limits import SourceLimits
from contract_server.accounts.tokens import hash_token, new_token
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import Clock, DatabaseClock
from contract_server.db.transaction import transaction
from contract_server.mail.password_mails import PasswordMails
from contract_server.mail.wakeups import WakeUps
from contract_server.settings import Settings

VALID_FOR = timedelta(minutes=30)
LIMIT_WINDOW = timedelta(minutes=15)

_RESPONSE_TIME_S = 0.2


class InvalidResetToken(Exception):
    """The token is unknown, used or expired."""


class PasswordResets:
    """Mails reset links, and sets the new passwords."""

    def __init__(
        self,
        settings: Settings,
        passwords: PasswordHasher,
        rate_limits: RateLimitStore,
        devices: Devices,
        changes: PasswordChanges,
        *,
        find_company_name: Callable[[UUID | None], Awaitable[str | None]],
        mails: PasswordMails,
        mail_clock: Clock,
        wake_ups: WakeUps,
    ) -> None:
        per_account = settings.password_resets_per_account
        self._per_account = Limit(per_account, LIMIT_WINDOW, growing=False)
        self._spaced = Limit(per_account, LIMIT_WINDOW, growing=False, refuses=False)
        per_source = Limit(settings.password_resets_per_source, LIMIT_WINDOW, growing=False)
        self._per_source = SourceLimits(rate_limits, "password reset", per_source)
        self._devices = devices
        self._passwords = passwords
        self._changes = changes
        self._find_company_name = find_company_name
        self._mails = mails
        self._rate_limits = rate_limits
        self._mail_clock = mail_clock
        self._wake_ups = wake_ups
        self._clock = DatabaseClock()
        self._in_use = set[UUID]()

    async def request(self, email: str, *, client_address: str, device_cookie: str | None = None) -> None:
        """Queue a mail with a link to the account of that address, within the limits.

        The caller does not learn whether the account exists: the response time is fixed, and longer than the work.
        """
        email = normalize_address(email)
        device = self._devices.find(device_cookie, email)
        await asyncio.gather(asyncio.sleep(_RESPONSE_TIME_S), self._request(email, client_address, device))

    async def reset(self, token: str, new_password: str) -> str:
        """Set the new password and end all sessions of the account.

        Returns:
            The account's address, whose mailbox the caller has shown to read.

        Raises:
            InvalidResetToken: The token is unknown, used or expired.
            UnsuitablePassword: The password is not allowed.
        """
        link = await self.find_link(token)
        if link is None or link.id in self._in_use:
            raise InvalidResetToken
        self._in_use.add(link.id)  # a link occupies one thread, however often it is used at the same time
        try:
            await self._use(link, new_password)
        finally:
            self._in_use.remove(link.id)
        self._wake_ups.wake()
        return link.account.email

    async def find_link(self, token: str) -> PasswordResetToken | None:
        """Find the link with that token, and its account, if it can still be used."""
        links = PasswordResetToken.filter(
            token_hash=hash_token(token), expires_at__gt=await self._clock.now(), account__disabled_at__isnull=True
        )
        return await links.select_related("account").first()

    async def _use(self, link: PasswordResetToken, new_password: str) -> None:
        company_name = await self._find_company_name(link.account.contract_id)
        require_suitable(new_password, email=link.account.email, company_name=company_name)
        password_hash = await self._passwords.hash(new_password)
        async with transaction():
            # the account first: a transaction that uses another link of it waits, instead of a deadlock
            account = await Account.filter(id=link.account_id, disabled_at__isnull=True).select_for_update().first()
            if account is None or not await PasswordResetToken.filter(id=link.id).exists():
                raise InvalidResetToken
            await self._changes.replace(account, password_hash, by=account.id)

    async def clear_limit(self, email: str) -> None:
        """Delete the counts of links requested with this address."""
        await self._rate_limits.clear_all_within(_account(normalize_address(email)))

    async def delete_expired(self) -> None:
        """Delete expired tokens."""
        await PasswordResetToken.filter(expires_at__lte=await self._clock.now()).delete()

    async def delete_expired_mails(self) -> None:
        """Delete mails whose links have expired, before they are sent."""
        await self._mails.delete_links_until(await self._mail_clock.now() - VALID_FOR)

    async def _request(self, email: str, client_address: str, device: str | None) -> None:
        try:
            attempt = await self._rate_limits.begin(self._limits(email, client_address, device))
        except TooManyAttempts:
            return
        async with transaction():
            account = await find_account(email)
            if account is not None and account.disabled_at is None:
                await record(AuditAction.PASSWORD_LINK_REQUESTED, about_id=account.id, contract_id=account.contract_id)
                await self.mail_link(account, delayed=bool(attempt.exceeded))
        self._wake_ups.wake()

    async def mail_link(self, account: Account, *, delayed: bool = False) -> None:
        """Queue a mail with a link, in the caller's transaction; `delayed`, some minutes after the last one."""
        await Account.filter(id=account.id).select_for_update().first()  # one request at a time looks for a mail
        now = await self._mail_clock.now()
        if delayed and await self._mails.link_is_waiting(account, now):
            return
        token = new_token()
        await PasswordResetToken.create(
            token_hash=hash_token(token), account_id=account.id, expires_at=await self._clock.now() + VALID_FOR
        )
        await self._mails.enqueue_link(account, token, VALID_FOR, now, delayed=delayed)

    def _limits(self, email: str, client_address: str, device: str | None) -> dict[str, Limit]:
        if device is not None:
            return {self._key(email, "device", device): self._per_account}
        return {
            self._key(email, "source", networks(client_address)[0]): self._per_account,
            **self._per_source.of(client_address),
            self._key(email, "unknown devices"): self._spaced,
        }

    def _key(self, email: str, *parts: str) -> str:
        return self._rate_limits.key_within(_account(email), *parts)


def _account(email: str) -> tuple[str, ...]:
    return "password reset", "account", email
