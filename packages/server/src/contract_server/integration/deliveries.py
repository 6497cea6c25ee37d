"""The deliveries of webhooks: queue them, claim them with a lease and a token, and record results.

They follow the outbox of mails: each operation is one statement, no transaction is open while something is sent, and a
result counts only while the lease is valid. A change is thus sent at least once, to each endpoint in the order of its
contract. A delivery that failed permanently does not hold up later ones. Time is real time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from contract_server.db.statements import execute, fetch
from contract_server.integration.models import DeliveryState

LEASE = timedelta(minutes=3)
BATCH = 1_000

_QUEUE = """
    WITH endpoint AS MATERIALIZED (
        SELECT id, queued_to FROM webhook_endpoint WHERE disabled_at IS NULL ORDER BY id FOR UPDATE SKIP LOCKED),
    queued AS (
        INSERT INTO webhook_delivery
               (endpoint_id, event_id, contract_id, position, state, queued_at, attempts, next_attempt_at)
        SELECT endpoint.id, event.id, event.contract_id, event.position, 'PENDING',
               clock_timestamp(), 0, clock_timestamp()
          FROM endpoint CROSS JOIN LATERAL (
               SELECT id, contract_id, position FROM contract_event
                WHERE position > endpoint.queued_to ORDER BY position LIMIT $1) AS event
        RETURNING endpoint_id, position)
    UPDATE webhook_endpoint SET queued_to = last
      FROM (SELECT endpoint_id, max(position) AS last FROM queued GROUP BY endpoint_id) AS newest
     WHERE id = endpoint_id
"""
# The first pending delivery of each contract to each endpoint, found in one pass over an index of what is pending.
_CLAIM = """
    WITH first AS MATERIALIZED (
        SELECT DISTINCT ON (endpoint_id, contract_id) id FROM webhook_delivery
         WHERE state = 'PENDING' ORDER BY endpoint_id, contract_id, position),
    ready AS MATERIALIZED (
        SELECT delivery.id FROM first JOIN webhook_delivery AS delivery ON delivery.id = first.id
          JOIN webhook_endpoint AS endpoint ON endpoint.id = delivery.endpoint_id AND endpoint.disabled_at IS NULL
         WHERE delivery.state NOT IN ('DELIVERED', 'FAILED') AND delivery.next_attempt_at <= clock_timestamp()
           AND (delivery.lease_until IS NULL OR delivery.lease_until < clock_timestamp())
         ORDER BY delivery.next_attempt_at, delivery.id LIMIT $3 FOR UPDATE OF delivery SKIP LOCKED)
    UPDATE webhook_delivery AS delivery
       SET lease_token = $1, lease_until = clock_timestamp() + $2::interval, attempts = attempts + 1
      FROM ready, webhook_endpoint AS endpoint
     WHERE delivery.id = ready.id AND endpoint.id = delivery.endpoint_id
    RETURNING delivery.id, delivery.endpoint_id, delivery.event_id, delivery.contract_id, delivery.queued_at,
              delivery.attempts, delivery.lease_token, endpoint.url, endpoint.secrets
"""
_RECORD = """
    UPDATE webhook_delivery
       SET state = $3::text, failure = $4, next_attempt_at = clock_timestamp() + $5::interval,
           delivered_at = CASE $3::text WHEN 'DELIVERED' THEN clock_timestamp() END,
           lease_token = NULL, lease_until = NULL
     WHERE id = $1 AND lease_token = $2
"""
_DISABLE = "UPDATE webhook_endpoint SET disabled_at = clock_timestamp() WHERE id = $1 AND disabled_at IS NULL"
_FORGET = """
    DELETE FROM webhook_delivery WHERE id = ANY (ARRAY(
        SELECT id FROM webhook_delivery WHERE delivered_at < (SELECT clock_timestamp() - $1::interval) LIMIT $2))
"""
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that no other process attempts while the lease lasts."""

    id: int
    endpoint_id: UUID
    event_id: UUID
    contract_id: UUID
    queued_at: datetime
    attempts: int
    lease_token: UUID
    url: str
    secrets: str


async def queue_deliveries() -> None:
    """Queue what has a position in the feed since the last time, for each endpoint."""
    await execute(_QUEUE, BATCH)


async def claim_deliveries(limit: int) -> list[ClaimedDelivery]:
    """Claim deliveries that are ready: no earlier one of their contract is pending."""
    rows = await fetch(_CLAIM, uuid4(), LEASE, limit)
    return [ClaimedDelivery(**dict(row)) for row in rows]


async def record_delivery(
    delivery: ClaimedDelivery, state: DeliveryState, failure: str | None = None, pause: timedelta = timedelta()
) -> bool:
    """Record the result of an attempt, if its lease is still valid; return whether it was."""
    return bool(await execute(_RECORD, delivery.id, delivery.lease_token, state.value, failure, pause))


async def disable_endpoint(endpoint_id: UUID) -> None:
    """Send nothing more to an endpoint, which asks for that."""
    await execute(_DISABLE, endpoint_id)


async def forget_old_deliveries() -> None:
    """Delete what was delivered long ago, some rows at once."""
    await execute(_FORGET, KEPT_FOR, BATCH)
