"""Sessions: opaque random tokens, of which the database stores only the hash.

Sessions use real time even if the test clock was moved: a developer who moves it forty days ahead stays logged in.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from contract_server.accounts.models import Account, Session
from contract_server.accounts.tokens import hash_token, new_token
from contract_server.accounts.viewer import Viewer
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import DatabaseClock
from contract_server.db.transaction import transaction
from contract_server.settings import Settings

MOST_LISTED = 50


class AccountChanged(Exception):
    """The account was erased or disabled, or its password replaced, after the password was verified."""


class Sessions:
    """Opens and ends sessions; `find_viewer_contract` looks them up."""

    def __init__(self, settings: Settings) -> None:
        self._idle_limit = settings.session_idle_limit
        self._absolute_limit = settings.session_absolute_limit
        self._clock = DatabaseClock()

    async def open(self, account: Account, replacing: str | None = None) -> tuple[Viewer, str]:
        """Open a session for an account whose password was verified.

        Args:
            account: The account as it was when its password was verified.
            replacing: The token of a session to end, if it exists.

        Returns:
            The viewer, and the token, which is not stored.

        Raises:
            AccountChanged: The verified password is no longer valid.
        """
        token = new_token()
        async with transaction():
            unchanged = Account.filter(id=account.id, password_hash=account.password_hash, disabled_at__isnull=True)
            if await unchanged.select_for_update().first() is None:
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
            await record(AuditAction.LOGGED_IN, account_id=account.id, contract_id=account.contract_id)
        return self._viewer(session, account, now), token

    async def end(self, viewer: Viewer) -> None:
        """Log out."""
        async with transaction():
            if await Session.filter(id=viewer.session_id).delete():
                await record(AuditAction.LOGGED_OUT, account_id=viewer.account_id, contract_id=viewer.contract_id)

    async def find(self, viewer: Viewer) -> list[Session]:
        """Find the open sessions of the viewer's account that were used last, the last first."""
        now = await self._clock.now()
        sessions = Session.filter(
            account_id=viewer.account_id, expires_at__gt=now, last_used_at__gt=now - self._idle_limit
        )
        return await sessions.order_by("-last_used_at", "-id").limit(MOST_LISTED)

    async def end_another(self, viewer: Viewer, session_id: UUID) -> int:
        """End one session of the viewer's account; return how many were ended: one, or none."""
        return await _end(viewer, id=session_id)

    async def end_others(self, viewer: Viewer) -> int:
        """End all sessions of the viewer's account but this one; return their number."""
        return await _end(viewer, id__not=viewer.session_id)

    async def delete_expired(self) -> None:
        """Delete sessions past their absolute limit; an idle one is refused until then."""
        await Session.filter(expires_at__lte=await self._clock.now()).delete()

    def _viewer(self, session: Session, account: Account, now: datetime) -> Viewer:
        return Viewer(
            account_id=account.id,
            session_id=session.id,
            name=account.name,
            email=account.email,
            role=account.role,
            contract_id=account.contract_id,
            session_expires_at=min(session.expires_at, now + self._idle_limit),
            has_second_factor=account.second_factor_since is not None,
        )


async def _end(viewer: Viewer, **which: Any) -> int:  # noqa: ANN401 - conditions as Tortoise takes them
    async with transaction():
        ended = await Session.filter(account_id=viewer.account_id, **which).delete()
        if ended:
            await record(
                AuditAction.SESSIONS_ENDED,
                account_id=viewer.account_id,
                contract_id=viewer.contract_id,
                subject=f"{ended} sessions ended",
            )
    return ended
