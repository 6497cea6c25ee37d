"""Erasures that the breaker has stopped are approved by another operator than the one who asked."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.server.workbench import APPLIED_AT, BREAKER_CONTRACTS, ERASURE_DUE_AT, Workbench, status_of

from contract_rules import Status
from contract_server.audit.models import AuditAction, AuditEntry
from contract_server.audit.origin import Interface, Origin, set_origin
from contract_server.contracts.result import NotPossible, Obstacle
from contract_server.erasure.approvals import Approvals

FIRST, SECOND = uuid4(), uuid4()


@pytest.fixture(autouse=True)
def _by_the_api() -> None:
    set_origin(Origin(Interface.API))


def by_two(bench: Workbench) -> Approvals:
    return Approvals(bench.clock, bench.breaker, by_second_person=True)


async def wave(bench: Workbench) -> list[UUID]:
    """More contracts than may be erased at once, all of them due."""
    contracts = [await bench.terminated_contract(members=0) for _ in range(BREAKER_CONTRACTS + 1)]
    bench.clock.instant = ERASURE_DUE_AT
    return contracts


async def expect_obstacle(obstacle: Obstacle, approvals: Approvals, request_id: int, account_id: UUID | None) -> None:
    with pytest.raises(NotPossible) as refused:
        await approvals.approve(request_id, account_id)
    assert refused.value.obstacle is obstacle


async def test_what_one_has_asked_for_another_approves_and_it_is_erased(bench: Workbench) -> None:
    contracts = await wave(bench)
    approvals = by_two(bench)
    request = await approvals.request(FIRST)
    assert (request.contracts, request.requested_by) == (len(contracts), FIRST)
    assert (approvals.may_approve(request, FIRST), approvals.may_approve(request, SECOND)) == (False, True)
    await expect_obstacle(Obstacle.SECOND_PERSON_REQUIRED, approvals, request.id, FIRST)
    await expect_obstacle(Obstacle.SECOND_PERSON_REQUIRED, approvals, request.id, None)
    await bench.due_actions.run()
    assert {await status_of(contract_id) for contract_id in contracts} == {Status.TERMINATED}

    assert (await approvals.approve(request.id, SECOND)).contracts == len(contracts)
    await bench.due_actions.run()
    assert {await status_of(contract_id) for contract_id in contracts} == {Status.ERASED}
    trail = await AuditEntry.filter(action__startswith="ERASURE").order_by("at").values_list("action", "account_id")
    assert trail == [(AuditAction.ERASURE_APPROVAL_REQUESTED, FIRST), (AuditAction.ERASURES_APPROVED, SECOND)]
    await expect_obstacle(Obstacle.NOTHING_TO_APPROVE, approvals, request.id, SECOND)


async def test_without_the_setting_one_person_asks_and_approves(bench: Workbench) -> None:
    await wave(bench)
    approvals = Approvals(bench.clock, bench.breaker, by_second_person=False)
    request = await approvals.request(FIRST)
    await approvals.approve(request.id, FIRST)
    assert not (await bench.breaker.assess(bench.clock.instant)).stopped


async def test_a_wave_that_has_grown_since_is_not_approved_with_the_request(bench: Workbench) -> None:
    await wave(bench)
    later = await bench.terminated_contract(members=0)
    approvals = by_two(bench)
    request = await approvals.request(FIRST)
    bench.clock.instant += timedelta(days=46)
    await approvals.approve(request.id, SECOND)
    await bench.due_actions.run()
    assert await status_of(later) is Status.TERMINATED


async def test_another_request_takes_the_place_of_the_first(bench: Workbench) -> None:
    await wave(bench)
    approvals = by_two(bench)
    first, second = await approvals.request(FIRST), await approvals.request(SECOND)
    assert await approvals.find_request() == second
    await expect_obstacle(Obstacle.NOTHING_TO_APPROVE, approvals, first.id, SECOND)


async def test_there_is_nothing_to_ask_for_while_the_breaker_lets_erasures_pass(bench: Workbench) -> None:
    with pytest.raises(NotPossible) as refused:
        await by_two(bench).request(FIRST)
    assert refused.value.obstacle is Obstacle.NOTHING_TO_APPROVE
    assert await by_two(bench).find_request() is None


@pytest.mark.parametrize("swept_while_stopped", [True, False])
async def test_a_request_ends_with_the_stop_that_it_was_made_for(bench: Workbench, swept_while_stopped: bool) -> None:
    contracts = await wave(bench)
    approvals = by_two(bench)
    if swept_while_stopped:
        await bench.due_actions.run()
    request = await approvals.request(FIRST)
    await bench.hold(contracts[0])
    await bench.due_actions.run()
    assert await status_of(contracts[1]) is Status.ERASED
    assert await approvals.find_request() is None

    await wave(bench)
    bench.clock.instant = ERASURE_DUE_AT + (ERASURE_DUE_AT - APPLIED_AT)
    await bench.due_actions.run()
    assert await approvals.find_request() is None
    await expect_obstacle(Obstacle.NOTHING_TO_APPROVE, approvals, request.id, SECOND)
