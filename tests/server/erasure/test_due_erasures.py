"""Erasures are listed by the instant at which they fall due, each with what is in the way."""

from datetime import timedelta
from uuid import UUID

from tests.server.workbench import BREAKER_CONTRACTS, ERASURE_DUE_AT, Workbench, sql

from contract_server.db.pages import Part
from contract_server.erasure.due_erasures import DueErasure, ErasureState, cursor_of, find_due_erasures

FAIL = """
INSERT INTO due_failure (contract_id, act, due_at, tries, failure, next_try_at, set_aside_at)
VALUES ($1, 'ERASE', $2, $3, 'LedgerUnavailable', $2, $4)
"""


async def listed(bench: Workbench) -> list[DueErasure]:
    now = bench.clock.instant
    return (await find_due_erasures(await bench.breaker.assess(now), now, Part(100))).items


async def states(bench: Workbench) -> dict[UUID, ErasureState]:
    return {erasure.contract_id: erasure.state for erasure in await listed(bench)}


async def test_each_erasure_has_the_state_that_decides_what_becomes_of_it(bench: Workbench) -> None:
    held, failed, retrying, due = [await bench.terminated_contract(members=0) for _ in range(4)]
    await bench.contract()
    await bench.hold(held)
    await sql(FAIL, failed, ERASURE_DUE_AT, 8, ERASURE_DUE_AT)
    await sql(FAIL, retrying, ERASURE_DUE_AT, 2, None)
    assert (await states(bench))[due] is ErasureState.SCHEDULED
    bench.clock.instant = ERASURE_DUE_AT
    assert await states(bench) == {
        held: ErasureState.ON_HOLD,
        failed: ErasureState.FAILED,
        retrying: ErasureState.RETRYING,
        due: ErasureState.DUE,
    }
    by_contract = {erasure.contract_id: (erasure.tries, erasure.failure) for erasure in await listed(bench)}
    assert (by_contract[failed], by_contract[due]) == ((8, "LedgerUnavailable"), (None, None))


async def test_what_the_breaker_stops_waits_for_an_approval(bench: Workbench) -> None:
    contracts = [await bench.terminated_contract(members=0) for _ in range(BREAKER_CONTRACTS + 1)]
    bench.clock.instant = ERASURE_DUE_AT
    assert await states(bench) == dict.fromkeys(contracts, ErasureState.STOPPED)
    await bench.breaker.approve(await bench.breaker.assess(ERASURE_DUE_AT), ERASURE_DUE_AT)
    assert await states(bench) == dict.fromkeys(contracts, ErasureState.DUE)


async def test_pages_follow_each_other_in_order_from_both_ends(bench: Workbench) -> None:
    for number in range(5):
        contract_id = await bench.terminated_contract(members=0)
        if number % 2:
            await bench.hold(contract_id)
            bench.clock.instant += timedelta(days=1)
    now = bench.clock.instant
    assessment = await bench.breaker.assess(now)
    whole = (await find_due_erasures(assessment, now, Part(100))).items
    assert whole == sorted(whole, key=cursor_of)
    first = await find_due_erasures(assessment, now, Part(2))
    second = await find_due_erasures(assessment, now, Part(2, after=cursor_of(first.items[-1])))
    last = await find_due_erasures(assessment, now, Part(1, from_end=True))
    back = await find_due_erasures(assessment, now, Part(2, before=cursor_of(last.items[0]), from_end=True))
    assert first.items + second.items + last.items == whole
    assert back.items == second.items
    assert (first.has_previous, first.has_next, last.has_previous, last.has_next) == (False, True, True, False)
