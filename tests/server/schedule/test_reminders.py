"""Reminders are queued in their windows, once, and only for deadlines that are still to come."""

import asyncio
import email.policy
from collections.abc import Awaitable, Callable
from contextvars import Context
from datetime import datetime, timedelta
from email.parser import BytesParser
from zoneinfo import ZoneInfo

import pytest
from tests.locks import until_a_lock_is_awaited
from tests.server.workbench import (
    APPLIED_AT,
    ERASURE_DUE_AT,
    MICROSECOND,
    SERVICE_ENDS_AT,
    Workbench,
    contract_of,
    sql,
)

from contract_notify import ErasureReminder, ServiceEnded, TemporaryFailure
from contract_rules import Action, Application, Deadline, DeadlineKind, Timeline
from contract_server.accounts.viewer import Viewer
from contract_server.contracts import optimistic
from contract_server.contracts.models import TerminationApplication
from contract_server.contracts.notifications import Notifications
from contract_server.contracts.reminder_windows import next_opening, windows_of
from contract_server.contracts.service import ContractRequest
from contract_server.contracts.store import find_snapshot
from contract_server.contracts.viewer_contract import ViewerContract
from contract_server.db import rows
from contract_server.db.rows import shape_of
from contract_server.db.transaction import transaction
from contract_server.mail.models import MailState, OutboxMail
from contract_server.mail.outbox import Outbox, withdraw_reminders
from contract_server.schedule.reminders import Reminders
from contract_server.settings import Settings

CLOSES_AT = SERVICE_ENDS_AT  # the same instant, by the manual's policy
DAY = timedelta(days=1)

FIRST, LAST, ENDED, ERASURE = (
    "resumption_reminder",
    "resumption_last_reminder",
    "service_ended",
    "erasure_reminder",
)
WINDOWS = {
    FIRST: (CLOSES_AT - 3 * DAY, CLOSES_AT - DAY),
    LAST: (CLOSES_AT - DAY, CLOSES_AT - timedelta(hours=2)),
    ENDED: (SERVICE_ENDS_AT, SERVICE_ENDS_AT + 7 * DAY),
    ERASURE: (ERASURE_DUE_AT - 7 * DAY, ERASURE_DUE_AT - DAY),
}
BATCH = 2


@pytest.fixture
async def reminding(bench: Workbench) -> Workbench:
    """A workbench with reminders enabled."""
    settings = Settings.model_validate({**bench.settings.model_dump(), "reminders": True})
    return Workbench.of(settings)


def reminders(bench: Workbench) -> Reminders:
    return Reminders(bench.clock, Notifications(Outbox(bench.settings)), BATCH, enabled=bench.settings.reminders)


async def queued_at(bench: Workbench, instant: datetime) -> list[str]:
    """Queue due reminders at that instant; return the kinds of all reminders that are sent or pending."""
    bench.clock.instant = instant
    await reminders(bench).enqueue_due()
    return [mail.kind for mail in await OutboxMail.filter(useful_until__not_isnull=True).order_by("id")]


async def sent_at(bench: Workbench, instant: datetime) -> list[str]:
    """Queue due reminders at that instant and send all pending mails; return the kinds of all reminders."""
    kinds = await queued_at(bench, instant)
    await bench.mail_relay().drain()
    return kinds


@pytest.mark.parametrize(("kind", "opens_at", "closes_at"), [(kind, *window) for kind, window in WINDOWS.items()])
async def test_a_reminder_is_owed_from_the_instant_its_window_opens_until_just_before_it_closes(
    reminding: Workbench, kind: str, opens_at: datetime, closes_at: datetime
) -> None:
    for instant, is_queued in (
        (opens_at - MICROSECOND, False),
        (opens_at, True),
        (closes_at - MICROSECOND, True),
        (closes_at, False),
    ):
        await reminding.terminated_contract(members=1)
        assert (kind in await queued_at(reminding, instant)) is is_queued, instant
        await sql("TRUNCATE contract CASCADE")
        reminding.clock.instant = APPLIED_AT


async def test_whoever_is_reminded_at_every_instant_gets_each_reminder_once_and_in_order(reminding: Workbench) -> None:
    await reminding.terminated_contract()
    instant = APPLIED_AT
    while instant < ERASURE_DUE_AT:
        kinds = await sent_at(reminding, instant)
        instant += timedelta(hours=1)
    assert kinds == [FIRST, LAST, ENDED, ERASURE]


