"""Each change reaches each endpoint at least once, signed, and those of a contract in order."""

import asyncio
from collections.abc import AsyncIterator
from itertools import chain, repeat

import pytest
from tests.server.integration.receiver import Receiver, receiving
from tests.server.workbench import ERASURE_DUE_AT, Workbench, sql

from contract_server.integration import feed, webhooks
from contract_server.integration.deliveries import queue_deliveries
from contract_server.integration.feed import find_changes, number_changes
from contract_server.integration.outgoing_http import OutgoingHttp
from contract_server.integration.payload import payload_of
from contract_server.integration.webhook_relay import MAX_IN_FLIGHT, WebhookRelay
from contract_server.policies.policies import served_policies

HTTP = OutgoingHttp(development=True)
POLICIES = served_policies()


@pytest.fixture
async def relay(bench: Workbench) -> WebhookRelay:  # noqa: ARG001 - an empty database
    return WebhookRelay(HTTP, POLICIES)


@pytest.fixture
async def receiver(relay: WebhookRelay) -> AsyncIterator[Receiver]:  # noqa: ARG001 - comes after it
    async with receiving() as receiver:
        await webhooks.add_endpoint(HTTP, "billing", receiver.url)
        yield receiver


async def send_all(relay: WebhookRelay) -> None:
    while await relay.send_ready():
        pass


async def no_pause() -> None:
    """Make all that is pending ready."""
    await sql("UPDATE webhook_delivery SET next_attempt_at = clock_timestamp()")


async def log() -> list[webhooks.ListedDelivery]:
    return (await webhooks.list_deliveries("billing", 100))[::-1]


async def test_every_change_arrives_as_the_feed_has_it(
    bench: Workbench, relay: WebhookRelay, receiver: Receiver
) -> None:
    await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    await send_all(relay)
    changes = (await find_changes(None, 100)).items
    assert [request.body for request in receiver.received] == [payload_of(change, POLICIES.zone) for change in changes]
    assert [request.content["type"] for request in receiver.received] == [
        "STARTED",
        "TERMINATION_REQUESTED",
        "SERVICE_ENDED",
        "ERASURE_DUE",
        "ERASED",
    ]
    assert {delivery.state for delivery in await log()} == {"DELIVERED"}


async def test_what_was_before_the_endpoint_is_not_sent(
    bench: Workbench, relay: WebhookRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "BATCH", 2)
    for _ in range(3):
        await bench.contract()
    async with receiving() as receiver:
        await webhooks.add_endpoint(HTTP, "late", receiver.url)
        await bench.terminated_contract()
        await send_all(relay)
    assert len(receiver.received) == 2


async def test_a_failure_holds_up_its_contract_alone(bench: Workbench, relay: WebhookRelay, receiver: Receiver) -> None:
    first, second = await bench.terminated_contract(), await bench.terminated_contract()
    await number_changes()
    receiver.answers = chain([500], repeat(200))
    await send_all(relay)
    arrived = [request.content["contractId"] for request in receiver.received]
    held_up = arrived[0]
    (other,) = {str(first), str(second)} - {held_up}
    assert arrived == [held_up, other, other]
    await no_pause()
    await send_all(relay)
    of_held_up = [r.content["type"] for r in receiver.received if r.content["contractId"] == held_up]
    assert of_held_up == ["STARTED", "STARTED", "TERMINATION_REQUESTED"]


async def test_a_repeated_message_has_the_same_id_and_bytes(
    bench: Workbench, relay: WebhookRelay, receiver: Receiver
) -> None:
    await bench.contract()
    receiver.answers = chain([503], repeat(200))
    await send_all(relay)
    await no_pause()
    await send_all(relay)
    once, again = receiver.received
    assert (once.body, once.headers["webhook-id"]) == (again.body, again.headers["webhook-id"])
    (delivery,) = await log()
    assert (delivery.state, delivery.attempts, delivery.failure) == ("DELIVERED", 2, None)


async def test_410_disables_the_endpoint(bench: Workbench, relay: WebhookRelay, receiver: Receiver) -> None:
    await bench.terminated_contract()
    receiver.answers = repeat(410)
    await send_all(relay)
    await no_pause()
    await send_all(relay)
    assert len(receiver.received) == 1
    (endpoint,) = await webhooks.list_endpoints()
    assert endpoint.disabled_at is not None


