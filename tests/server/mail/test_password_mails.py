"""Mails with links to new passwords are independent of a contract's other mails."""

from datetime import timedelta

from tests.server.workbench import Workbench, sql

from contract_notify import TemporaryFailure
from contract_rules import Action
from contract_server.accounts.models import Account
from contract_server.mail.models import OutboxMail
from contract_server.mail.outbox import Outbox
from contract_server.mail.password_mails import PasswordMails

TERMINATED = "【おまかせログイン】サービス利用停止受理通知"
RESUMED = "【おまかせログイン】サービス利用再開受理通知"


async def test_a_link_to_a_new_password_waits_for_no_other_mail_and_no_other_for_it(bench: Workbench) -> None:
    contractor = await bench.contract()
    account = await Account.get(contract_id=contractor.contract_id)
    mails = PasswordMails(bench.settings, Outbox(bench.settings))
    await bench.ask(contractor, Action.TERMINATE)
    bench.delivery.fail_next(TemporaryFailure("the server is busy"))
    assert await bench.mail_relay().drain() == 0
    await mails.enqueue_link(account, "token", timedelta(minutes=30), bench.clock.instant)
    assert await bench.mail_relay().drain() == 1

    bench.clock.instant += timedelta(minutes=2)
    await mails.enqueue_link(account, "another", timedelta(minutes=30), bench.clock.instant)
    await sql(
        "UPDATE outbox_mail SET next_attempt_at = next_attempt_at + interval '1 hour', attempts = 1"
        " WHERE kind = 'password_reset' AND state = 'PENDING'"
    )
    await bench.ask(contractor, Action.RESUME)
    assert await bench.mail_relay().drain() == 2
    assert [mail["Subject"] for mail in bench.delivery.sent[1:]] == [TERMINATED, RESUMED]


async def test_expired_mails_are_deleted_sent_or_pending_but_not_while_one_is_being_sent(bench: Workbench) -> None:
    account = await Account.get(contract_id=(await bench.contract()).contract_id)
    mails, now = PasswordMails(bench.settings, Outbox(bench.settings)), bench.clock.instant
    await mails.enqueue_link(account, "expired", timedelta(minutes=30), now - timedelta(minutes=31))
    await mails.enqueue_link(account, "valid", timedelta(minutes=30), now)
    await sql("UPDATE outbox_mail SET lease_until = clock_timestamp() + interval '1 minute'")
    await mails.delete_links_until(now - timedelta(minutes=30))
    assert await OutboxMail.all().count() == 2
    await sql("UPDATE outbox_mail SET lease_until = NULL")
    await mails.delete_links_until(now - timedelta(minutes=30))
    assert "/password/new#valid" in (await OutboxMail.get()).body
