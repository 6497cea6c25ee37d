"""Identities of other services: accounts with scopes, and tokens that can be replaced without an interruption.

A token is sent as `Authorization: Bearer`, never in a cookie. It is shown once; the database has its keyed hash. It
begins with a prefix, by which a request knows it from a session's token, and by which scanners find it in source code.
Expiry uses real time, as that of sessions does.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.exceptions import IntegrityError

from contract_server.accounts.tokens import keyed_hash, new_token
from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import DatabaseClock
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import transaction
from contract_server.integration.models import Scope, ServiceAccount, ServiceToken

PREFIX = "svc_"
VALID_FOR = timedelta(days=365)
OVERLAP = timedelta(days=7)

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_USE_RECORDED_EVERY = timedelta(minutes=1)

_FIND = """
    SELECT token.id AS token_id, token.last_used_at, clock_timestamp() AS now,
           service.id, service.name, service.scopes
      FROM service_token AS token JOIN service_account AS service ON service.id = token.service_id
     WHERE token.token_hash = $1 AND token.expires_at > clock_timestamp()
"""
_RECORD_USE = "UPDATE service_token SET last_used_at = $2 WHERE id = $1"
_END_OVERLAP = "UPDATE service_token SET expires_at = least(expires_at, $2) WHERE service_id = $1"
_DELETE_OLDER = """
    DELETE FROM service_token WHERE service_id = $1 AND id NOT IN
           (SELECT id FROM service_token WHERE service_id = $1 ORDER BY created_at DESC LIMIT 1)
"""
# what is not confirmed by then, no request of the service can confirm any more
_END_WAITING = "DELETE FROM awaited_confirmation WHERE service_id = $1"
_LIST = """
    SELECT service.name, service.scopes, service.revoked_at, token.created_at, token.expires_at, token.last_used_at
      FROM service_account AS service LEFT JOIN service_token AS token ON token.service_id = service.id
     ORDER BY service.name, token.created_at
"""


class InvalidName(ValueError):
    """A name that no service can have; the message says what to write."""


class NameTaken(Exception):
    """A service has, or had, this name."""


class ServiceNotFound(Exception):
    """No service has this name, or it was revoked."""


@dataclass(frozen=True, slots=True)
class Service:
    """The service that a request comes from."""

    id: UUID
    name: str
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A service with one of its tokens, as operators see it."""

    name: str
    scopes: str
    created_at: datetime | None
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


def require_name(name: str) -> None:
    """Check that a service can have this name.

    Raises:
        InvalidName: It is not of the form.
    """
    if not _NAME.fullmatch(name):
        raise InvalidName("expected a lower-case letter, then up to 39 lower-case letters, digits and hyphens")


class ServiceAccounts:
    """Adds, finds and revokes services."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._clock = DatabaseClock()

    async def find(self, token: str | None) -> Service | None:
        """Find the service of a token; None if it is no service's, or unknown, expired or revoked."""
        if token is None or not token.startswith(PREFIX):
            return None
        rows = await fetch(_FIND, self._hash(token))
        if not rows:
            return None
        row = rows[0]
        if row["last_used_at"] is None or row["now"] - row["last_used_at"] >= _USE_RECORDED_EVERY:
            await execute(_RECORD_USE, row["token_id"], row["now"])
        return Service(row["id"], row["name"], _read_scopes(row["scopes"]))

    async def add(self, name: str, scopes: Iterable[Scope], valid_for: timedelta = VALID_FOR) -> str:
        """Add a service, and return its token, which is not stored.

        Raises:
            InvalidName: The name is not of the form.
            NameTaken: A service has, or had, this name.
        """
        require_name(name)
        written = " ".join(scope for scope in Scope if scope in set(scopes))
        try:
            async with transaction():
                now = await self._clock.now()
                service = await ServiceAccount.create(name=name, scopes=written, created_at=now)
                await record(AuditAction.SERVICE_ADDED, about_id=service.id, subject=f"{name}: {written}")
                return await self._new_token(service.id, now, valid_for)
        except IntegrityError:
            raise NameTaken from None

    async def rotate(self, name: str, overlap: timedelta = OVERLAP, valid_for: timedelta = VALID_FOR) -> str:
        """Return a new token. The newest one so far stays valid for the overlap, older ones end now.

        Raises:
            ServiceNotFound: There is no such service, or it was revoked.
        """
        async with transaction():
            service = await _lock(name)
            now = await self._clock.now()
            await execute(_DELETE_OLDER, service.id)
            await execute(_END_OVERLAP, service.id, now + overlap)
            await record(AuditAction.SERVICE_TOKEN_ROTATED, about_id=service.id, subject=name)
            return await self._new_token(service.id, now, valid_for)

    async def revoke(self, name: str) -> None:
        """End all tokens of a service at once, for ever; its confirmations are awaited no more.

        Raises:
            ServiceNotFound: There is no such service, or it was revoked.
        """
        async with transaction():
            service = await _lock(name)
            await ServiceToken.filter(service_id=service.id).delete()
            await execute(_END_WAITING, service.id)
            await ServiceAccount.filter(id=service.id).update(revoked_at=await self._clock.now())
            await record(AuditAction.SERVICE_REVOKED, about_id=service.id, subject=name)

    async def _new_token(self, service_id: UUID, now: datetime, valid_for: timedelta) -> str:
        token = PREFIX + new_token()
        await ServiceToken.create(
            token_hash=self._hash(token), service_id=service_id, created_at=now, expires_at=now + valid_for
        )
        return token

    def _hash(self, token: str) -> str:
        return keyed_hash(self._secret, "service token", token)


async def list_services() -> list[ListedToken]:
    """List all services with their tokens, the revoked ones too."""
    return [ListedToken(**dict(row)) for row in await fetch(_LIST)]


async def _lock(name: str) -> ServiceAccount:
    require_name(name)
    service = await ServiceAccount.filter(name=name, revoked_at=None).select_for_update().first()
    if service is None:
        raise ServiceNotFound
    return service


def _read_scopes(text: str) -> frozenset[Scope]:
    return frozenset(Scope(scope) for scope in text.split())
