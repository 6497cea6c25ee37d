"""Send changes to the endpoints of webhooks: at least once, those of a contract in order.

Each endpoint has slots of its own, and what is claimed is sent at once. So a receiver that is slow or does not answer
fills its own slots, and delays no other.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

from contract_server import metrics
from contract_server.clock import DatabaseClock
from contract_server.integration.deliveries import (
    ClaimedDelivery,
    claim_deliveries,
    disable_endpoint,
    queue_deliveries,
    record_delivery,
)
from contract_server.integration.feed import find_changes_by_id, number_changes
from contract_server.integration.models import DeliveryState, WebhookEndpoint
from contract_server.integration.outgoing_http import ForbiddenAddress, InvalidUrl, NotDelivered, OutgoingHttp
from contract_server.integration.payload import payload_of
from contract_server.integration.signatures import signed_headers
from contract_server.logs import get_logger
from contract_server.mail.relay import FAIL_AFTER, MIN_ATTEMPTS, pause_after
from contract_server.policies.policies import ServedPolicies

log = get_logger(__name__)

MAX_IN_FLIGHT = 8
"""How many deliveries each endpoint gets at the same time."""
POLLED_EVERY_S = 1.0
_GONE = 410
_OK = range(200, 300)


class WebhookRelay:
    """Sends pending deliveries."""

    def __init__(self, http: OutgoingHttp, policies: ServedPolicies) -> None:
        self._http = http
        self._policies = policies
        self._clock = DatabaseClock()
        self._in_flight: dict[asyncio.Task[None], UUID] = {}
        for outcome in ("delivered", "postponed", "failed"):
            metrics.WEBHOOKS.labels(outcome)  # Prometheus sees no increase in a series that begins at 1

    async def serve(self) -> None:
        """Send what is ready, again and again, until cancelled."""
        try:
            while True:
                if not await self.send_ready():
                    await asyncio.sleep(POLLED_EVERY_S)
        except asyncio.CancelledError:
            await self._cancel_attempts()
            raise

    async def send_ready(self) -> int:
        """Queue what is new, start what is ready, and wait until an attempt is done or something new may be ready.

        Returns:
            How many attempts were in flight.
        """
        if not self._in_flight and not await WebhookEndpoint.filter(disabled_at=None).exists():
            return 0
        await number_changes()
        await queue_deliveries()
        for delivery in await claim_deliveries(MAX_IN_FLIGHT, list(self._in_flight.values())):
            self._in_flight[asyncio.create_task(self._attempt(delivery))] = delivery.endpoint_id
        in_flight = len(self._in_flight)
        await self._wait_for_done()
        return in_flight

    async def _wait_for_done(self) -> None:
        if not self._in_flight:
            return
        done, _ = await asyncio.wait(self._in_flight, timeout=POLLED_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            del self._in_flight[task]
        for task in done:
            task.result()

    async def _cancel_attempts(self) -> None:
        """Leave what is in flight to the process that finds its lease expired."""
        tasks = list(self._in_flight)
        self._in_flight.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _attempt(self, delivery: ClaimedDelivery) -> None:
        failure = await self._send_one(delivery)
        state, pause = await self._judge(delivery, failure)
        if not await record_delivery(delivery, state, failure, pause):
            log.warning("webhook result discarded: lease expired", delivery_id=delivery.id)
        elif failure is None:
            metrics.WEBHOOKS.labels("delivered").inc()
        else:
            _report_failure(delivery, state, failure)

    async def _send_one(self, delivery: ClaimedDelivery) -> str | None:
        """Send it once; return what failed, if anything. An internal error delays no other delivery."""
        try:
            status = await self._post(delivery)
        except (InvalidUrl, ForbiddenAddress, NotDelivered) as error:
            return str(error) or type(error).__name__
        except Exception:
            log.exception("webhook attempt failed: internal error", delivery_id=delivery.id)
            return "internal error"
        if status == _GONE:
            await disable_endpoint(delivery.endpoint_id)
            log.warning("webhook endpoint disabled: it answered 410", endpoint_id=delivery.endpoint_id)
        return None if status in _OK else f"status {status}"

    async def _post(self, delivery: ClaimedDelivery) -> int:
        (change,) = await find_changes_by_id([delivery.event_id])
        body = payload_of(change, self._policies.zone)
        signed = signed_headers(str(change.id), await self._clock.now(), body, delivery.secrets.split())
        return await self._http.post(delivery.url, body, {"Content-Type": "application/json", **signed})

    async def _judge(self, delivery: ClaimedDelivery, failure: str | None) -> tuple[DeliveryState, timedelta]:
        """Decide whether to try again, and after what pause."""
        if failure is None:
            return DeliveryState.DELIVERED, timedelta()
        too_old = await self._clock.now() - delivery.queued_at >= FAIL_AFTER and delivery.attempts >= MIN_ATTEMPTS
        return (
            (DeliveryState.FAILED, timedelta()) if too_old else (DeliveryState.PENDING, pause_after(delivery.attempts))
        )


def _report_failure(delivery: ClaimedDelivery, state: DeliveryState, failure: str) -> None:
    about = {"delivery_id": delivery.id, "contract_id": delivery.contract_id, "failure": failure}
    if state is DeliveryState.FAILED:
        metrics.WEBHOOKS.labels("failed").inc()
        log.error("webhook failed permanently", **about)
    if state is DeliveryState.PENDING:
        metrics.WEBHOOKS.labels("postponed").inc()
        log.warning("webhook postponed", **about)
