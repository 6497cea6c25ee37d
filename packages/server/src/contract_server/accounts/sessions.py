"""Sessions: opaque random tokens, of which the database keeps the hash alone.

Sessions go by real time even where the contracts' clock was moved: somebody who looks forty days ahead stays
logged in.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from contract_server.accounts.models import Account, Session
from contract_server.accounts.viewer import Viewer
from contract_server.clock import DatabaseClock
from contract_server.settings import Settings

_NOT_NOTED_MORE_OFTEN_THAN = timedelta(minutes=1)


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(self, settings: Settings) -> None:
        self._idle_limit = settings.session_idle_limit
        self._absolute_limit = settings.session_absolute_limit
        self._clock = DatabaseClock()

    async def open(self, account: Account) -> tuple[Viewer, str]:
        """Log an account in.

        Returns:
            The viewer, and the token: the only time that it is known.
        """
        token = secrets.token_urlsafe(32)
        now = await self._clock.now()
        session = await Session.create(
            token_hash=_hash(token),
            account=account,
            created_at=now,
            last_used_at=now,
            expires_at=now + self._absolute_limit,
        )
        return self._viewer(session, account, now), token

    async def find(self, token: str) -> Viewer | None:
        """Whose session the token opens; None when it is unknown, has ended or has expired."""
        session = await Session.filter(token_hash=_hash(token)).select_related("account").first()
        if session is None:
            return None
        now = await self._clock.now()
        if now >= min(session.expires_at, session.last_used_at + self._idle_limit):
            return None
        if now - session.last_used_at >= _NOT_NOTED_MORE_OFTEN_THAN:
            await Session.filter(id=session.id).update(last_used_at=now)
        return self._viewer(session, session.account, now)

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


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
