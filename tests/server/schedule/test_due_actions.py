"""Due actions are executed once, never early, however late, and independently of other contracts."""

import asyncio
from datetime import timedelta

import asyncpg
from tests.locks import until_a_lock_is_awaited
from tests.server.workbench import (
    APPLIED_AT,
    ERASURE_DUE_AT,
    MICROSECOND,
    SERVICE_ENDS_AT,
    SWEEP_BATCH,
    Workbench,
    contract_of,
    everything_stored,
    fail_when,
    sql,
    status_of,
    stop_interfering,
)

from contract_rules import Action, EventType, Status
from contract_server.contracts.due import NOTICE, next_due_at
from contract_server.contracts.models import Contract, ContractEvent, TerminationApplication
from contract_server.schedule.failed_actions import FIRST_PAUSE


async def test_the_end_of_service_is_recorded_at_its_instant_and_not_a_microsecond_before(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = SERVICE_ENDS_AT - MICROSECOND
    before = await everything_stored()
    assert (await bench.due_actions.run()).done == 0
    assert await everything_stored() == before

    bench.clock.instant = SERVICE_ENDS_AT
    assert (await bench.due_actions.run()).done == 1
    application = await TerminationApplication.get(contract_id=contract_id)
    assert application.service_ended_at == SERVICE_ENDS_AT


async def test_a_late_sweep_records_the_deadline_itself(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = SERVICE_ENDS_AT + timedelta(days=10)
    await bench.due_actions.run()
    ended = await ContractEvent.get(contract_id=contract_id, type=EventType.SERVICE_ENDED)
    assert ended.at == SERVICE_ENDS_AT


async def test_a_sweep_after_a_long_outage_does_everything_in_order(bench: Workbench) -> None:
    ids = [await bench.terminated_contract(members=1) for _ in range(2 * SWEEP_BATCH + 1)]
    late = bench.clock.instant = ERASURE_DUE_AT + timedelta(days=30)
    report = await bench.due_actions.run()
    assert (report.done, report.failed, report.complete) == (2 * len(ids), set(), True)
    for contract_id in ids:
        events = await ContractEvent.filter(contract_id=contract_id).order_by("at", "id")
        assert [(event.type, event.at) for event in events[1:]] == [
            (EventType.TERMINATION_REQUESTED, APPLIED_AT),
            (EventType.SERVICE_ENDED, SERVICE_ENDS_AT),
            (EventType.ERASURE_DUE, ERASURE_DUE_AT - NOTICE),
            (EventType.ERASED, late),
        ]


async def test_a_second_sweep_finds_nothing_to_do(bench: Workbench) -> None:
    await bench.terminated_contract()
    for instant in (SERVICE_ENDS_AT, ERASURE_DUE_AT):
        bench.clock.instant = instant
        assert (await bench.due_actions.run()).done == 1
        stored = await everything_stored()
        assert (await bench.due_actions.run()).done == 0
        assert await everything_stored() == stored


async def test_two_sweeps_at_once_do_everything_once(bench: Workbench) -> None:
    ids = [await bench.terminated_contract(members=1) for _ in range(5)]
    bench.clock.instant = ERASURE_DUE_AT
    reports = await asyncio.gather(bench.due_actions.run(), bench.due_actions.run())
    await bench.due_actions.run()  # contracts that each sweep skipped because the other had locked them
    assert all(report.failed == set() for report in reports)
    for contract_id in ids:
        assert await status_of(contract_id) is Status.ERASED
        for once in (EventType.SERVICE_ENDED, EventType.ERASURE_DUE, EventType.ERASED):
            assert await ContractEvent.filter(contract_id=contract_id, type=once).count() == 1


async def test_a_contract_that_fails_delays_no_other_and_is_tried_again(bench: Workbench) -> None:
    bad, *good = [await bench.terminated_contract() for _ in range(4)]
    bench.clock.instant = ERASURE_DUE_AT
    await fail_when("company", "DELETE", f"OLD.contract_id = '{bad}'")
    report = await bench.due_actions.run()
    assert report.failed == {bad}
    assert [await status_of(contract_id) for contract_id in good] == [Status.ERASED] * 3
    assert await status_of(bad) is Status.TERMINATED

    await stop_interfering()
    bench.clock.instant += FIRST_PAUSE
    assert (await bench.due_actions.run()).done == 1
    assert await status_of(bad) is Status.ERASED


async def test_a_locked_contract_is_passed_over_or_waited_for_by_the_patient(bench: Workbench) -> None:
    busy, free = [await bench.terminated_contract() for _ in range(2)]
    bench.clock.instant = SERVICE_ENDS_AT
    other = await asyncpg.connect(bench.settings.database_url.get_secret_value())
    try:
        lock = other.transaction()
        await lock.start()
        await other.execute("SELECT FROM contract WHERE id = $1 FOR UPDATE", busy)
        report = await bench.due_actions.run()
        assert (report.done, report.skipped, report.failed) == (1, {busy}, set())
        assert (await Contract.get(id=free)).service_end_due_at is None

        waiting = asyncio.create_task(bench.due_actions.run(wait_for_locks=True))
        await until_a_lock_is_awaited(sql)
        await lock.rollback()
        assert (await waiting).done == 1
    finally:
        await other.close()


async def test_an_application_that_was_taken_back_falls_due_no_more(bench: Workbench) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    bench.clock.instant = SERVICE_ENDS_AT - MICROSECOND
    await bench.ask(contractor, Action.RESUME)
    second = (await bench.ask(contractor, Action.TERMINATE)).contract.application_id

    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert await status_of(contract_of(contractor)) is Status.TERMINATED
    ended = await ContractEvent.get(contract_id=contract_of(contractor), type=EventType.SERVICE_ENDED)
    assert ended.application_id == second
    assert ended.at == SERVICE_ENDS_AT + timedelta(days=14)


async def test_a_slice_that_is_used_up_leaves_the_rest_for_the_next_sweep(bench: Workbench) -> None:
    await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT
    report = await bench.due_actions.run(seconds=0)
    assert (report.done, report.complete) == (0, False)
    assert (await bench.due_actions.run()).complete


async def test_the_schedule_knows_what_falls_due_next(bench: Workbench) -> None:
    assert await next_due_at(APPLIED_AT) is None
    contract_id = await bench.terminated_contract()
    assert await next_due_at(APPLIED_AT) == SERVICE_ENDS_AT
    bench.clock.instant = SERVICE_ENDS_AT
    await bench.due_actions.run()
    assert await next_due_at(SERVICE_ENDS_AT) == ERASURE_DUE_AT
    await bench.hold(contract_id)
    assert await next_due_at(SERVICE_ENDS_AT) is None
