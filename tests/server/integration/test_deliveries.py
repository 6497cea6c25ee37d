"""Deliveries are claimed with a lease, once at a time, and the first of each contract alone."""

from datetime import timedelta

import pytest
from tests.server.workbench import Workbench, sql

from contract_server.db.statements import fetch
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


async def test_what_waits_behind_a_postponed_delivery_waits_as_long(queued: Workbench) -> None:
    (first, _) = await claim_deliveries(10)
    await record_delivery(first, DeliveryState.PENDING, "status 500", timedelta(hours=1))
    await queued.hold(first.contract_id)
    await number_changes()
    await queue_deliveries()
    rows = await fetch("SELECT next_attempt_at FROM webhook_delivery WHERE contract_id = $1", first.contract_id)
    assert (len(rows), len({row["next_attempt_at"] for row in rows})) == (3, 1)


@pytest.mark.usefixtures("queued")
async def test_what_is_retried_during_an_attempt_waits_for_no_pause_of_it() -> None:
    (first, _) = await claim_deliveries(10)
    await webhooks.retry_deliveries("billing")
    await record_delivery(first, DeliveryState.PENDING, "status 500", timedelta(hours=1))
    assert [delivery.id for delivery in await claim_deliveries(10)] == [first.id]


@pytest.mark.usefixtures("queued")
async def test_each_endpoint_has_slots_of_its_own() -> None:
    (first,) = await claim_deliveries(1)
    assert await claim_deliveries(1, [first.endpoint_id]) == []
    assert len(await claim_deliveries(2, [first.endpoint_id])) == 1


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


@pytest.mark.usefixtures("queued")
async def test_failed_deliveries_are_counted_until_they_are_retried_or_dismissed() -> None:
    assert await webhooks.count_failed_deliveries() == {}
    await sql("UPDATE webhook_delivery SET state = 'FAILED'")
    assert await webhooks.count_failed_deliveries() == {"billing": 4}
    await webhooks.retry_deliveries("billing")
    assert await webhooks.count_failed_deliveries() == {}
    await sql("UPDATE webhook_delivery SET state = 'FAILED'")
    assert await webhooks.dismiss_deliveries("billing") == 4
    assert await webhooks.dismiss_deliveries("billing") == 0
    assert await webhooks.count_failed_deliveries() == {}
    (entry,) = await sql("SELECT subject FROM audit_entry WHERE action = 'WEBHOOKS_DISMISSED'")
    assert entry["subject"] == "billing: 4"


@pytest.mark.usefixtures("queued")
async def test_what_was_dismissed_is_never_sent_and_forgotten_in_time() -> None:
    await sql("UPDATE webhook_delivery SET state = 'FAILED'")
    await webhooks.dismiss_deliveries("billing")
    assert await claim_deliveries(10) == []
    assert (await webhooks.retry_deliveries("billing")).deliveries == 0
    await forget_old_deliveries()
    assert await states() == ["DISMISSED"] * 4
    await sql("UPDATE webhook_delivery SET dismissed_at = dismissed_at - $1::interval", KEPT_FOR)
    await forget_old_deliveries()
    assert await states() == []