async def test_what_an_outage_left_undone_is_made_up_for_where_it_is_still_of_use(reminding: Workbench) -> None:
    await reminding.terminated_contract()
    assert await sent_at(reminding, CLOSES_AT - timedelta(hours=3)) == [LAST]
    assert await queued_at(reminding, ERASURE_DUE_AT - 2 * DAY) == [LAST, ERASURE]


async def test_the_words_are_those_of_the_contract_and_say_no_days_that_a_late_mail_would_make_untrue(
    reminding: Workbench,
) -> None:
    await reminding.terminated_contract()
    for opens_at, _ in WINDOWS.values():
        await sent_at(reminding, opens_at)
    notifications = await OutboxMail.filter(useful_until__not_isnull=True).order_by("id")
    days = (
        "2024年3月15日（金）まで",
        "2024年3月15日（金）まで",
        "2024年3月15日（金）をもって",
        "2024年4月15日（月）まで",
    )
    for mail, day in zip(notifications, days, strict=True):
        assert day in mail.body
        assert "あと" not in mail.body


async def test_a_contractor_who_has_resumed_is_reminded_of_nothing(reminding: Workbench) -> None:
    contractor = await reminding.contract()
    await reminding.ask(contractor, Action.TERMINATE)
    await reminding.ask(contractor, Action.RESUME)
    for opens_at, _ in WINDOWS.values():
        assert await queued_at(reminding, opens_at) == []


async def ask_locked(bench: Workbench, contractor: Viewer, action: Action) -> None:
    """Ask as an operator does on behalf of a contractor: lock the contract first."""
    await bench.ask(contractor, action)


async def ask_optimistically(bench: Workbench, contractor: Viewer, action: Action) -> None:
    """Ask as a contractor does: the contract was read with the session."""
    contract_id = contract_of(contractor)
    viewer_contract = ViewerContract(contractor, bench.clock.instant, await find_snapshot(contract_id), None)
    request = ContractRequest(action=action, contract_id=contract_id)
    await bench.requests.execute(contractor, request, viewer_contract=viewer_contract)


@pytest.mark.parametrize("ask", [ask_locked, ask_optimistically])
async def test_a_reminder_that_still_waits_for_the_mail_server_is_void_once_the_application_is_withdrawn(
    reminding: Workbench, ask: Callable[[Workbench, Viewer, Action], Awaitable[None]]
) -> None:
    contractor = await reminding.contract()
    await ask(reminding, contractor, Action.TERMINATE)
    assert await reminding.mail_relay().drain() == 1
    assert await queued_at(reminding, CLOSES_AT - 3 * DAY) == [FIRST]
    reminding.delivery.fail_next(TemporaryFailure("the server is busy"))
    assert await reminding.mail_relay().drain() == 0

    await ask(reminding, contractor, Action.RESUME)
    reminding.clock.instant += timedelta(hours=1)
    assert (
        await reminding.mail_relay().drain() == 1
    )  # the acceptance of the resumption is sent; the reminder does not block it
    assert await queued_at(reminding, reminding.clock.instant) == []


async def test_a_reminder_that_is_owed_while_the_application_is_being_withdrawn_is_void_at_the_next_sweep(
    reminding: Workbench,
) -> None:
    contractor = await reminding.contract()
    await ask_optimistically(reminding, contractor, Action.TERMINATE)
    assert await reminding.mail_relay().drain() == 1
    reminding.clock.instant = CLOSES_AT - 3 * DAY
    async with transaction():
        await sql("SELECT FROM contract WHERE id = $1 FOR UPDATE", contract_of(contractor))
        resuming = asyncio.create_task(ask_optimistically(reminding, contractor, Action.RESUME), context=Context())
        await until_a_lock_is_awaited(sql)
        assert await reminders(reminding).enqueue_due() == 1
    await resuming
    assert await OutboxMail.filter(kind=FIRST, state=MailState.PENDING).count() == 1
    assert await queued_at(reminding, reminding.clock.instant) == []


async def test_a_reminder_that_waits_for_the_mail_server_until_its_window_closes_is_not_sent(
    reminding: Workbench,
) -> None:
    await reminding.terminated_contract()
    assert await reminding.mail_relay().drain() == 1
    assert await queued_at(reminding, CLOSES_AT - 3 * DAY) == [FIRST]
    reminding.clock.instant = CLOSES_AT - DAY
    assert await reminding.mail_relay().drain() == 0
    assert await queued_at(reminding, CLOSES_AT - DAY) == [LAST]
    assert await reminding.mail_relay().drain() == 1


