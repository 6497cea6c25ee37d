"""A contract that fails is tried again after pauses that grow, and set aside with one alarm; the others never wait."""

from datetime import timedelta
from typing import Any

import pytest
from tests.server.workbench import (
    APPLIED_AT,
    ERASURE_DUE_AT,
    MICROSECOND,
    SERVICE_ENDS_AT,
    SWEEP_BATCH,
    Workbench,
    contract_of,
    fail_when,
    interfere,
    status_of,
    stop_interfering,
)

from contract_rules import Action, Status
from contract_server.contracts.models import TerminationApplication
from contract_server.erasure.forecast import list_failed_actions
from contract_server.monitoring.backlog import read_backlog
from contract_server.schedule.failed_actions import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    TRIES,
    pause_after,
    retry_failed,
)
from contract_server.schedule.models import DueFailure


@pytest.mark.parametrize(
    ("tries", "minutes"), [(1, 1), (2, 4), (3, 16), (4, 64), (5, 256), (6, 360), (7, 360), (100, 360)]
)
def test_pauses_grow_from_a_minute_to_six_hours(tries: int, minutes: int) -> None:
    assert pause_after(tries) == timedelta(minutes=minutes)
    assert FIRST_PAUSE <= pause_after(tries) <= LONGEST_PAUSE


