"""Other services are told of an erasure once, seven days ahead, and before it after any outage."""

import asyncio
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
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

from contract_rules import Action, Actor, EventType, Status
from contract_server.contracts.changes import has_visibly_changed
from contract_server.contracts.due import NOTICE, next_notice_at
from contract_server.contracts.models import Contract, ContractEvent, TerminationApplication
from contract_server.contracts.queries import find_event_pages
from contract_server.contracts.store import find_snapshot
from contract_server.db.pages import LARGEST_PAGE, Part
from contract_server.documents.registration import registration_files
from contract_server.integration.feed import find_changes

ANNOUNCED_AT = ERASURE_DUE_AT - NOTICE
TOKYO = ZoneInfo("Asia/Tokyo")


async def notices(contract_id: UUID) -> list[ContractEvent]:
    return await ContractEvent.filter(contract_id=contract_id, type=EventType.ERASURE_DUE)


async def types_in_the_feed() -> list[EventType]:
    return [change.type for change in (await find_changes(None, 100)).items]


async def test_a_notice_is_recorded_at_its_instant_and_not_a_microsecond_before(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = SERVICE_ENDS_AT
    await bench.due_actions.run()
    bench.clock.instant = ANNOUNCED_AT - MICROSECOND
    before = await everything_stored()
    await bench.due_actions.run()
    assert await everything_stored() == before

    bench.clock.instant = ANNOUNCED_AT
    await bench.due_actions.run()
    (notice,) = await notices(contract_id)
    application = await TerminationApplication.get(contract_id=contract_id)
    assert (notice.at, notice.actor, notice.application_id) == (ANNOUNCED_AT, Actor.SYSTEM, application.id)


async def test_a_notice_is_in_the_feed_with_the_dates_of_its_application(bench: Workbench) -> None:
    await bench.terminated_contract()
    bench.clock.instant = ANNOUNCED_AT + timedelta(days=2)
    await bench.due_actions.run()
    *_, applied, _, notice = (await find_changes(None, 100)).items
    assert (notice.type, notice.at) == (EventType.ERASURE_DUE, ANNOUNCED_AT)
    assert notice.application == applied.application


async def test_a_second_sweep_records_no_second_notice(bench: Workbench) -> None:
    ids = [await bench.terminated_contract() for _ in range(2 * SWEEP_BATCH + 1)]
    bench.clock.instant = ANNOUNCED_AT
    await asyncio.gather(bench.due_actions.run(), bench.due_actions.run())
    await bench.due_actions.run()
    stored = await everything_stored()
    await bench.due_actions.run()
    assert await everything_stored() == stored
    assert [len(await notices(contract_id)) for contract_id in ids] == [1] * len(ids)


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=1), timedelta(days=400)])
async def test_a_notice_precedes_the_erasure_however_late_both_are(bench: Workbench, late: timedelta) -> None:
    await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT + late
    await bench.due_actions.run()
    assert (await types_in_the_feed())[-3:] == [EventType.SERVICE_ENDED, EventType.ERASURE_DUE, EventType.ERASED]


async def test_what_is_due_within_the_week_when_notices_begin_is_announced_at_once(bench: Workbench) -> None:
    """As after an upgrade, or for a contract that came from elsewhere."""
    contract_id = await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT - timedelta(days=1)
    await bench.due_actions.run()
    await sql("DELETE FROM contract_event WHERE type = 'ERASURE_DUE'")
    await sql("UPDATE contract SET erasure_announced_for = NULL")
    await bench.due_actions.run()
    assert [notice.at for notice in await notices(contract_id)] == [ANNOUNCED_AT]


async def test_a_notice_changes_nothing_of_its_contract(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = ANNOUNCED_AT - MICROSECOND
    await bench.due_actions.run()
    before = await find_snapshot(contract_id)
    assert before is not None
    bench.clock.instant = ANNOUNCED_AT
    await bench.due_actions.run()
    (notice,) = await notices(contract_id)
    after = await find_snapshot(contract_id)
    assert after is not None
    assert (after.facts, notice.version) == (before.facts, before.facts.version)
    before_service_ended = before.facts.version - 1
    assert not await has_visibly_changed(after, before_service_ended, Actor.CONTRACTOR)


async def test_a_hold_does_not_delay_the_notice_and_its_release_brings_no_second_one(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    await bench.hold(contract_id)
    bench.clock.instant = ERASURE_DUE_AT + timedelta(days=30)
    await bench.due_actions.run()
    assert [notice.at for notice in await notices(contract_id)] == [ANNOUNCED_AT]
    await bench.release(contract_id)
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.ERASED
    assert (await types_in_the_feed())[-3:] == [
        EventType.ERASURE_DUE,
        EventType.ERASURE_HOLD_RELEASED,
        EventType.ERASED,
    ]


async def test_an_application_that_was_taken_back_is_not_announced_and_the_next_one_is(bench: Workbench) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    bench.clock.instant = APPLIED_AT + timedelta(days=10)
    await bench.ask(contractor, Action.RESUME)
    bench.clock.instant = ANNOUNCED_AT
    await bench.due_actions.run()
    assert await notices(contract_of(contractor)) == []

    again = (await bench.ask(contractor, Action.TERMINATE)).contract
    assert again.facts.application is not None
    bench.clock.instant = again.facts.application.timeline.erasure.at - NOTICE
    await bench.due_actions.run()
    assert [notice.application_id for notice in await notices(contract_of(contractor))] == [again.application_id]


async def test_a_contract_that_fails_delays_no_other_and_is_announced_by_the_next_sweep(bench: Workbench) -> None:
    bad, *good = [await bench.terminated_contract() for _ in range(SWEEP_BATCH + 1)]
    bench.clock.instant = ANNOUNCED_AT
    await fail_when("contract_event", "INSERT", f"NEW.type = 'ERASURE_DUE' AND NEW.contract_id = '{bad}'")
    assert (await bench.due_actions.run()).failed == {bad}
    assert [len(await notices(contract_id)) for contract_id in (bad, *good)] == [0] + [1] * len(good)
    await stop_interfering()
    await bench.due_actions.run()
    assert len(await notices(bad)) == 1


async def test_the_schedule_knows_what_is_announced_next(bench: Workbench) -> None:
    assert await next_notice_at(APPLIED_AT) is None
    contract_id = await bench.terminated_contract()
    assert await next_notice_at(APPLIED_AT) == ANNOUNCED_AT
    bench.clock.instant = ANNOUNCED_AT
    await bench.due_actions.run()
    assert await next_notice_at(APPLIED_AT) is None
    assert (await Contract.get(id=contract_id)).erasure_announced_for == ERASURE_DUE_AT


async def test_the_notice_is_left_out_of_what_contractors_are_shown(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    bench.clock.instant = ANNOUNCED_AT
    await bench.due_actions.run()
    whole, shown = [
        (await find_event_pages([contract_id], Part(LARGEST_PAGE), for_operator=for_operator))[contract_id].items
        for for_operator in (True, False)
    ]
    assert [event for event in whole if event not in shown] == await notices(contract_id)
    written = b"".join([piece async for file in registration_files(contract_id, TOKYO) async for piece in file.pieces])
    assert EventType.TERMINATION_REQUESTED.encode() in written
    assert EventType.ERASURE_DUE.encode() not in written