async def test_who_applies_again_is_reminded_of_the_new_application(reminding: Workbench) -> None:
    contractor = await reminding.contract()
    await reminding.ask(contractor, Action.TERMINATE)
    assert await queued_at(reminding, CLOSES_AT - 3 * DAY) == [FIRST]
    assert await reminding.mail_relay().drain() == 2
    await reminding.ask(contractor, Action.RESUME)
    await reminding.ask(contractor, Action.TERMINATE)
    assert await sent_at(reminding, CLOSES_AT - DAY) == [FIRST]
    assert await queued_at(reminding, CLOSES_AT + 9 * DAY) == [FIRST, FIRST]


async def test_of_an_erasure_on_hold_nothing_is_said_until_it_is_released(reminding: Workbench) -> None:
    contract_id = await reminding.terminated_contract()
    await reminding.hold(contract_id)
    opens_at, closes_at = WINDOWS[ERASURE]
    assert await queued_at(reminding, opens_at) == []
    reminding.clock.instant = closes_at - MICROSECOND
    await reminding.release(contract_id)
    assert await queued_at(reminding, closes_at - MICROSECOND) == [ERASURE]


async def test_a_reminder_that_waits_while_the_erasure_is_put_on_hold_is_sent_after_the_release_alone(
    reminding: Workbench,
) -> None:
    contract_id = await reminding.terminated_contract()
    opens_at, _ = WINDOWS[ERASURE]
    assert await queued_at(reminding, opens_at) == [ERASURE]
    await reminding.hold(contract_id)
    assert await sent_at(reminding, opens_at) == []
    await reminding.release(contract_id)
    assert await sent_at(reminding, opens_at) == [ERASURE]
    assert await OutboxMail.filter(kind=ERASURE, state=MailState.SENT).count() == 1


async def test_of_an_erasure_that_is_released_too_late_nothing_is_said(reminding: Workbench) -> None:
    contract_id = await reminding.terminated_contract()
    await reminding.hold(contract_id)
    opens_at, closes_at = WINDOWS[ERASURE]
    assert await queued_at(reminding, opens_at) == []
    await reminding.release(contract_id)
    assert await queued_at(reminding, closes_at) == []


async def test_an_erased_contract_is_reminded_of_nothing_and_looked_at_no_more(reminding: Workbench) -> None:
    contract_id = await reminding.terminated_contract()
    reminding.clock.instant = ERASURE_DUE_AT
    assert await reminding.erasures.erase(contract_id)
    assert await queued_at(reminding, ERASURE_DUE_AT) == []
    assert await reminders(reminding).next_due_at(APPLIED_AT) is None


async def test_reminders_are_off_unless_the_settings_want_them(bench: Workbench) -> None:
    await bench.terminated_contract()
    for opens_at, _ in WINDOWS.values():
        assert await queued_at(bench, opens_at) == []
    assert await reminders(bench).next_due_at(APPLIED_AT) is None


async def test_those_who_sweep_at_once_owe_each_reminder_once_however_many_batches_it_takes(
    reminding: Workbench,
) -> None:
    for _ in range(3 * BATCH + 1):
        await reminding.terminated_contract(members=1)
    reminding.clock.instant = CLOSES_AT - 3 * DAY
    queued = await asyncio.gather(*(reminders(reminding).enqueue_due() for _ in range(3)))
    assert sum(queued) + await reminders(reminding).enqueue_due() == 3 * BATCH + 1
    assert await OutboxMail.filter(kind=FIRST).count() == 3 * BATCH + 1


async def test_a_contract_that_somebody_is_changing_is_reminded_by_the_next_sweep(reminding: Workbench) -> None:
    contract_id = await reminding.terminated_contract()
    async with transaction():
        await sql("SELECT FROM contract WHERE id = $1 FOR UPDATE", contract_id)
        reminding.clock.instant = CLOSES_AT - 3 * DAY
        other_connection = asyncio.create_task(reminders(reminding).enqueue_due(), context=Context())
        assert await other_connection == 0
    assert await queued_at(reminding, CLOSES_AT - 3 * DAY) == [FIRST]


