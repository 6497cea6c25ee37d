"""A check fails when its promise has been broken for longer than the grace period."""

from datetime import timedelta

from tests.server.workbench import APPLIED_AT, ERASURE_DUE_AT, MICROSECOND, SERVICE_ENDS_AT, Workbench, sql

from contract_server.clock import DatabaseClock
from contract_server.monitoring.contract_checks import leftovers, recent_contracts
from contract_server.monitoring.health import (
    GRACE,
    examine,
    last_sweep,
    overdue_erasures,
    overdue_service_ends,
    stopped_erasures,
)
from contract_server.schedule.models import SweepRun


async def failing(bench: Workbench) -> set[str]:
    return {check.name for check in (await examine(bench.clock, bench.breaker)).checks if not check.ok}


async def test_a_due_action_counts_after_the_grace_period(bench: Workbench) -> None:
    await bench.terminated_contract()
    await bench.mail_relay().drain()
    bench.clock.instant = SERVICE_ENDS_AT + GRACE - MICROSECOND
    assert await failing(bench) == {"sweep"}
    bench.clock.instant += MICROSECOND
    assert await failing(bench) == {"sweep", "service_end"}
    assert await overdue_service_ends(SERVICE_ENDS_AT) == 1
    assert await overdue_erasures(ERASURE_DUE_AT - MICROSECOND) == 0


async def test_an_erasure_on_hold_is_not_overdue(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    assert await overdue_erasures(ERASURE_DUE_AT) == 1
    await bench.hold(contract_id)
    assert await overdue_erasures(ERASURE_DUE_AT + timedelta(days=100)) == 0


async def test_the_age_of_the_last_sweep_is_measured_in_real_time(bench: Workbench) -> None:
    assert await last_sweep() is None
    await SweepRun.create(id=1, finished_at=await DatabaseClock().now())
    bench.clock.instant = APPLIED_AT + timedelta(days=400)
    assert await failing(bench) == set()
    await sql("UPDATE sweep_run SET finished_at = finished_at - $1::interval", GRACE)
    assert await failing(bench) == {"sweep"}


async def test_rows_left_are_counted_for_erased_contracts_only(bench: Workbench) -> None:
    await bench.terminated_contract(members=3)
    assert await leftovers(await recent_contracts()) == {}
    await sql("UPDATE contract SET status = 'ERASED'")
    assert await leftovers(await recent_contracts()) == {"member": 3, "outbox_mail": 1, "account": 1, "company": 1}


async def test_erasures_that_pass_the_breaker_are_not_stopped(bench: Workbench) -> None:
    await bench.terminated_contract()
    assert await stopped_erasures(bench.breaker, ERASURE_DUE_AT) == 0
