"""Operators see which erasures are due on which day, and which actions failed permanently."""

from datetime import date, timedelta
from uuid import UUID

from tests.server.workbench import ERASURE_DUE_AT, MICROSECOND, Workbench, sql

from contract_rules import Action
from contract_server.erasure.forecast import DueDay, FailedAction, erasures_by_day, list_failed_actions
from contract_server.policies.policies import served_policies
from contract_server.schedule.failed_actions import TRIES, record_failure

DAY = timedelta(days=1)
DUE_DAY = date(2024, 4, 16)


async def fail(contract_id: UUID, times: int) -> None:
    for _ in range(times):
        await record_failure(contract_id, Action.ERASE, ERASURE_DUE_AT, RuntimeError(), ERASURE_DUE_AT)


async def test_a_day_counts_its_erasures_apart_from_those_on_hold_and_by_how_they_failed(bench: Workbench) -> None:
    on_hold, failing, failed, _ = [await bench.terminated_contract(members=0) for _ in range(4)]
    bench.clock.instant += DAY
    await bench.terminated_contract(members=0)
    await bench.hold(on_hold)
    await fail(failing, 1)
    await fail(failed, TRIES)
    days = await erasures_by_day(served_policies(), ERASURE_DUE_AT, DAY)
    assert days == [DueDay(DUE_DAY, 3, 1, 1, 1), DueDay(DUE_DAY + DAY, 1, 0, 0, 0)]


async def test_a_day_that_begins_after_the_span_is_not_shown(bench: Workbench) -> None:
    await bench.terminated_contract(members=0)
    assert await erasures_by_day(served_policies(), ERASURE_DUE_AT - DAY - MICROSECOND, DAY) == []
    (day,) = await erasures_by_day(served_policies(), ERASURE_DUE_AT - DAY, DAY)
    assert day.day == DUE_DAY


async def test_an_action_is_listed_from_its_last_try_on_until_it_is_no_longer_due(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract(members=0)
    await fail(contract_id, TRIES - 1)
    assert await list_failed_actions() == []
    await fail(contract_id, 1)
    assert await list_failed_actions() == [FailedAction(contract_id, Action.ERASE, TRIES, "RuntimeError")]
    await sql("UPDATE contract SET erasure_due_at = erasure_due_at + interval '1 day'")
    assert await list_failed_actions() == []
