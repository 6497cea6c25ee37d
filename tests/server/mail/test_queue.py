"""A mail is claimed by one process at a time, and its result counts only while the lease is valid."""

from datetime import timedelta
from uuid import uuid4

import pytest
from tests.server.workbench import MICROSECOND, Workbench, sql

from contract_notify import TemporaryFailure
from contract_rules import Action
from contract_server.mail.models import MailState, OutboxMail
from contract_server.mail.queue import CLAIM, FIND_READY, LEASE, DeliveryResult, claim, find_ready, record_results

RESUMED = "【おまかせログイン】サービス利用再開受理通知"


async def test_a_mail_is_claimed_once_and_its_result_recorded_once(bench: Workbench) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    await bench.ask(contractor, Action.RESUME)
    ready_ids = await find_ready(bench.clock, 10)
    (mail,) = await claim(bench.clock, ready_ids, 10)  # the later mail of the contract is not ready yet
    assert [mail.id] == ready_ids
    assert await find_ready(bench.clock, 10) == []
    assert await claim(bench.clock, ready_ids, 10) == []

    failure, again_at = TemporaryFailure("busy"), bench.clock.instant + timedelta(minutes=1)
    result = DeliveryResult(mail, MailState.PENDING, failure, next_attempt_at=again_at)
    assert await record_results(bench.clock, [result]) == {mail.id}
    assert await record_results(bench.clock, [DeliveryResult(mail, MailState.SENT)]) == set()
    stored = await OutboxMail.get(id=mail.id)
    assert (stored.state, stored.failure, stored.next_attempt_at) == (MailState.PENDING, "TemporaryFailure", again_at)


async def test_a_mail_that_somebody_else_is_sending_is_left_alone_until_the_lease_ends(bench: Workbench) -> None:
    await bench.terminated_contract()
    lease = "UPDATE outbox_mail SET lease_token = $1, lease_until = clock_timestamp() + $2::interval"
    await sql(lease, uuid4(), timedelta(minutes=1))
    assert await bench.mail_relay().drain() == 0
    await sql(lease, uuid4(), -MICROSECOND)
    assert await bench.mail_relay().drain() == 1


async def test_a_mail_of_no_use_any_more_holds_up_the_next_as_long_as_somebody_may_be_sending_it(
    bench: Workbench,
) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    withdrawn = (
        "UPDATE outbox_mail SET useful_until = $1, lease_token = $2, lease_until = clock_timestamp() + $3::interval"
    )
    await sql(withdrawn, bench.clock.instant, uuid4(), timedelta(minutes=1))
    await bench.ask(contractor, Action.RESUME)
    assert await bench.mail_relay().drain() == 0
    await sql("UPDATE outbox_mail SET lease_until = clock_timestamp() WHERE lease_token IS NOT NULL")
    assert await bench.mail_relay().drain() == 1
    assert [(mail["To"], mail["Subject"]) for mail in bench.delivery.sent] == [(contractor.email, RESUMED)]


@pytest.mark.usefixtures("bench")
async def test_finding_mails_reads_none_of_those_that_were_sent() -> None:
    await sql(
        "INSERT INTO outbox_mail"
        " (kind, message_id, dated_at, next_attempt_at, recipient, subject, body, state, attempts)"
        " SELECT 'password_reset', '<' || number || '@example.jp>', now(), now(), 'someone@example.jp', 's', 'b',"
        " CASE WHEN number % 1000 = 0 THEN 'PENDING' ELSE 'SENT' END, 0 FROM generate_series(1, 20000) AS number"
    )
    await sql("ANALYZE outbox_mail")
    for statement, values in (
        (FIND_READY.format(now="now()"), (100,)),
        (CLAIM.format(now="now()"), (uuid4(), LEASE, [1000, 2000, 3000], 2)),
    ):
        plan = "\n".join(row["QUERY PLAN"] for row in await sql(f"EXPLAIN {statement}", *values))
        assert "Index Scan" in plan
        assert "Seq Scan" not in plan
