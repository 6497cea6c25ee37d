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
from contract_server.integration.feed import last_position, wait_for_numbers
from contract_server.integration.models import WebhookDelivery, WebhookEndpoint
from contract_server.integration.outgoing_http import OutgoingHttp
from contract_server.integration.service_accounts import NameTaken, require_name
from contract_server.integration.signatures import new_secret

_LIST = """
    SELECT endpoint.name, endpoint.url, endpoint.created_at, endpoint.by_setting, endpoint.disabled_at,
           endpoint.withdrawn_at,
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
_DISABLED = """
    SELECT name FROM webhook_endpoint WHERE disabled_at IS NOT NULL AND withdrawn_at IS NULL ORDER BY name
"""
_RETRY = """
    UPDATE webhook_delivery SET state = 'PENDING', attempts = 0, queued_at = clock_timestamp(),
                                next_attempt_at = clock_timestamp()
     WHERE endpoint_id = $1 AND state IN ('PENDING', 'FAILED')
"""
_DISMISS = """
    UPDATE webhook_delivery SET state = 'DISMISSED', dismissed_at = clock_timestamp()
     WHERE endpoint_id = $1 AND state = 'FAILED'
"""
_FAILED = """
    SELECT endpoint.name, count(*) AS failed
      FROM (SELECT endpoint_id FROM webhook_delivery WHERE state = 'FAILED' LIMIT $1) AS delivery
      JOIN webhook_endpoint AS endpoint ON endpoint.id = delivery.endpoint_id
     GROUP BY endpoint.name ORDER BY endpoint.name
"""

COUNTED = 1_000
"""The maximum number of failed deliveries that are counted."""


class EndpointNotFound(Exception):
    """No endpoint has this name."""


class EndpointBySetting(Exception):
    """The setting lists this endpoint, so it is changed there."""


class EndpointWithdrawn(Exception):
    """The setting lists this endpoint no longer."""


@dataclass(frozen=True, slots=True)
class ListedEndpoint:
    """An endpoint, with the numbers of deliveries that are not done."""

    name: str
    url: str
    created_at: datetime
    by_setting: bool
    disabled_at: datetime | None
    withdrawn_at: datetime | None
    pending: int
    failed: int


@dataclass(frozen=True, slots=True)
class Retried:
    """What is sent now, and whether the endpoint was disabled."""

    deliveries: int
    was_disabled: bool


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
        InvalidUrl: The URL is not of the form.
        ForbiddenAddress: Its host is an address to which nothing may be sent.
        NameTaken: Another endpoint has this name.
    """
    require_name(name)
    http.require(url)
    secret = new_secret()
    await wait_for_numbers()
    try:
        async with transaction():
            await create_endpoint(name, url, secret)
    except IntegrityError:
        raise NameTaken from None
    return secret


async def create_endpoint(name: str, url: str, secret: str, *, by_setting: bool = False) -> None:
    """Add an endpoint within a transaction, after `wait_for_numbers`, so that it gets the changes from now on alone."""
    endpoint = await WebhookEndpoint.create(
        name=name,
        url=url,
        secrets=secret,
        created_at=await DatabaseClock().now(),
        queued_to=await last_position(),
        by_setting=by_setting,
    )
    await record(AuditAction.WEBHOOK_ADDED, about_id=endpoint.id, subject=name)


async def rotate_secret(name: str) -> str:
    """Return a new secret. Messages are signed by it and by the one before, until the next rotation.

    Raises:
        EndpointNotFound: There is no such endpoint.
        EndpointBySetting: Its secret is in the setting.
    """
    async with transaction():
        endpoint = await _lock(name)
        _require_not_listed(endpoint)
        secret = new_secret()
        await WebhookEndpoint.filter(id=endpoint.id).update(secrets=with_new_secret(endpoint, secret))
        await record(AuditAction.WEBHOOK_ROTATED, about_id=endpoint.id, subject=name)
        return secret


def with_new_secret(endpoint: WebhookEndpoint, secret: str) -> str:
    """The secrets of an endpoint with a new one: both it and the newest one so far sign."""
    newest, *_ = endpoint.secrets.split()
    return f"{secret} {newest}"


async def remove_endpoint(name: str) -> None:
    """Remove an endpoint with all that was to be delivered to it.

    Raises:
        EndpointNotFound: There is no such endpoint.
        EndpointBySetting: The next worker would add it again.
    """
    async with transaction():
        endpoint = await _lock(name)
        _require_not_listed(endpoint)
        await WebhookDelivery.filter(endpoint_id=endpoint.id).delete()
        await WebhookEndpoint.filter(id=endpoint.id).delete()
        await record(AuditAction.WEBHOOK_REMOVED, about_id=endpoint.id, subject=name)


async def retry_deliveries(name: str) -> Retried:
    """Send now what has failed or waits, and enable the endpoint.

    Raises:
        EndpointNotFound: There is no such endpoint.
        EndpointWithdrawn: It gets nothing until the setting lists it again.
    """
    async with transaction():
        endpoint = await _lock(name)
        if endpoint.withdrawn_at:
            raise EndpointWithdrawn
        retried = await execute(_RETRY, endpoint.id)
        await WebhookEndpoint.filter(id=endpoint.id).update(disabled_at=None)
        await record(AuditAction.WEBHOOKS_RETRIED, about_id=endpoint.id, subject=f"{name}: {retried}")
        return Retried(retried, was_disabled=endpoint.disabled_at is not None)


async def dismiss_deliveries(name: str) -> int:
    """Close what has failed, without another attempt; return how many deliveries that were.

    Raises:
        EndpointNotFound: There is no such endpoint.
    """
    async with transaction():
        endpoint = await _lock(name)
        dismissed = await execute(_DISMISS, endpoint.id)
        if dismissed:
            await record(AuditAction.WEBHOOKS_DISMISSED, about_id=endpoint.id, subject=f"{name}: {dismissed}")
        return dismissed


async def count_failed_deliveries() -> dict[str, int]:
    """Count the deliveries that failed permanently, by endpoint, up to a limit."""
    return {row["name"]: row["failed"] for row in await fetch(_FAILED, COUNTED)}


async def list_endpoints() -> list[ListedEndpoint]:
    """List all endpoints."""
    return [ListedEndpoint(**dict(row)) for row in await fetch(_LIST)]


async def list_disabled_endpoints() -> list[str]:
    """The names of endpoints that answered 410 and get nothing; without those that were withdrawn."""
    return [row["name"] for row in await fetch(_DISABLED)]


async def list_deliveries(name: str, limit: int) -> list[ListedDelivery]:
    """List the deliveries to an endpoint, the newest first."""
    return [ListedDelivery(**dict(row)) for row in await fetch(_DELIVERIES, name, limit)]


def _require_not_listed(endpoint: WebhookEndpoint) -> None:
    if endpoint.by_setting and not endpoint.withdrawn_at:
        raise EndpointBySetting


async def _lock(name: str) -> WebhookEndpoint:
    require_name(name)
    endpoint = await WebhookEndpoint.filter(name=name).select_for_update().first()
    if endpoint is None:
        raise EndpointNotFound
    return endpoint
