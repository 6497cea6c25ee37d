"""Sessions: opaque random tokens, of which the database keeps the hash alone.

Sessions go by real time even where the contracts' clock was moved: somebody who looks forty days ahead stays
logged in.
"""

from datetime import datetime
from uuid import UUID

from contract_server.accounts.models import Account, Session
from contract_server.accounts.tokens import hash_token, new_token
from contract_server.accounts.viewer import Viewer
from contract_server.clock import DatabaseClock
from contract_server.db.transaction import transaction
from contract_server.settings import Settings


class AccountChanged(Exception):
    """Since its password was looked at, the account was erased or got another."""


class Sessions:
    """Opens and ends sessions; `find_viewer_contract` finds them."""

    def __init__(self, settings: Settings) -> None:
        self._idle_limit = settings.session_idle_limit
        self._absolute_limit = settings.session_absolute_limit
        self._clock = DatabaseClock()

    async def open(self, account: Account, replacing: str | None = None) -> tuple[Viewer, str]:
        """Log an account in whose password was right.

        Args:
            account: The account as it was when its password was looked at.
            replacing: A token whose session, if there is one, ends with this.

        Returns:
            The viewer, and the token: the only time that it is known.

        Raises:
            AccountChanged: That password opens nothing any more.
        """
        token = new_token()
        async with transaction():
            same = Account.filter(id=account.id, password_hash=account.password_hash)
            if await same.select_for_update().first() is None:
                raise AccountChanged
            if replacing is not None:
                await Session.filter(token_hash=hash_token(replacing)).delete()
            now = await self._clock.now()
            session = await Session.create(
                token_hash=hash_token(token),
                account=account,
                created_at=now,
                last_used_at=now,
                expires_at=now + self._absolute_limit,
            )
        return self._viewer(session, account, now), token

    async def end(self, session_id: UUID) -> None:
        """Log out."""
        await Session.filter(id=session_id).delete()

    async def forget_expired(self) -> None:
        """Delete the sessions that open nothing any more."""
        now = await self._clock.now()
        await Session.filter(expires_at__lte=now).delete()
        await Session.filter(last_used_at__lte=now - self._idle_limit).delete()

    def _viewer(self, session: Session, account: Account, now: datetime) -> Viewer:
        return Viewer(
            account_id=account.id,
            session_id=session.id,
            name=account.name,
            email=account.email,
            role=account.role,
            contract_id=account.contract_id,
            session_expires_at=min(session.expires_at, now + self._idle_limit),
        )
