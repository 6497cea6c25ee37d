"""Deliveries are claimed with a lease, once at a time, and the first of each contract alone."""

from datetime import timedelta

import pytest
from tests.server.workbench import Workbench, sql

from contract_server.integration import webhooks
from contract_server.integration.deliveries import (
    KEPT_FOR,
    claim_deliveries,
    forget_old_deliveries,
    queue_deliveries,
    record_delivery,
)
from contract_server.integration.feed import number_changes
from contract_server.integration.models import DeliveryState
from contract_server.integration.outgoing_http import OutgoingHttp

DELIVERED = DeliveryState.DELIVERED


@pytest.fixture
async def queued(bench: Workbench) -> Workbench:
    """Two contracts with two changes each, which are queued for one endpoint."""
    await webhooks.add_endpoint(OutgoingHttp(), "billing", "https://billing.example.jp/")
    for _ in range(2):
        await bench.terminated_contract()
    await number_changes()
    await queue_deliveries()
    return bench


async def states() -> list[str]:
    return sorted(delivery.state for delivery in await webhooks.list_deliveries("billing", 100))


@pytest.mark.usefixtures("queued")
async def test_what_is_queued_is_not_queued_again() -> None:
    await queue_deliveries()
    assert await states() == ["PENDING"] * 4


@pytest.mark.usefixtures("queued")
async def test_the_first_of_each_contract_is_claimed_once() -> None:
    claimed = await claim_deliveries(10)
    assert len({delivery.contract_id for delivery in claimed}) == len(claimed) == 2
    assert await claim_deliveries(10) == []
    assert await record_delivery(claimed[0], DELIVERED)
    (next_one,) = await claim_deliveries(10)
    assert next_one.contract_id == claimed[0].contract_id


@pytest.mark.usefixtures("queued")
async def test_a_postponed_delivery_waits_and_holds_up_its_contract() -> None:
    (first, _) = await claim_deliveries(10)
    assert await record_delivery(first, DeliveryState.PENDING, "status 500", timedelta(hours=1))
    assert await claim_deliveries(10) == []


@pytest.mark.usefixtures("queued")
async def test_a_result_counts_only_while_its_lease_lasts() -> None:
    lost, _ = await claim_deliveries(10)
    await sql("UPDATE webhook_delivery SET lease_until = clock_timestamp() - interval '1 second'")
    again = next(delivery for delivery in await claim_deliveries(10) if delivery.id == lost.id)
    assert not await record_delivery(lost, DeliveryState.FAILED, "late")
    assert await record_delivery(again, DELIVERED)
    assert again.attempts == lost.attempts + 1


@pytest.mark.usefixtures("queued")
async def test_old_deliveries_are_forgotten() -> None:
    (first, _) = await claim_deliveries(10)
    await record_delivery(first, DELIVERED)
    await forget_old_deliveries()
    assert "DELIVERED" in await states()
    await sql("UPDATE webhook_delivery SET delivered_at = delivered_at - $1::interval", KEPT_FOR + timedelta(days=1))
    await forget_old_deliveries()
    assert await states() == ["PENDING"] * 3
