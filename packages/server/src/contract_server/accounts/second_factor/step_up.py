"""Showing the second factor: after the password, and again before what reaches far.

A challenge belongs to one session and is good for one try. Each success replaces the token of the session, so that
what was known of it before opens nothing.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from contract_server.accounts.models import Passkey, Session
from contract_server.accounts.second_factor.passkeys import RelyingParty, SecondFactorRefused, credential_id_of
from contract_server.accounts.second_factor.recovery_codes import use_code
from contract_server.accounts.tokens import hash_token, new_token
from contract_server.accounts.viewer import Viewer
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import DatabaseClock
from contract_server.db.statements import fetch
from contract_server.db.transaction import transaction
from contract_server.settings import Settings

_TAKE_CHALLENGE = """
    UPDATE session SET challenge = NULL
      FROM (SELECT id, challenge FROM session WHERE id = $1 FOR UPDATE) AS before
     WHERE session.id = before.id
    RETURNING before.challenge
"""


class SecondFactors:
    """Asks for the second factor, and verifies it."""

    def __init__(self, settings: Settings) -> None:
        self._party = RelyingParty.of(settings)
        self._clock = DatabaseClock()

    async def begin(self, viewer: Viewer) -> str:
        """Return the options by which a browser lets the passkey sign.

        Raises:
            SecondFactorRefused: The account has no passkey.
        """
        passkeys = await Passkey.filter(account_id=viewer.account_id)
        if not passkeys:
            raise SecondFactorRefused
        challenge = new_token()
        await Session.filter(id=viewer.session_id).update(challenge=challenge)
        return self._party.request_options(challenge, [passkey.credential_id for passkey in passkeys])

    async def show_passkey(self, viewer: Viewer, credential: str) -> str:
        """Verify what the passkey has signed; return the new token of the session.

        Raises:
            SecondFactorRefused: It does not prove who the viewer is.
        """
        challenge = await _take_challenge(viewer)  # before the transaction, because a failure uses it up, too
        return await self._show(viewer, partial(self._verify, viewer, credential, challenge), "passkey")

    async def show_code(self, viewer: Viewer, code: str) -> str:
        """Use up a recovery code; return the new token of the session.

        Raises:
            SecondFactorRefused: The account has no such code, or no longer.
        """
        return await self._show(viewer, partial(_use, viewer, code), "recovery code")

    async def _show(self, viewer: Viewer, verify: Callable[[], Awaitable[None]], subject: str) -> str:
        token = new_token()
        try:
            async with transaction():
                await verify()
                await self._renew(viewer, token)
                await record(AuditAction.SECOND_FACTOR_PASSED, account_id=viewer.account_id, subject=subject)
        except SecondFactorRefused:
            await record(AuditAction.SECOND_FACTOR_FAILED, about_id=viewer.account_id, subject=subject)
            raise
        return token

    async def _renew(self, viewer: Viewer, token: str) -> None:
        now = await self._clock.now()
        renewed = {"second_factor_at": now, "last_used_at": now, "token_hash": hash_token(token)}
        if not await Session.filter(id=viewer.session_id).update(**renewed):
            raise SecondFactorRefused

    async def _verify(self, viewer: Viewer, credential: str, challenge: str | None) -> None:
        passkeys = Passkey.filter(account_id=viewer.account_id, credential_id=credential_id_of(credential))
        passkey = await passkeys.select_for_update().first()
        if passkey is None or challenge is None:
            raise SecondFactorRefused
        sign_count = self._party.verify(credential, challenge, passkey)
        await Passkey.filter(id=passkey.id).update(sign_count=sign_count)


async def _take_challenge(viewer: Viewer) -> str | None:
    rows = await fetch(_TAKE_CHALLENGE, viewer.session_id)
    return rows[0]["challenge"] if rows else None


async def _use(viewer: Viewer, code: str) -> None:
    if not await use_code(viewer.account_id, code):
        raise SecondFactorRefused
