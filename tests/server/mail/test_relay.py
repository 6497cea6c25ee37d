"""Mails are sent once and in order, and fail permanently only when no attempt can succeed."""

import asyncio
from datetime import timedelta
from email.message import EmailMessage
from uuid import uuid4

import pytest
from tests.server.in_process import counted_statements
from tests.server.workbench import MICROSECOND, Workbench, fail_when, sql

from contract_notify import DeliveryFailure, MemoryDelivery, OutcomeUnknown, PermanentFailure, TemporaryFailure
from contract_rules import Action
from contract_server.mail.models import MailState, OutboxMail
from contract_server.mail.relay import MailRelay

TERMINATED = "【おまかせログイン】サービス利用停止受理通知"
RESUMED = "【おまかせログイン】サービス利用再開受理通知"


def sent(bench: Workbench) -> list[tuple[str, str]]:
    return [(mail["To"], mail["Subject"]) for mail in bench.delivery.sent]


async def test_a_contracts_mails_go_out_in_the_order_of_its_changes(bench: Workbench) -> None:
    first, second = await bench.contract(), await bench.contract()
    await bench.ask(first, Action.TERMINATE)
    await bench.ask(first, Action.RESUME)
    await bench.ask(second, Action.TERMINATE)
    bench.delivery.fail_next(TemporaryFailure("the server is busy"))
    assert await bench.mail_relay().drain() == 1
    assert sent(bench) == [(second.email, TERMINATED)]

    bench.clock.instant += timedelta(minutes=2)
    assert await bench.mail_relay().drain() == 2
    assert sent(bench)[1:] == [(first.email, TERMINATED), (first.email, RESUMED)]


async def test_a_sent_mail_is_not_sent_again(bench: Workbench) -> None:
    await bench.terminated_contract()
    assert await bench.mail_relay().drain() == 1
    bench.clock.instant += timedelta(days=40)
    assert await bench.mail_relay().drain() == 0
    mail = await OutboxMail.get()
    assert (mail.state, mail.attempts, mail.lease_token) == (MailState.SENT, 1, None)


async def test_those_who_drain_at_once_send_every_mail_once(bench: Workbench) -> None:
    for _ in range(6):
        await bench.terminated_contract(members=1)
    assert sum(await asyncio.gather(*(bench.mail_relay().drain() for _ in range(3)))) == 6
    assert len({mail["Message-ID"] for mail in bench.delivery.sent}) == len(bench.delivery.sent) == 6


class SlowerThanItsLease(MemoryDelivery):
    """Passes the lease to another process while it sends."""

    def __init__(self, failure: DeliveryFailure | None) -> None:
        super().__init__()
        self.successor = uuid4()
        if failure is not None:
            self.fail_next(failure)

    async def send(self, mail: EmailMessage) -> None:
        await sql("UPDATE outbox_mail SET lease_token = $1", self.successor)
        await super().send(mail)


@pytest.mark.parametrize("failure", [None, PermanentFailure("no such mailbox"), TemporaryFailure("busy")])
async def test_who_comes_back_after_the_lease_has_passed_on_changes_nothing(
    bench: Workbench, failure: DeliveryFailure | None
) -> None:
    await bench.terminated_contract()
    delivery = SlowerThanItsLease(failure)
    await bench.mail_relay(delivery).drain()
    mail = await OutboxMail.get()
    assert (mail.state, mail.lease_token, mail.failure) == (MailState.PENDING, delivery.successor, None)
    assert mail.sent_at is None


async def test_a_temporary_failure_is_followed_by_longer_and_longer_pauses(bench: Workbench) -> None:
    await bench.terminated_contract()
    bench.delivery.fail_next(TemporaryFailure("the server is busy"), times=12)
    pauses = []
    for _ in range(12):
        assert await bench.mail_relay().drain() == 0
        mail = await OutboxMail.get()
        pauses.append(mail.next_attempt_at - bench.clock.instant)
        bench.clock.instant = mail.next_attempt_at - MICROSECOND
        assert await bench.mail_relay().drain() == 0
        assert (await OutboxMail.get()).attempts == mail.attempts
        bench.clock.instant = mail.next_attempt_at
    for number, pause in enumerate(pauses):
        expected = min(timedelta(minutes=2**number), timedelta(hours=6))
        assert 0.8 * expected <= pause <= 1.2 * expected
    assert await bench.mail_relay().drain() == 1


