"""The backlog that metrics report."""

import math
from datetime import timedelta

from tests.server.workbench import ERASURE_DUE_AT, SERVICE_ENDS_AT, Workbench, contract_of, sql

from contract_rules import Action
from contract_server.integration.outgoing_http import OutgoingHttp
from contract_server.integration.webhooks import add_endpoint
from contract_server.monitoring.backlog import Backlog, read_backlog

HOUR = timedelta(hours=1)


async def test_a_service_that_owes_nothing_is_behind_with_nothing(bench: Workbench) -> None:
    await bench.contract()
    assert await read_backlog(bench.clock) == Backlog(0, 0, 0, math.inf, 0, 0, 0, 0, 0)


async def test_what_is_due_is_behind_since_the_instant_it_fell_due(bench: Workbench) -> None:
    await bench.terminated_contract()
    await bench.mail_relay().drain()
    bench.clock.instant = SERVICE_ENDS_AT
    assert (await read_backlog(bench.clock)).overdue_service_end == 0
    bench.clock.instant = SERVICE_ENDS_AT + HOUR
    assert (await read_backlog(bench.clock)).overdue_service_end == 3600
    await bench.due_actions.run()
    bench.clock.instant = ERASURE_DUE_AT + HOUR
    backlog = await read_backlog(bench.clock)
    assert (backlog.overdue_erasure, backlog.overdue_service_end, backlog.unsent_mail) == (3600, 0, 0)
    await bench.due_actions.run()
    backlog = await read_backlog(bench.clock)
    assert backlog.overdue_erasure == 0
    assert 0 <= backlog.since_sweep < 60


async def test_the_oldest_counts_and_not_the_newest(bench: Workbench) -> None:
    for _ in range(2):
        contractor = await bench.contract()
        await bench.ask(contractor, Action.TERMINATE)
        bench.clock.instant += HOUR
    assert (await read_backlog(bench.clock)).unsent_mail == 7200


async def test_an_erasure_on_hold_is_not_behind(bench: Workbench) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    await bench.hold(contract_of(contractor))
    bench.clock.instant = ERASURE_DUE_AT + HOUR
    assert (await read_backlog(bench.clock)).overdue_erasure == 0


async def test_a_clock_that_was_set_back_makes_nothing_wait_for_less_than_no_time(bench: Workbench) -> None:
    await bench.terminated_contract()
    bench.clock.instant -= HOUR
    assert (await read_backlog(bench.clock)).unsent_mail == 0


async def test_the_age_of_the_last_sweep_goes_by_real_time(bench: Workbench) -> None:
    await sql("INSERT INTO sweep_run (id, finished_at) VALUES (1, clock_timestamp() - interval '1 hour')")
    assert 3600 <= (await read_backlog(bench.clock)).since_sweep < 3660


async def test_a_breaker_that_holds_erasures_back_is_told(bench: Workbench) -> None:
    await sql("INSERT INTO erasure_stop (id, since, alarmed_at) VALUES (1, now(), now())")
    assert (await read_backlog(bench.clock)).erasures_stopped == 1


async def test_an_act_counts_as_set_aside_once_it_waits_for_a_person(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    await sql(
        "INSERT INTO due_failure (contract_id, act, due_at, tries, failure, next_try_at)"
        " VALUES ($1, 'ERASE', $2, 1, 'TimeoutError', $2)",
        contract_id,
        ERASURE_DUE_AT,
    )
    assert (await read_backlog(bench.clock)).failed_actions == 0
    await sql("UPDATE due_failure SET set_aside_at = $1", ERASURE_DUE_AT)
    assert (await read_backlog(bench.clock)).failed_actions == 1


async def test_a_disabled_endpoint_is_counted(bench: Workbench) -> None:
    await add_endpoint(OutgoingHttp(), "billing", "https://billing.example.jp/")
    assert (await read_backlog(bench.clock)).disabled_webhooks == 0
    await sql("UPDATE webhook_endpoint SET disabled_at = now()")
    assert (await read_backlog(bench.clock)).disabled_webhooks == 1