async def test_after_three_days_it_has_failed_until_a_person_retries_it(
    bench: Workbench, relay: WebhookRelay, receiver: Receiver, told: list[dict[str, object]]
) -> None:
    await bench.terminated_contract()
    receiver.answers = chain(repeat(500, 1), repeat(200))
    await number_changes()
    await queue_deliveries()
    await sql("UPDATE webhook_delivery SET attempts = 9, queued_at = queued_at - interval '72 hours'")
    await send_all(relay)
    assert [delivery.state for delivery in await log()] == ["FAILED", "DELIVERED"]
    assert "webhook failed permanently" in [event["event"] for event in told if event["level"] == "error"]
    assert (await webhooks.retry_deliveries("billing")).deliveries == 1
    await send_all(relay)
    assert [delivery.state for delivery in await log()] == ["DELIVERED", "DELIVERED"]


@pytest.mark.parametrize(("answer", "disables"), [(500, False), (410, True)])
async def test_a_retry_sends_at_once_what_waits(
    bench: Workbench, relay: WebhookRelay, receiver: Receiver, answer: int, *, disables: bool
) -> None:
    await bench.terminated_contract()
    receiver.answers = chain([answer], repeat(200))
    await send_all(relay)
    assert len(receiver.received) == 1
    assert await webhooks.retry_deliveries("billing") == webhooks.Retried(2, was_disabled=disables)
    await send_all(relay)
    assert {delivery.state for delivery in await log()} == {"DELIVERED"}


async def test_both_secrets_sign_while_one_replaces_the_other(
    bench: Workbench, relay: WebhookRelay, receiver: Receiver
) -> None:
    signatures = []
    for _ in range(3):
        await bench.contract()
        await send_all(relay)
        signatures.append(len(receiver.received[-1].headers["webhook-signature"].split()))
        await webhooks.rotate_secret("billing")
    assert signatures == [1, 2, 2]


async def test_an_endpoint_without_answers_is_tried_again_later(bench: Workbench, relay: WebhookRelay) -> None:
    async with receiving() as receiver:
        await webhooks.add_endpoint(HTTP, "billing", receiver.url)
    await bench.contract()
    await send_all(relay)
    (delivery,) = await log()
    assert (delivery.state, delivery.failure) == ("PENDING", "ConnectionRefusedError")


async def test_nothing_personal_is_in_a_message_or_in_the_log(
    bench: Workbench, relay: WebhookRelay, receiver: Receiver
) -> None:
    contractor = await bench.contract()
    assert contractor.contract_id is not None
    await bench.hold(contractor.contract_id)
    await send_all(relay)
    texts = str([request.body.decode() for request in receiver.received]) + str(await log())
    for personal in ("会社", "住所", "100-0001", "03-0000-0000", "名前", contractor.email, "会員", "2024-001"):
        assert personal not in texts


async def test_a_removed_endpoint_gets_nothing(bench: Workbench, relay: WebhookRelay, receiver: Receiver) -> None:
    await bench.contract()
    await webhooks.remove_endpoint("billing")
    await send_all(relay)
    assert receiver.received == []


async def test_an_internal_error_delays_no_other_delivery(
    bench: Workbench, relay: WebhookRelay, receiver: Receiver
) -> None:
    for _ in range(2):
        await bench.contract()
    await number_changes()
    await queue_deliveries()
    await sql("UPDATE webhook_delivery SET event_id = gen_random_uuid() WHERE position = 1")
    await send_all(relay)
    assert [(delivery.state, delivery.failure) for delivery in await log()] == [
        ("PENDING", "internal error"),
        ("DELIVERED", None),
    ]
    assert len(receiver.received) == 1


async def test_a_receiver_that_does_not_answer_delays_no_other(
    bench: Workbench, relay: WebhookRelay, receiver: Receiver
) -> None:
    async with receiving() as hanging:
        hanging.answering.clear()
        await webhooks.add_endpoint(HTTP, "hanging", hanging.url)
        for _ in range(2 * MAX_IN_FLIGHT):
            await bench.contract()
        serving = asyncio.create_task(relay.serve())
        await receiver.received_at_least(2 * MAX_IN_FLIGHT)
        await bench.contract()
        await receiver.received_at_least(2 * MAX_IN_FLIGHT + 1)
        waiting = await webhooks.list_deliveries("hanging", 100)
        assert (len(hanging.received), {delivery.failure for delivery in waiting}) == (MAX_IN_FLIGHT, {None})
        serving.cancel()
        await asyncio.wait({serving})
        hanging.answering.set()
