"""Resetting a password by a link that is sent to the account's mailbox."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from contract_server.accounts.credentials import PasswordChanges
from contract_server.accounts.email import find_account, normalize
from contract_server.accounts.models import Account, PasswordResetToken
from contract_server.accounts.passwords.hasher import PasswordHasher
from contract_server.accounts.passwords.rules import require_suitable
from contract_server.accounts.rate_limit import Limit
from contract_server.accounts.rate_limit_store import RateLimitStore, TooManyAttempts
from contract_server.accounts.tokens import hash_token, new_token
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
        changes: PasswordChanges,
        *,
        find_company_name: Callable[[UUID | None], Awaitable[str | None]],
        mails: PasswordMails,
        mail_clock: Clock,
        wake_ups: WakeUps,
    ) -> None:
        self._per_account = Limit(settings.password_resets_per_account, LIMIT_WINDOW, growing=False)
        self._per_client = Limit(settings.password_resets_per_source, LIMIT_WINDOW, growing=False)
        self._passwords = passwords
        self._changes = changes
        self._find_company_name = find_company_name
        self._mails = mails
        self._rate_limits = rate_limits
        self._mail_clock = mail_clock
        self._wake_ups = wake_ups
        self._clock = DatabaseClock()
        self._in_use = set[UUID]()

    async def request(self, email: str, *, client_address: str) -> None:
        """Queue a mail with a link to the account of that address, within the limits.

        The caller does not learn whether the account exists: the response time is fixed, and longer than the work.
        """
        await asyncio.gather(asyncio.sleep(_RESPONSE_TIME_S), self._request(normalize(email), client_address))

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
        account = link.account
        company_name = await self._find_company_name(account.contract_id)
        require_suitable(new_password, email=account.email, company_name=company_name)
        self._in_use.add(link.id)  # a link occupies one thread, however often it is used at the same time
        try:
            await self._use(link, await self._passwords.hash(new_password))
        finally:
            self._in_use.remove(link.id)
        self._wake_ups.wake()
        return account.email

    async def find_link(self, token: str) -> PasswordResetToken | None:
        """Find the link with that token, and its account, if it can still be used."""
        links = PasswordResetToken.filter(token_hash=hash_token(token), expires_at__gt=await self._clock.now())
        return await links.select_related("account").first()

    async def _use(self, link: PasswordResetToken, password_hash: str) -> None:
        async with transaction():
            # the account first: a transaction that uses another link of it waits, instead of a deadlock
            account = await Account.filter(id=link.account_id).select_for_update().first()
            if account is None or not await PasswordResetToken.filter(id=link.id).exists():
                raise InvalidResetToken
            await self._changes.replace(account, password_hash)

    async def clear_limit(self, email: str) -> None:
        """Delete the count of links requested with this address."""
        await self._rate_limits.clear(self._account_key(normalize(email)))

    async def delete_expired(self) -> None:
        """Delete expired tokens, and the unsent mails that contain them."""
        await self._mails.delete_links_until(await self._mail_clock.now() - VALID_FOR)
        await PasswordResetToken.filter(expires_at__lte=await self._clock.now()).delete()

    async def _request(self, email: str, client_address: str) -> None:
        limits = {
            self._account_key(email): self._per_account,
            self._rate_limits.key("password reset", "source", client_address): self._per_client,
        }
        try:
            await self._rate_limits.begin(limits)
        except TooManyAttempts:
            return
        token = new_token()
        async with transaction():
            account = await find_account(email)
            if account is None:
                return
            await PasswordResetToken.filter(account_id=account.id).delete()
            await PasswordResetToken.create(
                token_hash=hash_token(token), account=account, expires_at=await self._clock.now() + VALID_FOR
            )
            await self._mails.enqueue_link(account, token, VALID_FOR, await self._mail_clock.now())
        self._wake_ups.wake()

    def _account_key(self, email: str) -> str:
        return self._rate_limits.key("password reset", "account", email)