async def test_a_failed_act_is_tried_again_when_its_pause_is_over_and_not_before(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT
    await fail_when("company", "DELETE", "true")
    assert (await bench.due_actions.run()).failed == {contract_id}
    await stop_interfering()
    bench.clock.instant = ERASURE_DUE_AT + FIRST_PAUSE - MICROSECOND
    assert (await bench.due_actions.run()).done == 0
    bench.clock.instant += MICROSECOND
    assert (await bench.due_actions.run()).done == 1
    assert await status_of(contract_id) is Status.ERASED
    assert not await DueFailure.exists()


@pytest.mark.parametrize(
    ("table", "operation", "channel"),
    [
        ("termination_application", "UPDATE", "database_rights_end_service"),
        ("member", "DELETE", "database_rights_erase"),
    ],
)
async def test_a_right_that_the_role_lacks_costs_no_contract_a_try_and_is_told_once(
    bench: Workbench, told: list[dict[str, Any]], table: str, operation: str, channel: str
) -> None:
    ids = {await bench.terminated_contract() for _ in range(3)}
    bench.clock.instant = ERASURE_DUE_AT
    await interfere(table, operation, "RAISE insufficient_privilege;")
    for _ in range(2 * TRIES):
        report = await bench.due_actions.run()
        assert report.blocked
        assert report.failed <= ids
    assert not await DueFailure.exists()
    assert [event["channel"] for event in told if event["event"] == "channel paused"] == [channel]

    await stop_interfering()
    assert not (await bench.due_actions.run()).failed
    assert {await status_of(contract_id) for contract_id in ids} == {Status.ERASED}
    assert [event["channel"] for event in told if event["event"] == "channel resumed"] == [channel]


async def test_a_right_that_is_lacking_for_one_action_delays_no_other(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = SERVICE_ENDS_AT
    await bench.due_actions.run()
    bench.clock.instant = APPLIED_AT + timedelta(days=20)
    others = {await bench.terminated_contract() for _ in range(SWEEP_BATCH + 1)}
    bench.clock.instant = ERASURE_DUE_AT
    await interfere("termination_application", "UPDATE", "RAISE insufficient_privilege;")
    report = await bench.due_actions.run()
    assert (report.blocked, report.done) == ({Action.END_SERVICE}, 1)
    assert report.failed <= others
    assert len(report.failed) == 1
    assert await status_of(contract_id) is Status.ERASED


async def test_all_failed_acts_are_retried_together(bench: Workbench) -> None:
    ids = {await bench.terminated_contract() for _ in range(2)}
    bench.clock.instant = ERASURE_DUE_AT
    await fail_when("company", "DELETE", "true")
    for tries in range(1, TRIES + 1):
        await bench.due_actions.run()
        bench.clock.instant += pause_after(tries)
    await stop_interfering()
    assert await retry_failed() == len(ids)
    assert (await bench.due_actions.run()).done == len(ids)


async def test_what_was_set_aside_is_no_concern_while_its_erasure_is_on_hold(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT
    await fail_when("company", "DELETE", "true")
    for tries in range(1, TRIES + 1):
        await bench.due_actions.run()
        bench.clock.instant += pause_after(tries)
    assert (await read_backlog(bench.clock)).failed_actions == 1
    await bench.hold(contract_id)
    assert (await read_backlog(bench.clock)).failed_actions == 0
    assert await list_failed_actions() == []


async def test_after_its_last_try_it_is_set_aside_with_one_alarm(bench: Workbench, told: list[dict[str, Any]]) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT
    await fail_when("company", "DELETE", "true")
    for tries in range(1, TRIES + 1):
        assert (await bench.due_actions.run()).failed == {contract_id}, tries
        bench.clock.instant += pause_after(tries)
    bench.clock.instant += timedelta(days=30)
    assert (await bench.due_actions.run()).failed == set()
    alarms = [event for event in told if event["level"] == "error"]
    assert [(alarm["event"], alarm["contract_id"]) for alarm in alarms] == [
        ("due action failed permanently", contract_id)
    ]
    (found,) = await list_failed_actions()
    assert (found.contract_id, found.act, found.tries) == (contract_id, Action.ERASE, TRIES)

    await stop_interfering()
    assert (await bench.due_actions.run()).done == 0
    assert await retry_failed(contract_id) == 1
    assert (await bench.due_actions.run()).done == 1
    assert await status_of(contract_id) is Status.ERASED


async def test_an_end_of_service_that_fails_holds_up_no_erasure(bench: Workbench) -> None:
    bad, good = [await bench.terminated_contract() for _ in range(2)]
    bench.clock.instant = SERVICE_ENDS_AT
    await fail_when("contract", "UPDATE", f"OLD.id = '{bad}'")
    assert (await bench.due_actions.run()).failed == {bad}
    failure = await DueFailure.get(contract_id=bad)
    assert (failure.act, failure.due_at) == (Action.END_SERVICE, SERVICE_ENDS_AT)
    await stop_interfering()
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert {await status_of(bad), await status_of(good)} == {Status.ERASED}


async def test_what_failed_for_an_application_that_was_taken_back_counts_no_more(bench: Workbench) -> None:
    contractor = await bench.contract()
    contract_id = contract_of(contractor)
    await bench.ask(contractor, Action.TERMINATE)
    await DueFailure.create(
        contract_id=contract_id,
        act=Action.ERASE,
        due_at=ERASURE_DUE_AT,
        tries=TRIES,
        failure="RaiseError",
        next_try_at=ERASURE_DUE_AT,
        set_aside_at=ERASURE_DUE_AT,
    )
    assert len(await list_failed_actions()) == (await read_backlog(bench.clock)).failed_actions == 1
    await bench.ask(contractor, Action.RESUME)
    assert len(await list_failed_actions()) == (await read_backlog(bench.clock)).failed_actions == 0
    bench.clock.instant += timedelta(days=1)
    await bench.ask(contractor, Action.TERMINATE)
    assert len(await list_failed_actions()) == (await read_backlog(bench.clock)).failed_actions == 0

    bench.clock.instant = ERASURE_DUE_AT + timedelta(days=1)
    await fail_when("company", "DELETE", "true")
    await bench.due_actions.run()
    assert (await DueFailure.get(contract_id=contract_id, act=Action.ERASE)).tries == 1
    await stop_interfering()
    bench.clock.instant += FIRST_PAUSE
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.ERASED


async def test_a_row_that_somebody_else_is_at_is_no_failure_of_the_contract(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = SERVICE_ENDS_AT
    await interfere("contract", "UPDATE", "RAISE SQLSTATE '55P03';")  # as when a lock was waited for too long
    report = await bench.due_actions.run()
    assert report.failed == {contract_id}
    assert not await DueFailure.exists()
    await stop_interfering()
    assert (await bench.due_actions.run()).done == 1
    assert (await TerminationApplication.get(contract_id=contract_id)).service_ended_at == SERVICE_ENDS_AT