async def test_a_mail_that_can_never_arrive_is_set_aside_and_holds_up_no_other(bench: Workbench) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    await bench.ask(contractor, Action.RESUME)
    bench.delivery.fail_next(PermanentFailure("no such mailbox"))
    assert await bench.mail_relay().drain() == 1
    assert sent(bench) == [(contractor.email, RESUMED)]
    failed = await OutboxMail.get(state=MailState.FAILED)
    assert (failed.failure, failed.lease_token) == ("PermanentFailure", None)


async def test_after_an_unknown_outcome_the_same_bytes_go_out_ten_minutes_later(bench: Workbench) -> None:
    await bench.terminated_contract()
    bench.delivery.fail_next(OutcomeUnknown("no answer"), accepted=True)
    assert await bench.mail_relay().drain() == 0
    bench.clock.instant += timedelta(minutes=10) - MICROSECOND
    assert await bench.mail_relay().drain() == 0
    bench.clock.instant += MICROSECOND
    assert await bench.mail_relay().drain() == 1
    first, second = bench.delivery.sent
    assert first.as_bytes() == second.as_bytes()


@pytest.mark.parametrize("failure", [TemporaryFailure("the server is busy"), OutcomeUnknown("no answer")])
@pytest.mark.parametrize("downtime", [timedelta(), timedelta(days=10)])
async def test_a_mail_is_given_up_after_seventy_two_hours_and_ten_tries(
    bench: Workbench, failure: DeliveryFailure, downtime: timedelta
) -> None:
    await bench.terminated_contract()
    bench.delivery.fail_next(failure, times=100)
    bench.clock.instant += downtime
    while (mail := await OutboxMail.get()).state is MailState.PENDING:
        bench.clock.instant = max(mail.next_attempt_at, bench.clock.instant)
        await bench.mail_relay().drain()
    age = bench.clock.instant - mail.dated_at
    if downtime:
        assert mail.attempts == 10
    else:
        assert timedelta(hours=72) <= age < timedelta(hours=72 + 7.2)


