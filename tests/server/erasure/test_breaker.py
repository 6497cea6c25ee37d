"""More erasures than usual are stopped until an operator approves them."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.server.workbench import (
    BREAKER_CONTRACTS,
    ERASURE_DUE_AT,
    MICROSECOND,
    SWEEP_BATCH,
    Workbench,
    sql,
    status_of,
)

from contract_rules import EventType, Status
from contract_server.contracts.models import Contract, ContractEvent, Member
from contract_server.erasure.breaker import ALARM_EVERY, Breaker
from contract_server.schedule.failed_actions import TRIES
from contract_server.schedule.models import DueFailure

MANY = BREAKER_CONTRACTS + 1


async def wave(bench: Workbench, count: int = MANY) -> list[UUID]:
    """Create contracts whose erasures fall due together."""
    return [await bench.terminated_contract(members=1) for _ in range(count)]


async def erased() -> int:
    return await Contract.filter(status=Status.ERASED).count()


async def approve(bench: Workbench) -> None:
    now = bench.clock.instant
    await bench.breaker.approve(await bench.breaker.assess(now), now)


async def test_as_many_as_are_usual_pass(bench: Workbench) -> None:
    await wave(bench, BREAKER_CONTRACTS)
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert await erased() == BREAKER_CONTRACTS


async def test_one_more_and_none_is_erased_however_many_one_look_finds(bench: Workbench) -> None:
    assert MANY > SWEEP_BATCH
    await wave(bench)
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert await erased() == 0
    assert await Member.all().count() == MANY


async def test_whatever_else_falls_due_goes_on(bench: Workbench) -> None:
    await wave(bench)
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert await ContractEvent.filter(type=EventType.SERVICE_ENDED).count() == MANY


async def test_a_small_share_of_many_contracts_passes(bench: Workbench) -> None:
    await wave(bench)
    others = 20 * MANY - MANY  # the due contracts are five per cent of all
    await Contract.bulk_create(
        Contract(version=1, status=Status.ACTIVE, started_on=date(2023, 1, 1), applications=0) for _ in range(others)
    )
    bench.clock.instant = ERASURE_DUE_AT
    removed = await Contract.filter(status=Status.ACTIVE).first()
    assert removed is not None
    await removed.delete()
    assert (await bench.breaker.assess(bench.clock.instant)).stopped
    await Contract.create(version=1, status=Status.ACTIVE, started_on=date(2023, 1, 1), applications=0)
    await bench.due_actions.run()
    assert await erased() == MANY


async def test_contracts_that_are_erased_already_make_no_wave_usual(bench: Workbench) -> None:
    await wave(bench)
    await Contract.bulk_create(
        Contract(version=9, status=Status.ERASED, started_on=date(2023, 1, 1), applications=1) for _ in range(20 * MANY)
    )
    bench.clock.instant = ERASURE_DUE_AT
    assert (await bench.breaker.assess(bench.clock.instant)).stopped


async def test_the_alarm_is_given_at_once_and_every_hour_and_the_end_is_told(
    bench: Workbench, told: list[dict[str, Any]]
) -> None:
    await wave(bench)
    bench.clock.instant = ERASURE_DUE_AT
    alarms = []
    for pause in (timedelta(), timedelta(minutes=1), ALARM_EVERY - timedelta(minutes=1), timedelta(minutes=1)):
        bench.clock.instant += pause
        told.clear()
        await bench.due_actions.run()
        alarms.append([(event["level"], event["due"]) for event in told if event["event"] == "erasures stopped"])
    assert alarms == [[("error", MANY)], [], [("error", MANY)], []]

    await approve(bench)
    await bench.due_actions.run()
    assert [event["event"] for event in told].count("erasures resumed") == 1


async def test_what_was_approved_is_erased_and_nothing_that_falls_due_later(bench: Workbench) -> None:
    seen = await wave(bench)
    bench.clock.instant += timedelta(days=1)
    later = await wave(bench)
    bench.clock.instant = ERASURE_DUE_AT
    await approve(bench)
    bench.clock.instant = ERASURE_DUE_AT + timedelta(days=1)
    await bench.due_actions.run()
    assert {await status_of(contract_id) for contract_id in seen} == {Status.ERASED}
    assert {await status_of(contract_id) for contract_id in later} == {Status.TERMINATED}

    await approve(bench)
    await bench.due_actions.run()
    assert {await status_of(contract_id) for contract_id in later} == {Status.ERASED}


async def test_an_approval_ends_with_the_last_of_what_was_approved(bench: Workbench) -> None:
    held = await wave(bench)
    for contract_id in held:
        await bench.hold(contract_id)
    await wave(bench)
    bench.clock.instant = ERASURE_DUE_AT
    await approve(bench)
    await bench.due_actions.run()
    assert await erased() == MANY
    for contract_id in held:
        await bench.release(contract_id)  # due by the approved instant, but not part of the approval
    await bench.due_actions.run()
    assert await erased() == MANY


async def test_an_approval_lasts_however_many_sweep_at_once(bench: Workbench) -> None:
    seen = await wave(bench, 4 * MANY)
    bench.clock.instant = ERASURE_DUE_AT
    await approve(bench)
    erasing = asyncio.gather(*(bench.erasures.erase(contract_id) for contract_id in seen))
    while not erasing.done():
        assert await bench.breaker.pass_until(bench.clock.instant) is not None
    await erasing
    assert await erased() == len(seen)


@pytest.mark.parametrize("erased_before", [0, SWEEP_BATCH])
async def test_an_approval_holds_no_more_when_others_have_come_among_those_that_were_seen(
    bench: Workbench, erased_before: int
) -> None:
    seen = await wave(bench, BREAKER_CONTRACTS + SWEEP_BATCH + 1)
    other = await bench.terminated_contract(members=1)
    await bench.hold(other)
    bench.clock.instant = ERASURE_DUE_AT
    await approve(bench)
    for contract_id in seen[:erased_before]:
        await bench.erasures.erase(contract_id)
    await bench.release(other)
    await bench.due_actions.run()
    assert await erased() == erased_before


async def test_what_is_on_hold_or_set_aside_is_not_counted(bench: Workbench) -> None:
    first, second, *_ = await wave(bench, MANY + 1)
    await bench.hold(first)
    await DueFailure.create(
        contract_id=second,
        act="ERASE",
        due_at=ERASURE_DUE_AT,
        tries=TRIES,
        failure="RaiseError",
        next_try_at=ERASURE_DUE_AT,
        set_aside_at=ERASURE_DUE_AT,
    )
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert await erased() == BREAKER_CONTRACTS


async def test_nothing_is_due_a_microsecond_before(bench: Workbench) -> None:
    await wave(bench)
    assert (await bench.breaker.assess(ERASURE_DUE_AT - MICROSECOND)).due == 0
    assert (await bench.breaker.assess(ERASURE_DUE_AT)).due == MANY


async def test_a_limit_of_nothing_has_every_erasure_approved(bench: Workbench) -> None:
    await wave(bench, 1)
    assert (await Breaker(0, 0).assess(ERASURE_DUE_AT)).stopped
    assert await sql("SELECT 1 AS one FROM erasure_stop") == []
