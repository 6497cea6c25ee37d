"""The deliveries of webhooks: queue them, claim them with a lease and a token, and record results.

They follow the outbox of mails: each operation is one statement, no transaction is open while something is sent, and a
result counts only while the lease is valid. A change is thus sent at least once, to each endpoint in the order of its
contract. A delivery that failed permanently does not hold up later ones. Time is real time.

A pause is that of a contract: what waits behind a postponed delivery has its next attempt at the same time. So a claim
reads the deliveries that are ready, in one index, and hardly any other, however much waits for an endpoint.
"""

from collections.abc import Sequence
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
               clock_timestamp(), 0,
               coalesce((SELECT next_attempt_at FROM webhook_delivery AS earlier
                          WHERE earlier.endpoint_id = endpoint.id AND earlier.contract_id = event.contract_id
                            AND earlier.state = 'PENDING' ORDER BY earlier.position DESC LIMIT 1), clock_timestamp())
          FROM endpoint CROSS JOIN LATERAL (
               SELECT id, contract_id, position FROM contract_event
                WHERE position > endpoint.queued_to ORDER BY position LIMIT $1) AS event
        RETURNING endpoint_id, position)
    UPDATE webhook_endpoint SET queued_to = last
      FROM (SELECT endpoint_id, max(position) AS last FROM queued GROUP BY endpoint_id) AS newest
     WHERE id = endpoint_id
"""
# For each endpoint, as many as it has free slots, oldest first. The states are excluded as the index excludes them that
# is in the order of attempts; with `state = 'PENDING'`, the planner may choose one that is not.
CLAIM = """
    WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
    slots AS MATERIALIZED (
        SELECT id, $3 - (SELECT count(*) FROM unnest($4::uuid[]) AS in_flight WHERE in_flight = id) AS free
          FROM webhook_endpoint WHERE disabled_at IS NULL),
    ready AS MATERIALIZED (
        SELECT delivery.id FROM slots CROSS JOIN LATERAL (
               SELECT id FROM webhook_delivery AS found
                WHERE endpoint_id = slots.id AND state NOT IN ('DELIVERED', 'FAILED', 'DISMISSED')
                  AND next_attempt_at <= (SELECT now FROM clock)
                  AND (lease_until IS NULL OR lease_until < (SELECT now FROM clock))
                  AND position = (
                      SELECT first.position FROM webhook_delivery AS first
                       WHERE first.endpoint_id = found.endpoint_id AND first.contract_id = found.contract_id
                         AND first.state = 'PENDING' ORDER BY first.position LIMIT 1)
                ORDER BY next_attempt_at, id LIMIT slots.free FOR UPDATE SKIP LOCKED) AS delivery
         WHERE slots.free > 0)
    UPDATE webhook_delivery AS delivery
       SET lease_token = $1, lease_until = clock_timestamp() + $2::interval, attempts = attempts + 1
      FROM ready, webhook_endpoint AS endpoint
     WHERE delivery.id = ready.id AND endpoint.id = delivery.endpoint_id
    RETURNING delivery.id, delivery.endpoint_id, delivery.event_id, delivery.contract_id, delivery.queued_at,
              delivery.attempts, delivery.lease_token, endpoint.url, endpoint.secrets
"""
# An operator's retry meanwhile sets the attempts to 0, and no pause follows. What waits behind it gets the same pause.
# Rows that are locked keep theirs, because waiting could end in a deadlock.
_RECORD = """
    WITH recorded AS (
        UPDATE webhook_delivery
           SET state = $3::text, failure = $4,
               next_attempt_at = CASE attempts WHEN $6 THEN clock_timestamp() + $5::interval ELSE next_attempt_at END,
               delivered_at = CASE $3::text WHEN 'DELIVERED' THEN clock_timestamp() END,
               lease_token = NULL, lease_until = NULL
         WHERE id = $1 AND lease_token = $2
        RETURNING endpoint_id, contract_id, position, next_attempt_at),
    later AS MATERIALIZED (
        SELECT delivery.id, recorded.next_attempt_at
          FROM recorded JOIN webhook_delivery AS delivery USING (endpoint_id, contract_id)
         WHERE delivery.state = 'PENDING' AND delivery.position > recorded.position
           FOR UPDATE OF delivery SKIP LOCKED),
    postponed AS (
        UPDATE webhook_delivery AS delivery SET next_attempt_at = later.next_attempt_at
          FROM later WHERE delivery.id = later.id)
    SELECT FROM recorded
"""
_DISABLE = "UPDATE webhook_endpoint SET disabled_at = clock_timestamp() WHERE id = $1 AND disabled_at IS NULL"
_FORGET = """
    DELETE FROM webhook_delivery WHERE id = ANY (ARRAY(
        SELECT id FROM webhook_delivery
         WHERE coalesce(delivered_at, dismissed_at) < (SELECT clock_timestamp() - $1::interval) LIMIT $2))
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


async def claim_deliveries(slots: int, in_flight: Sequence[UUID] = ()) -> list[ClaimedDelivery]:
    """Claim deliveries that are ready: no earlier one of their contract is pending.

    Args:
        slots: How many deliveries of each endpoint may be in flight.
        in_flight: The endpoint of each delivery that is.
    """
    rows = await fetch(CLAIM, uuid4(), LEASE, slots, list(in_flight))
    return [ClaimedDelivery(**dict(row)) for row in rows]


async def record_delivery(
    delivery: ClaimedDelivery, state: DeliveryState, failure: str | None = None, pause: timedelta = timedelta()
) -> bool:
    """Record the result of an attempt, if its lease is still valid; return whether it was."""
    values = delivery.id, delivery.lease_token, state.value, failure, pause, delivery.attempts
    return bool(await fetch(_RECORD, *values))


async def disable_endpoint(endpoint_id: UUID) -> None:
    """Send nothing more to an endpoint, which asks for that."""
    await execute(_DISABLE, endpoint_id)


async def forget_old_deliveries() -> None:
    """Delete what was delivered long ago, some rows at once."""
    await execute(_FORGET, KEPT_FOR, BATCH)