class SlowDelivery(MemoryDelivery):
    """Accepts a mail only when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self._started: asyncio.Queue[EmailMessage] = asyncio.Queue()
        self._accepted: dict[str, asyncio.Event] = {}

    async def send(self, mail: EmailMessage) -> None:
        accepted = self._accepted[mail["Message-ID"]] = asyncio.Event()
        self._started.put_nowait(mail)
        await accepted.wait()
        await super().send(mail)

    async def next(self) -> EmailMessage:
        """Wait for the next mail that is being sent."""
        async with asyncio.timeout(30):
            return await self._started.get()

    def has_started_another(self) -> bool:
        return not self._started.empty()

    def accept(self, mail: EmailMessage) -> None:
        self._accepted[mail["Message-ID"]].set()


def relay_with_slots(bench: Workbench, delivery: MemoryDelivery, slots: int) -> MailRelay:
    return MailRelay(bench.clock, delivery, bench.settings.mail_sender, max_in_flight=slots)


async def states() -> list[MailState]:
    return [mail.state for mail in await OutboxMail.all().order_by("id")]


async def test_mails_are_claimed_only_as_hands_become_free(bench: Workbench) -> None:
    for _ in range(5):
        await bench.terminated_contract(members=1)
    delivery = SlowDelivery()
    draining = asyncio.create_task(relay_with_slots(bench, delivery, 2).drain())
    in_flight = {await delivery.next(), await delivery.next()}
    assert await OutboxMail.filter(attempts=1, lease_token__isnull=False).count() == len(in_flight)
    assert await OutboxMail.filter(attempts=0, lease_token=None).count() == 3

    for _ in range(3):
        delivery.accept(in_flight.pop())
        in_flight.add(await delivery.next())
        assert await OutboxMail.filter(lease_token__isnull=False).count() <= 2
    for mail in in_flight:
        delivery.accept(mail)
    assert await draining == 5


async def test_a_mail_server_that_hangs_over_one_mail_holds_up_no_other_not_even_one_owed_later(
    bench: Workbench,
) -> None:
    await bench.terminated_contract()
    delivery = SlowDelivery()
    relay = relay_with_slots(bench, delivery, 2)
    draining = asyncio.create_task(relay.drain())
    hanging = await delivery.next()

    await bench.terminated_contract()
    assert await relay.drain() == 0  # the relay that is running already sends the mail
    delivery.accept(later := await delivery.next())
    async with asyncio.timeout(30):
        while await states() != [MailState.PENDING, MailState.SENT]:
            await asyncio.sleep(0)
    assert delivery.sent == [later]

    delivery.accept(hanging)
    assert await draining == 2


async def test_a_contracts_next_mail_is_begun_when_the_one_before_is_settled_and_no_sooner(bench: Workbench) -> None:
    contractor = await bench.contract()
    for action in (Action.TERMINATE, Action.RESUME, Action.TERMINATE):
        await bench.ask(contractor, action)
    delivery = SlowDelivery()
    draining = asyncio.create_task(bench.mail_relay(delivery).drain())
    for sent_before, subject in enumerate((TERMINATED, RESUMED, TERMINATED)):
        mail = await delivery.next()
        assert mail["Subject"] == subject
        assert not delivery.has_started_another()
        assert (await states()).count(MailState.SENT) == sent_before
        delivery.accept(mail)
    assert await draining == 3


async def test_mails_that_go_together_are_claimed_and_noted_together(bench: Workbench) -> None:
    for _ in range(8):
        await bench.terminated_contract(members=1)
    with counted_statements() as statements:
        assert await relay_with_slots(bench, bench.delivery, 4).drain() == 8
    updates = [statement for statement in statements if "UPDATE outbox_mail" in statement]
    assert len(updates) == 2 + 2


async def test_a_defect_costs_the_mail_that_met_it_a_pause_and_no_other_anything(bench: Workbench) -> None:
    class Defective(MemoryDelivery):
        async def send(self, mail: EmailMessage) -> None:
            if not self.sent:
                self.sent.append(mail)
                raise RuntimeError("a defect")
            await super().send(mail)

    await bench.terminated_contract()
    await bench.terminated_contract()
    assert await bench.mail_relay(Defective()).drain() == 1
    first, second = await OutboxMail.all().order_by("id")
    assert (first.state, first.failure, second.state) == (MailState.PENDING, "OutcomeUnknown", MailState.SENT)
    assert first.next_attempt_at >= bench.clock.instant + timedelta(minutes=10)


async def test_a_claim_that_fails_breaks_off_no_mail_that_is_in_hand(bench: Workbench) -> None:
    await bench.terminated_contract()
    delivery = SlowDelivery()
    relay = bench.mail_relay(delivery)
    draining = asyncio.create_task(relay.drain())
    in_flight = await delivery.next()
    await bench.terminated_contract()
    await fail_when("outbox_mail", "UPDATE", "NEW.lease_token IS NOT NULL")
    with counted_statements() as statements:
        relay.wake()
        async with asyncio.timeout(30):
            while not any("SET lease_token" in statement for statement in statements):
                await asyncio.sleep(0)
    delivery.accept(in_flight)
    with pytest.raises(Exception, match="on purpose"):
        await draining
    assert await states() == [MailState.SENT, MailState.PENDING]


async def test_who_is_told_to_stop_begins_with_no_other_mail_and_notes_what_became_of_those_in_hand(
    bench: Workbench,
) -> None:
    for _ in range(3):
        await bench.terminated_contract(members=1)
    delivery = SlowDelivery()
    draining = asyncio.create_task(relay_with_slots(bench, delivery, 1).drain())
    mail = await delivery.next()
    draining.cancel()
    delivery.accept(mail)
    with pytest.raises(asyncio.CancelledError):
        await draining
    assert await states() == [MailState.SENT, MailState.PENDING, MailState.PENDING]
    assert await OutboxMail.filter(attempts=0, lease_token=None).count() == 2


async def test_who_serves_sends_what_is_owed_whenever_somebody_calls(bench: Workbench) -> None:
    await bench.terminated_contract()
    delivery = SlowDelivery()
    relay = bench.mail_relay(delivery)
    serving = asyncio.create_task(relay.serve())
    for _ in range(2):
        delivery.accept(await delivery.next())
        await bench.terminated_contract()
        relay.wake()
    delivery.accept(await delivery.next())
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert await states() == [MailState.SENT] * 3
