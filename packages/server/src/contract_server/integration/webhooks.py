"""Endpoints of webhooks: add, list, rotate the secret, remove; and the log of what is delivered to them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.exceptions import IntegrityError

from contract_server.audit.models import AuditAction
from contract_server.audit.trail import record
from contract_server.clock import DatabaseClock
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import transaction
from contract_server.integration.feed import last_position
from contract_server.integration.models import WebhookDelivery, WebhookEndpoint
from contract_server.integration.outgoing_http import OutgoingHttp
from contract_server.integration.service_accounts import NameTaken, require_name
from contract_server.integration.signatures import new_secret

_LIST = """
    SELECT endpoint.name, endpoint.url, endpoint.created_at, endpoint.disabled_at,
           (SELECT count(*) FROM webhook_delivery WHERE endpoint_id = endpoint.id AND state = 'PENDING') AS pending,
           (SELECT count(*) FROM webhook_delivery WHERE endpoint_id = endpoint.id AND state = 'FAILED') AS failed
      FROM webhook_endpoint AS endpoint ORDER BY endpoint.name
"""
_DELIVERIES = """
    SELECT delivery.event_id, delivery.contract_id, delivery.state, delivery.queued_at, delivery.attempts,
           delivery.delivered_at, delivery.failure
      FROM webhook_delivery AS delivery JOIN webhook_endpoint AS endpoint ON endpoint.id = delivery.endpoint_id
     WHERE endpoint.name = $1 ORDER BY delivery.position DESC LIMIT $2
"""
_RETRY = """
    UPDATE webhook_delivery SET state = 'PENDING', attempts = 0, queued_at = clock_timestamp(),
                                next_attempt_at = clock_timestamp()
     WHERE endpoint_id = $1 AND state = 'FAILED'
"""


class EndpointNotFound(Exception):
    """No endpoint has this name."""


@dataclass(frozen=True, slots=True)
class ListedEndpoint:
    """An endpoint, with the numbers of deliveries that are not done."""

    name: str
    url: str
    created_at: datetime
    disabled_at: datetime | None
    pending: int
    failed: int


@dataclass(frozen=True, slots=True)
class ListedDelivery:
    """A delivery in the log. There is nothing personal in it."""

    event_id: UUID
    contract_id: UUID
    state: str
    queued_at: datetime
    attempts: int
    delivered_at: datetime | None
    failure: str | None


async def add_endpoint(http: OutgoingHttp, name: str, url: str) -> str:
    """Add an endpoint that gets all changes from now on, and return its secret.

    Raises:
        InvalidName: The name is not of the form.
        InvalidUrl: Nothing may be sent to this URL.
        NameTaken: Another endpoint has this name.
    """
    require_name(name)
    http.require(url)
    secret = new_secret()
    try:
        async with transaction():
            now = await DatabaseClock().now()
            endpoint = await WebhookEndpoint.create(
                name=name, url=url, secrets=secret, created_at=now, queued_to=await last_position()
            )
            await record(AuditAction.WEBHOOK_ADDED, about_id=endpoint.id, subject=name)
    except IntegrityError:
        raise NameTaken from None
    return secret


async def rotate_secret(name: str) -> str:
    """Return a new secret. Messages are signed by it and by the one before, until the next rotation.

    Raises:
        EndpointNotFound: There is no such endpoint.
    """
    async with transaction():
        endpoint = await _lock(name)
        secret = new_secret()
        newest, *_ = endpoint.secrets.split()
        await WebhookEndpoint.filter(id=endpoint.id).update(secrets=f"{secret} {newest}")
        await record(AuditAction.WEBHOOK_ROTATED, about_id=endpoint.id, subject=name)
        return secret


async def remove_endpoint(name: str) -> None:
    """Remove an endpoint with all that was to be delivered to it.

    Raises:
        EndpointNotFound: There is no such endpoint.
    """
    async with transaction():
        endpoint = await _lock(name)
        await WebhookDelivery.filter(endpoint_id=endpoint.id).delete()
        await WebhookEndpoint.filter(id=endpoint.id).delete()
        await record(AuditAction.WEBHOOK_REMOVED, about_id=endpoint.id, subject=name)


async def retry_deliveries(name: str) -> int:
    """Send again what failed, and enable the endpoint; return the number of deliveries.

    Raises:
        EndpointNotFound: There is no such endpoint.
    """
    async with transaction():
        endpoint = await _lock(name)
        retried = await execute(_RETRY, endpoint.id)
        await WebhookEndpoint.filter(id=endpoint.id).update(disabled_at=None)
        await record(AuditAction.WEBHOOKS_RETRIED, about_id=endpoint.id, subject=f"{name}: {retried}")
        return retried


async def list_endpoints() -> list[ListedEndpoint]:
    """List all endpoints."""
    return [ListedEndpoint(**dict(row)) for row in await fetch(_LIST)]


async def list_deliveries(name: str, limit: int) -> list[ListedDelivery]:
    """List the deliveries to an endpoint, the newest first."""
    return [ListedDelivery(**dict(row)) for row in await fetch(_DELIVERIES, name, limit)]


async def _lock(name: str) -> WebhookEndpoint:
    endpoint = await WebhookEndpoint.filter(name=name).select_for_update().first()
    if endpoint is None:
        raise EndpointNotFound
    return endpoint
