"""A failed mail is listed, retried while it is of use, or dismissed."""

from datetime import datetime, timedelta

from tests.server.workbench import ERASURE_DUE_AT, SERVICE_ENDS_AT, Workbench

from contract_notify import ErasureReminder, PermanentFailure, ResumptionReminder
from contract_rules import Action
from contract_server.contracts.notifications import Notifications
from contract_server.mail.models import MailState, OutboxMail
from contract_server.mail.outbox import Outbox
from contract_server.schedule.failed_mails import dismiss_mail, list_failed_mails, retry_mails
from contract_server.schedule.reminders import Reminders

DAY = timedelta(days=1)


async def queue_reminder(bench: Workbench, instant: datetime) -> str:
    """Queue the reminder that is due at that instant; return its kind."""
    bench.clock.instant = instant
    await Reminders(bench.clock, Notifications(Outbox(bench.settings)), 1, enabled=True).enqueue_due()
    kind: str = (await OutboxMail.get(state=MailState.PENDING)).kind
    return kind


async def test_a_failed_mail_is_listed_with_the_kind_of_its_failure_until_it_is_retried_or_dismissed(
    bench: Workbench,
) -> None:
    contract_id = await bench.terminated_contract()
    assert await list_failed_mails(10) == []
    mail_id = await fail_permanently(bench)
    (failed,) = await list_failed_mails(10)
    assert (failed.id, failed.contract_id, failed.attempts) == (mail_id, contract_id, 1)
    assert failed.failure == "PermanentFailure"

    assert await retry_mails(bench.clock.instant, mail_id)
    assert await list_failed_mails(10) == []
    assert not await retry_mails(bench.clock.instant, mail_id)
    assert not await dismiss_mail(mail_id)
    assert await fail_permanently(bench) == mail_id
    assert not await retry_mails(bench.clock.instant, since=bench.clock.instant + DAY)
    assert await retry_mails(bench.clock.instant, since=bench.clock.instant - DAY) == 1
    assert await fail_permanently(bench) == mail_id
    assert await dismiss_mail(mail_id)
    assert await list_failed_mails(10) == []
    assert (await OutboxMail.get()).state is MailState.DISMISSED


async def test_a_reminder_that_was_given_up_is_tried_again_only_while_its_application_is_in_force(
    bench: Workbench,
) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    assert await bench.mail_relay().drain() == 1
    assert await queue_reminder(bench, SERVICE_ENDS_AT - 3 * DAY) == ResumptionReminder.kind
    assert await retry_mails(bench.clock.instant, await fail_permanently(bench))
    mail_id = await fail_permanently(bench)
    await bench.ask(contractor, Action.RESUME)
    assert not await retry_mails(bench.clock.instant, mail_id)


async def test_a_reminder_of_an_erasure_that_was_given_up_is_not_tried_again_while_it_is_on_hold(
    bench: Workbench,
) -> None:
    contract_id = await bench.terminated_contract()
    assert await bench.mail_relay().drain() == 1
    assert await queue_reminder(bench, ERASURE_DUE_AT - 7 * DAY) == ErasureReminder.kind
    mail_id = await fail_permanently(bench)
    await bench.hold(contract_id)
    assert not await retry_mails(bench.clock.instant, mail_id)


async def fail_permanently(bench: Workbench) -> int:
    """Have the mail server reject the one pending mail; return its id."""
    bench.delivery.fail_next(PermanentFailure("no such mailbox"))
    assert await bench.mail_relay().drain() == 0
    mail_id: int = (await OutboxMail.get(state=MailState.FAILED)).id
    return mail_id
