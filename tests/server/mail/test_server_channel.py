"""A fault of the mail server pauses all mails with one alarm, and costs none of them an attempt."""

import asyncio
from email.message import EmailMessage
from typing import Any

import pytest
from tests.server.workbench import Workbench

from contract_notify import DeliveryFailure, MemoryDelivery, PermanentFailure, ServerFailure
from contract_server.mail.models import MailState, OutboxMail
from contract_server.mail.relay import MailRelay
from contract_server.mail.server_channel import ALIKE

MAILS = 12

FAULTS: dict[str, DeliveryFailure] = {
    "nothing listens": ServerFailure("no connection", stage="connect"),
    "wrong password": ServerFailure("535", stage="AUTH", code=535),
    "the sender is not allowed": ServerFailure("550 5.7.60", stage="MAIL", code=550, enhanced="5.7.60"),
    "the sender is not verified": PermanentFailure("554", stage="final dot", code=554),
    "an administrator refuses": PermanentFailure("554 5.7.1", stage="RCPT", code=554, enhanced="5.7.1"),
}


def relay(bench: Workbench, delivery: MemoryDelivery) -> MailRelay:
    """A relay of a process that has just started."""
    return MailRelay(bench.clock, delivery, bench.settings.mail_sender)


class Faulty(MemoryDelivery):
    """Fails alike until it is mended."""

    def __init__(self, failure: DeliveryFailure) -> None:
        super().__init__()
        self.failure: DeliveryFailure | None = failure

    async def send(self, mail: EmailMessage) -> None:
        if self.failure is not None:
            self.fail_next(self.failure)
        await super().send(mail)


class TwoConnections(MemoryDelivery):
    """Accepts two connections at a time, as some providers do."""

    def __init__(self) -> None:
        super().__init__()
        self.open = 0
        self.refused = 0

    async def send(self, mail: EmailMessage) -> None:
        if self.open == 2:
            self.refused += 1
            raise ServerFailure("too many connections", stage="connect", code=421, enhanced="4.3.2")
        self.open += 1
        try:
            for _ in range(10):  # the other connections have their turn
                await asyncio.sleep(0)
            await super().send(mail)
        finally:
            self.open -= 1


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_server_costs_no_mail_an_attempt(
    bench: Workbench, told: list[dict[str, Any]], fault: str
) -> None:
    for _ in range(MAILS):
        await bench.terminated_contract(members=0)
    delivery = Faulty(FAULTS[fault])
    assert await relay(bench, delivery).drain() == 0
    stored = await OutboxMail.all()
    assert {(mail.state, mail.attempts, mail.lease_token) for mail in stored} == {(MailState.PENDING, 0, None)}
    assert [event["channel"] for event in told if event["event"] == "channel paused"] == ["mail_server"]

    delivery.failure = None
    assert await relay(bench, delivery).drain() == MAILS


async def test_a_paused_relay_sends_by_itself_when_the_server_works_again(
    bench: Workbench, told: list[dict[str, Any]]
) -> None:
    await bench.terminated_contract()
    delivery = Faulty(FAULTS["nothing listens"])
    serving = asyncio.create_task(relay(bench, delivery).serve())
    async with asyncio.timeout(60):
        while not [event for event in told if event["event"] == "channel paused"]:
            await asyncio.sleep(0.01)
        delivery.failure = None
        while not delivery.sent:
            await asyncio.sleep(0.01)
        while not [event for event in told if event["event"] == "channel resumed"]:
            await asyncio.sleep(0.01)
    serving.cancel()
    await asyncio.wait({serving})


async def test_as_many_connections_are_used_as_the_server_accepts(bench: Workbench, told: list[dict[str, Any]]) -> None:
    for _ in range(120):
        await bench.terminated_contract(members=0)
    delivery = TwoConnections()
    assert await relay(bench, delivery).drain(seconds=300) == 120
    assert {mail.attempts for mail in await OutboxMail.all()} == {1}
    assert delivery.refused < 20
    assert [event for event in told if event["event"] == "channel paused"] == []


async def test_mails_to_unknown_mailboxes_fail_however_many_there_are_in_a_row(bench: Workbench) -> None:
    for _ in range(2 * ALIKE):
        await bench.terminated_contract(members=0)
    delivery = Faulty(PermanentFailure("550 5.1.1", stage="RCPT", code=550, enhanced="5.1.1"))
    assert await relay(bench, delivery).drain() == 0
    assert {mail.state for mail in await OutboxMail.all()} == {MailState.FAILED}


async def test_a_mail_that_is_refused_while_others_are_accepted_fails(bench: Workbench) -> None:
    for _ in range(ALIKE):
        await bench.terminated_contract(members=0)
    refused = {mail.recipient for mail in await OutboxMail.all()}

    class Refusing(MemoryDelivery):
        async def send(self, mail: EmailMessage) -> None:
            if mail["To"] in refused:
                raise PermanentFailure("554", stage="RCPT", code=554)
            await super().send(mail)

    sending = relay(bench, Refusing())
    assert await sending.drain() == 0
    assert not await OutboxMail.filter(state=MailState.FAILED).exists()
    await bench.terminated_contract(members=0)
    async with asyncio.timeout(60):
        while await OutboxMail.filter(state=MailState.PENDING).exists():
            await sending.drain()
    assert await OutboxMail.filter(state=MailState.FAILED).count() == ALIKE
    assert await OutboxMail.filter(state=MailState.SENT).count() == 1