async def test_who_resumes_reads_none_of_the_mails_that_wait_for_the_mail_server(reminding: Workbench) -> None:
    contractor = await reminding.contract()
    await reminding.ask(contractor, Action.TERMINATE)
    await sql(
        "INSERT INTO outbox_mail"
        " (kind, message_id, dated_at, next_attempt_at, recipient, subject, body, state, attempts, contract_id)"
        " SELECT 'waiting', '<' || number || '@example.jp>', now(), now(), 'someone@example.jp', 's', 'b', 'PENDING',"
        " 0, $1 FROM generate_series(1, 5000) AS number",
        contract_of(await reminding.contract()),
    )
    await sql("ANALYZE outbox_mail")
    withdrawal = withdraw_reminders(contract_of(contractor), APPLIED_AT)
    shape = shape_of(withdrawal)
    unlocked = optimistic._statement("now()", (), (shape,))  # noqa: SLF001 - as it is run
    locked = rows._writing((shape,))  # noqa: SLF001 - as above
    values = (APPLIED_AT, *withdrawal.values)
    plans = [
        await sql(f"EXPLAIN {unlocked}", contractor.contract_id, 2, CLOSES_AT, *values),
        await sql(f"EXPLAIN {locked}", [APPLIED_AT], *withdrawal.values),
    ]
    for plan in plans:
        assert "outbox_mail_withdrawable" in str(plan)
        assert "Seq Scan on outbox_mail" not in str(plan)


async def test_the_next_look_is_when_the_next_window_opens(reminding: Workbench) -> None:
    await reminding.terminated_contract()
    instant, openings = APPLIED_AT, []
    while due_at := await reminders(reminding).next_due_at(instant):
        openings.append(due_at)
        instant = due_at
        await queued_at(reminding, instant)
    assert openings == [opens_at for opens_at, _ in WINDOWS.values()]


async def test_the_mail_is_one_that_the_outbox_can_send(reminding: Workbench) -> None:
    contractor = await reminding.contract()
    await reminding.ask(contractor, Action.TERMINATE)
    await queued_at(reminding, CLOSES_AT - 3 * DAY)
    assert await reminding.mail_relay().drain() == 2
    mail = BytesParser(policy=email.policy.default).parsebytes(reminding.delivery.sent[1].as_bytes())
    application = await TerminationApplication.get(contract_id=contract_of(contractor))
    assert mail["To"] == contractor.email
    assert mail["Message-ID"] == f"<{contractor.contract_id}.{application.id}.{FIRST}@{reminding.settings.mail_domain}>"
    assert await OutboxMail.filter(state=MailState.SENT).count() == 2


def application(days: dict[DeadlineKind, int]) -> Application:
    """An application with other periods than the manual's."""
    requested_on = APPLIED_AT.date()

    def deadline(kind: DeadlineKind) -> Deadline:
        after = APPLIED_AT.replace(hour=0, minute=0) + timedelta(days=days[kind] + 1)
        return Deadline(after.date() - DAY, after)

    timeline = Timeline(
        requested_on,
        "terms",
        "1",
        ZoneInfo("Asia/Tokyo"),
        service_end=deadline(DeadlineKind.SERVICE_END),
        resumption=deadline(DeadlineKind.RESUMPTION),
        erasure=deadline(DeadlineKind.ERASURE),
    )
    return Application(number=1, requested_at=APPLIED_AT, timeline=timeline)


def test_a_reminder_that_would_come_together_with_the_acceptance_is_left_out() -> None:
    short = application({DeadlineKind.SERVICE_END: 2, DeadlineKind.RESUMPTION: 2, DeadlineKind.ERASURE: 6})
    assert [window.opens_at.date() for window in windows_of(short)] == [
        APPLIED_AT.date() + timedelta(days=days) for days in (2, 3)
    ]
    assert next_opening(short, APPLIED_AT) == APPLIED_AT.replace(hour=0, minute=0) + timedelta(days=2)


def test_windows_that_overlap_are_all_open() -> None:
    crowded = application({DeadlineKind.SERVICE_END: 14, DeadlineKind.RESUMPTION: 14, DeadlineKind.ERASURE: 20})
    now = APPLIED_AT.replace(hour=0, minute=0) + timedelta(days=16)
    assert [type(window.reminder.words(crowded.timeline)) for window in windows_of(crowded) if window.is_open(now)] == [
        ServiceEnded,
        ErasureReminder,
    ]
