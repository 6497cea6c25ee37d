"""Mails go out once, in order, and are given up only when nothing can help."""

import asyncio
from datetime import timedelta
from email.message import EmailMessage
from uuid import uuid4

import pytest
from tests.server.contracts.workbench import MICROSECOND, Workbench, sql

from contract_notify import DeliveryFailure, MemoryDelivery, OutcomeUnknown, PermanentFailure, TemporaryFailure
from contract_rules import Action
from contract_server.contracts.models import MailState, OutboxMail

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
    assert await bench.outbox().drain() == 1
    assert sent(bench) == [(second.email, TERMINATED)]

    bench.clock.instant += timedelta(minutes=2)
    assert await bench.outbox().drain() == 2
    assert sent(bench)[1:] == [(first.email, TERMINATED), (first.email, RESUMED)]


async def test_a_sent_mail_is_not_sent_again(bench: Workbench) -> None:
    await bench.terminated_contract()
    assert await bench.outbox().drain() == 1
    bench.clock.instant += timedelta(days=40)
    assert await bench.outbox().drain() == 0
    mail = await OutboxMail.get()
    assert (mail.state, mail.attempts, mail.lease_token) == (MailState.SENT, 1, None)


async def test_those_who_drain_at_once_send_every_mail_once(bench: Workbench) -> None:
    for _ in range(6):
        await bench.terminated_contract(members=1)
    assert sum(await asyncio.gather(*(bench.outbox().drain() for _ in range(3)))) == 6
    assert len({mail["Message-ID"] for mail in bench.delivery.sent}) == len(bench.delivery.sent) == 6


async def test_a_mail_that_somebody_else_is_sending_is_left_alone_until_the_lease_ends(bench: Workbench) -> None:
    await bench.terminated_contract()
    lease = "UPDATE outbox_mail SET lease_token = $1, lease_until = clock_timestamp() + $2::interval"
    await sql(lease, uuid4(), timedelta(minutes=1))
    assert await bench.outbox().drain() == 0
    await sql(lease, uuid4(), -MICROSECOND)
    assert await bench.outbox().drain() == 1


class SlowerThanItsLease(MemoryDelivery):
    """While it sends, the lease passes to somebody else."""

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
    await bench.outbox(delivery).drain()
    mail = await OutboxMail.get()
    assert (mail.state, mail.lease_token, mail.failure) == (MailState.PENDING, delivery.successor, None)
    assert mail.sent_at is None


async def test_a_temporary_failure_is_followed_by_longer_and_longer_pauses(bench: Workbench) -> None:
    await bench.terminated_contract()
    bench.delivery.fail_next(TemporaryFailure("the server is busy"), times=12)
    pauses = []
    for _ in range(12):
        assert await bench.outbox().drain() == 0
        mail = await OutboxMail.get()
        pauses.append(mail.next_attempt_at - bench.clock.instant)
        bench.clock.instant = mail.next_attempt_at - MICROSECOND
        assert await bench.outbox().drain() == 0
        assert (await OutboxMail.get()).attempts == mail.attempts
        bench.clock.instant = mail.next_attempt_at
    for number, pause in enumerate(pauses):
        expected = min(timedelta(minutes=2**number), timedelta(hours=6))
        assert 0.8 * expected <= pause <= 1.2 * expected
    assert await bench.outbox().drain() == 1


async def test_a_mail_that_can_never_arrive_is_set_aside_and_holds_up_no_other(bench: Workbench) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    await bench.ask(contractor, Action.RESUME)
    bench.delivery.fail_next(PermanentFailure("no such mailbox"))
    assert await bench.outbox().drain() == 1
    assert sent(bench) == [(contractor.email, RESUMED)]
    failed = await OutboxMail.get(state=MailState.FAILED)
    assert (failed.failure, failed.lease_token) == ("PermanentFailure", None)


async def test_after_an_unknown_outcome_the_same_bytes_go_out_ten_minutes_later(bench: Workbench) -> None:
    await bench.terminated_contract()
    bench.delivery.fail_next(OutcomeUnknown("no answer"), accepted=True)
    assert await bench.outbox().drain() == 0
    bench.clock.instant += timedelta(minutes=10) - MICROSECOND
    assert await bench.outbox().drain() == 0
    bench.clock.instant += MICROSECOND
    assert await bench.outbox().drain() == 1
    first, second = bench.delivery.sent
    assert first.as_bytes() == second.as_bytes()


@pytest.mark.parametrize("failure", [TemporaryFailure("the server is busy"), OutcomeUnknown("no answer")])
async def test_a_mail_is_given_up_after_seventy_two_hours(bench: Workbench, failure: DeliveryFailure) -> None:
    await bench.terminated_contract()
    bench.delivery.fail_next(failure, times=2)
    bench.clock.instant += timedelta(hours=72) - MICROSECOND
    await bench.outbox().drain()
    mail = await OutboxMail.get()
    assert mail.state is MailState.PENDING
    bench.clock.instant = mail.next_attempt_at
    await bench.outbox().drain()
    assert (await OutboxMail.get()).state is MailState.FAILED
