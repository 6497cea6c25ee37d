"""Setting a new password by a link that only the account's mailbox gets."""

import asyncio
from datetime import timedelta

from contract_server.accounts.credentials import replace_password, require_suitable
from contract_server.accounts.email import find_account, normalized
from contract_server.accounts.models import PasswordResetToken
from contract_server.accounts.passwords import PasswordHasher
from contract_server.accounts.rate_limit import Limit
from contract_server.accounts.rate_limit_store import RateLimitStore, TooManyAttempts
from contract_server.accounts.tokens import hash_token, new_token
from contract_server.clock import Clock, DatabaseClock
from contract_server.db.transaction import transaction
from contract_server.mail.password_reset import PasswordResetMails
from contract_server.mail.wakeups import WakeUps
from contract_server.settings import Settings

VALID_FOR = timedelta(minutes=30)

_WINDOW = timedelta(minutes=15)
_ANSWERED_AFTER_S = 0.2


class InvalidResetToken(Exception):
    """The token is unknown, was used, or has expired."""


class PasswordResets:
    """Lets people back in who have forgotten their password."""

    def __init__(
        self,
        settings: Settings,
        passwords: PasswordHasher,
        attempts: RateLimitStore,
        *,
        mails: PasswordResetMails,
        mail_clock: Clock,
        wake_ups: WakeUps,
    ) -> None:
        self._per_account = Limit(settings.password_resets_per_account, _WINDOW, growing=False)
        self._per_source = Limit(settings.password_resets_per_source, _WINDOW, growing=False)
        self._passwords = passwords
        self._mails = mails
        self._attempts = attempts
        self._mail_clock = mail_clock
        self._wake_ups = wake_ups
        self._clock = DatabaseClock()

    async def request(self, email: str, *, source: str) -> None:
        """Owe a mail with a link to the account of that address, unless too many were asked for.

        Nothing tells the caller whether there is such an account: the answer comes after the same time, which is
        longer than the work takes.
        """
        await asyncio.gather(asyncio.sleep(_ANSWERED_AFTER_S), self._request(normalized(email), source))

    async def reset(self, token: str, new_password: str) -> None:
        """Set the new password and end all sessions of the account.

        Raises:
            UnsuitablePassword: The password is too short or too long.
            InvalidResetToken: The token opens nothing.
        """
        require_suitable(new_password)
        good = PasswordResetToken.filter(token_hash=hash_token(token), expires_at__gt=await self._clock.now())
        if not await good.exists():  # looked at first: who has no token gets no hash of ours
            raise InvalidResetToken
        kept = await self._passwords.hash(new_password)
        async with transaction():
            found = await good.select_for_update().first()
            if found is None:
                raise InvalidResetToken
            await replace_password(found.account_id, kept)

    async def allow_again(self, email: str) -> None:
        """Forget how many links were asked for with this address."""
        await self._attempts.clear(self._account_key(normalized(email)))

    async def forget_expired(self) -> None:
        """Delete the tokens that open nothing any more, and the mails that they stand in."""
        await self._mails.delete_until(await self._mail_clock.now() - VALID_FOR)
        await PasswordResetToken.filter(expires_at__lte=await self._clock.now()).delete()

    async def _request(self, address: str, source: str) -> None:
        limits = {
            self._account_key(address): self._per_account,
            self._attempts.key("password reset", "source", source): self._per_source,
        }
        try:
            await self._attempts.begin(limits)
        except TooManyAttempts:
            return
        token = new_token()
        async with transaction():
            account = await find_account(address)
            if account is None:
                return
            await PasswordResetToken.filter(account_id=account.id).delete()
            await PasswordResetToken.create(
                token_hash=hash_token(token), account=account, expires_at=await self._clock.now() + VALID_FOR
            )
            await self._mails.enqueue(account, token, VALID_FOR, await self._mail_clock.now())
        self._wake_ups.wake()

    def _account_key(self, address: str) -> str:
        return self._attempts.key("password reset", "account", address)
