"""Each promise has a check, and each check finds exactly its own defect."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.server.erasure.confirming import confirm, service
from tests.server.workbench import BREAKER_CONTRACTS, ERASURE_DUE_AT, Workbench, sql

from contract_rules import Action
from contract_server.audit.chain import close_chain
from contract_server.clock import DatabaseClock
from contract_server.contracts.models import Contract, ErasureHold, Member, TerminationApplication
from contract_server.erasure.confirmations import CONFIRMED_WITHIN
from contract_server.erasure.models import AwaitedConfirmation, ErasureRecord
from contract_server.integration.deliveries import queue_deliveries
from contract_server.integration.feed import number_changes
from contract_server.integration.models import ServiceAccount
from contract_server.integration.outgoing_http import OutgoingHttp
from contract_server.integration.webhooks import add_endpoint
from contract_server.monitoring.backlog import read_backlog
from contract_server.monitoring.doctor import examine_thoroughly
from contract_server.monitoring.health import GRACE, Check, examine
from contract_server.schedule.models import DueFailure, SweepRun

YEARS = timedelta(days=1_000)

Defect = Callable[[Workbench], Awaitable[None]]


async def checks(bench: Workbench, *, must_keep_ledger: bool = True) -> dict[str, Check]:
    health = await examine_thoroughly(
        bench.clock, bench.breaker, bench.ledger, must_keep_ledger=must_keep_ledger, audit_kept_for=YEARS
    )
    assert health.ok == all(check.ok for check in health.checks)
    return {check.name: check for check in health.checks}


async def broken(bench: Workbench) -> dict[str, int]:
    return {name: check.count for name, check in (await checks(bench)).items() if not check.ok}


async def a_life_of_every_kind(bench: Workbench) -> None:
    """Create two erased contracts, a terminated one, and a resumed one, and sweep once."""
    for _ in range(2):
        await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT - timedelta(days=10)
    await bench.terminated_contract()
    resumed = await bench.contract()
    await bench.ask(resumed, Action.TERMINATE)
    await bench.ask(resumed, Action.RESUME)
    await bench.mail_relay().drain()
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    await close_chain()


async def no_sweep_for_a_while(_: Workbench) -> None:
    await SweepRun.all().update(finished_at=await DatabaseClock().now() - GRACE - timedelta(seconds=1))


async def an_overdue_service_end(bench: Workbench) -> None:
    bench.clock.instant = await latest("service_end_due_at") + GRACE


async def an_overdue_erasure(bench: Workbench) -> None:
    await record_service_ends()
    bench.clock.instant = await latest("erasure_due_at") + GRACE


async def more_erasures_than_usual(bench: Workbench) -> None:
    await bench.hold((await Contract.get(status="TERMINATED")).id)
    for _ in range(BREAKER_CONTRACTS + 1):
        await bench.terminated_contract()
    await bench.mail_relay().drain()
    await record_service_ends()
    bench.clock.instant = await latest("erasure_due_at")


async def latest(due: str) -> datetime:
    at: datetime = (await sql(f"SELECT max({due}) AS at FROM contract"))[0]["at"]  # noqa: S608 - our own names
    return at


async def record_service_ends() -> None:
    await sql("UPDATE termination_application SET service_ended_at = service_end_at WHERE service_ended_at IS NULL")
    await sql("UPDATE contract SET service_end_due_at = NULL")


async def an_action_that_failed_permanently(bench: Workbench) -> None:
    contract = await Contract.get(status="TERMINATED")
    await DueFailure.create(
        contract_id=contract.id,
        act="ERASE",
        due_at=contract.erasure_due_at,
        tries=8,
        failure="RaiseError",
        next_try_at=bench.clock.instant,
        set_aside_at=bench.clock.instant,
    )


async def a_hold_that_is_to_be_reviewed(bench: Workbench) -> None:
    await bench.hold((await Contract.get(status="TERMINATED")).id)
    await ErasureHold.all().update(review_at=bench.clock.instant)


async def a_member_that_was_left(_: Workbench) -> None:
    contract = await Contract.filter(status="ERASED").first()
    assert contract
    await Member.create(contract_id=contract.id, name="名前", email="left@example.jp")


async def a_reason_that_was_left(_: Workbench) -> None:
    contract = await Contract.filter(status="ERASED").first()
    assert contract
    await Contract.filter(id=contract.id).update(hold_reason="名前")


async def an_open_application_of_a_contract_in_force(_: Workbench) -> None:
    contract = await Contract.get(status="ACTIVE")
    await TerminationApplication.filter(contract_id=contract.id).update(withdrawn_at=None)


async def a_due_date_that_no_application_gives(_: Workbench) -> None:
    await Contract.filter(status="TERMINATED").update(erasure_due_at=ERASURE_DUE_AT + timedelta(days=100))


async def a_due_date_that_was_forgotten(_: Workbench) -> None:
    await Contract.filter(status="TERMINATED").update(erasure_due_at=None)


async def a_termination_without_application(_: Workbench) -> None:
    contract = await Contract.get(status="TERMINATED")
    await TerminationApplication.filter(contract_id=contract.id).delete()
    await Contract.filter(id=contract.id).update(erasure_due_at=None, service_end_due_at=None)


async def an_erasure_without_evidence(_: Workbench) -> None:
    await ErasureRecord.filter(sequence=2).delete()


async def a_record_that_was_tampered_with(_: Workbench) -> None:
    await sql("UPDATE erasure_record SET started_at = started_at - interval '1 day' WHERE sequence = 1")


async def a_mail_that_waits(bench: Workbench) -> None:
    await sql("UPDATE outbox_mail SET state = 'PENDING', dated_at = $1", bench.clock.instant - GRACE)


async def a_mail_that_failed_permanently(_: Workbench) -> None:
    await sql("UPDATE outbox_mail SET state = 'FAILED'")


async def a_confirmation_that_is_late(bench: Workbench) -> None:
    await await_confirmation(since=bench.clock.instant - CONFIRMED_WITHIN)


async def something_that_is_retained_for_too_long(bench: Workbench) -> None:
    await await_confirmation(since=bench.clock.instant, retained_until=bench.clock.instant - timedelta(days=1))


async def await_confirmation(since: datetime, retained_until: datetime | None = None) -> None:
    contract = await Contract.filter(status="ERASED").first()
    assert contract
    service = await ServiceAccount.create(name="backups", scopes="erasures", created_at=since)
    await AwaitedConfirmation.create(
        contract_id=contract.id, service_id=service.id, since=since, retained_until=retained_until
    )


async def a_confirmation_that_was_cut_off(bench: Workbench) -> None:
    contract = await Contract.filter(status="ERASED").first()
    assert contract
    await confirm(bench, contract.id, await service())
    await sql("ALTER TABLE erasure_confirmation DISABLE TRIGGER append_only")
    await sql("DELETE FROM erasure_confirmation")
    await sql("ALTER TABLE erasure_confirmation ENABLE TRIGGER append_only")


async def an_event_whose_actor_was_changed(_: Workbench) -> None:
    await sql("UPDATE contract_event SET account_id = gen_random_uuid() WHERE seal = 1")


async def an_endpoint_that_answered_410(_: Workbench) -> None:
    await add_endpoint(OutgoingHttp(), "billing", "https://billing.example.jp/")
    await sql("UPDATE webhook_endpoint SET disabled_at = now()")


async def a_webhook_that_failed_permanently(bench: Workbench) -> None:
    await add_endpoint(OutgoingHttp(), "billing", "https://billing.example.jp/")
    await bench.contract()
    await number_changes()
    await queue_deliveries()
    await sql("UPDATE webhook_delivery SET state = 'FAILED'")


async def a_ledger_that_cannot_be_read(bench: Workbench) -> None:
    folder = folder_of(bench)
    folder.rename(folder.with_name("elsewhere"))


async def a_file_of_the_ledger_that_was_lost(bench: Workbench) -> None:
    min(folder_of(bench).iterdir()).unlink()


async def a_line_of_the_ledger_that_was_changed(bench: Workbench) -> None:
    file = max(folder_of(bench).iterdir())
    file.write_bytes(file.read_bytes().replace(b'"number":1', b'"number":2'))


DEFECTS: list[tuple[Defect, dict[str, int]]] = [
    (no_sweep_for_a_while, {"sweep": 1}),
    (an_overdue_service_end, {"service_end": 1}),
    (an_overdue_erasure, {"erasure": 1}),
    (more_erasures_than_usual, {"breaker": BREAKER_CONTRACTS + 1}),
    (an_action_that_failed_permanently, {"set_aside": 1}),
    (a_hold_that_is_to_be_reviewed, {"holds": 1}),
    (a_member_that_was_left, {"leftovers": 1}),
    (a_reason_that_was_left, {"leftovers": 1}),
    (an_open_application_of_a_contract_in_force, {"applications": 1}),
    (a_due_date_that_no_application_gives, {"due_dates": 1}),
    (a_due_date_that_was_forgotten, {"due_dates": 1}),
    (a_termination_without_application, {"due_dates": 1}),
    (an_erasure_without_evidence, {"evidence": 1}),
    (a_record_that_was_tampered_with, {"chain": 1}),
    (a_confirmation_that_is_late, {"confirmations": 1}),
    (something_that_is_retained_for_too_long, {"retained": 1}),
    (a_confirmation_that_was_cut_off, {"chain": 1}),
    (an_event_whose_actor_was_changed, {"audit": 1}),
    (a_mail_that_waits, {"mails_unsent": 3}),
    (a_mail_that_failed_permanently, {"mails_failed": 3}),
    (an_endpoint_that_answered_410, {"webhooks": 1}),
    (a_webhook_that_failed_permanently, {"webhooks_failed": 1}),
    (a_ledger_that_cannot_be_read, {"ledger": 1}),
    (a_file_of_the_ledger_that_was_lost, {"ledger": 1}),
    (a_line_of_the_ledger_that_was_changed, {"ledger": 1}),
]


def folder_of(bench: Workbench) -> Path:
    assert bench.ledger.folder is not None
    return bench.ledger.folder


async def test_where_every_promise_is_kept_every_check_says_so(bench: Workbench) -> None:
    await a_life_of_every_kind(bench)
    assert await broken(bench) == {}
    assert (await examine(bench.clock, bench.breaker)).ok


@pytest.mark.parametrize(("defect", "failing"), DEFECTS, ids=[defect.__name__ for defect, _ in DEFECTS])
async def test_a_defect_is_found_by_the_check_that_is_there_for_it_and_by_no_other(
    bench: Workbench, defect: Defect, failing: dict[str, int]
) -> None:
    await a_life_of_every_kind(bench)
    await defect(bench)
    assert await broken(bench) == failing


async def test_a_disabled_endpoint_is_named(bench: Workbench) -> None:
    await an_endpoint_that_answered_410(bench)
    details = {check.name: check.detail for check in (await examine(bench.clock, bench.breaker)).checks}
    assert details["webhooks"] == "Endpoints disabled by their answer 410: billing."


async def test_the_endpoint_of_a_failed_webhook_is_named(bench: Workbench) -> None:
    await a_webhook_that_failed_permanently(bench)
    details = {check.name: check.detail for check in (await examine(bench.clock, bench.breaker)).checks}
    assert details["webhooks_failed"] == "Webhooks that failed permanently: billing: 1."
    assert (await read_backlog(bench.clock)).failed_webhooks == 1


async def test_a_mail_that_is_to_wait_is_no_defect_until_its_time_is_over(bench: Workbench) -> None:
    await a_life_of_every_kind(bench)
    mails = "UPDATE outbox_mail SET state = 'PENDING', attempts = 0, dated_at = $1, next_attempt_at = $2"
    now = bench.clock.instant
    await sql(mails, now - GRACE, now)
    assert await broken(bench) == {}
    await sql(mails, now - 2 * GRACE, now - GRACE)
    assert await broken(bench) == {"mails_unsent": 3}


async def test_every_check_has_its_defect(bench: Workbench) -> None:
    assert {name for _, failing in DEFECTS for name in failing} == set(await checks(bench))


async def test_what_is_left_is_told_by_column(bench: Workbench) -> None:
    await a_life_of_every_kind(bench)
    await a_member_that_was_left(bench)
    assert (await checks(bench))["leftovers"].detail.endswith("member.email: 1, member.name: 1.")


async def test_a_backup_that_was_restored_and_not_brought_up_to_date_is_found(bench: Workbench) -> None:
    await a_life_of_every_kind(bench)
    record = await ErasureRecord.get(sequence=2)
    application = await TerminationApplication.get(id=record.application_id)
    await record.delete()
    await Contract.filter(id=record.contract_id).update(status="TERMINATED", erasure_due_at=application.erasure_at)
    ledger = (await checks(bench))["ledger"]
    assert ledger.count == 1
    assert "erasures replay" in ledger.detail


async def test_evidence_that_was_written_anew_from_the_first_record_on_is_found(bench: Workbench) -> None:
    await a_life_of_every_kind(bench)
    await sql("UPDATE erasure_record SET hash = repeat('a', 64) WHERE sequence = 2")
    ledger = (await checks(bench))["ledger"]
    assert ledger.count == 1
    assert "not the evidence" in ledger.detail


async def test_production_must_keep_a_ledger_outside(bench: Workbench) -> None:
    without = Workbench.of(bench.settings.model_copy(update={"ledger_dir": None}))
    await a_life_of_every_kind(without)
    assert await broken(without) == {"ledger": 1}
    assert (await checks(without, must_keep_ledger=False))["ledger"].ok
