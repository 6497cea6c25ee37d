"""A contract may be on hold for several cases: nothing is erased while any of them is in force."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.server.workbench import APPLIED_AT, ERASURE_DUE_AT, OPERATOR, Workbench, sql, status_of

from contract_rules import Action, EventType, Status
from contract_server.audit.models import AuditAction, AuditEntry
from contract_server.contracts.holds.records import HoldRecord, HoldTerms, count_holds_to_review, find_holds
from contract_server.contracts.models import Contract, ContractEvent, ErasureHold
from contract_server.contracts.result import ActionResult, NotPossible, Obstacle
from contract_server.contracts.service import ContractRequest

TOMORROW = APPLIED_AT + timedelta(days=1)


async def hold(
    bench: Workbench, contract_id: UUID, reference: str, reason: str = "係争中", review_at: datetime | None = None
) -> ActionResult:
    request = ContractRequest(
        action=Action.HOLD_ERASURE, contract_id=contract_id, note=reason, terms=HoldTerms(reference, review_at)
    )
    return await bench.requests.execute(OPERATOR, request)


async def release(bench: Workbench, contract_id: UUID, hold_id: UUID | None = None) -> ActionResult:
    request = ContractRequest(
        action=Action.RELEASE_ERASURE_HOLD, contract_id=contract_id, note="解決済み", hold_id=hold_id
    )
    return await bench.requests.execute(OPERATOR, request)


async def holds(contract_id: UUID) -> list[HoldRecord]:
    return (await find_holds([contract_id])).get(contract_id, [])


async def hold_of(contract_id: UUID, reference: str) -> HoldRecord:
    (found,) = [record for record in await holds(contract_id) if record.reference == reference]
    return found


async def held_for_two_cases(bench: Workbench) -> UUID:
    """A terminated contract on hold for case 1, and since the day after for case 2."""
    contract_id = await bench.terminated_contract()
    await hold(bench, contract_id, "CASE-1")
    bench.clock.instant = TOMORROW
    await hold(bench, contract_id, "CASE-2", "差押え")
    return contract_id


async def events_about_holds(contract_id: UUID) -> list[EventType]:
    kinds = (EventType.ERASURE_HELD, EventType.ERASURE_HOLD_RELEASED)
    return [event.type for event in await ContractEvent.filter(contract_id=contract_id, type__in=kinds).order_by("id")]


async def audited(contract_id: UUID) -> list[tuple[AuditAction, UUID | None, str | None, str | None]]:
    entries = await AuditEntry.filter(contract_id=contract_id).order_by("id")
    return [(entry.action, entry.account_id, entry.subject, entry.reason) for entry in entries]


async def test_what_one_case_asked_for_outlives_the_release_of_another(bench: Workbench) -> None:
    contract_id = await held_for_two_cases(bench)
    await release(bench, contract_id, (await hold_of(contract_id, "CASE-1")).id)
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.TERMINATED
    await release(bench, contract_id, (await hold_of(contract_id, "CASE-2")).id)
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.ERASED


async def test_each_hold_has_its_own_terms_and_its_own_end(bench: Workbench) -> None:
    contract_id = await held_for_two_cases(bench)
    await release(bench, contract_id, (await hold_of(contract_id, "CASE-2")).id)
    newest, first = await holds(contract_id)
    assert (newest.reference, newest.reason, newest.placed_at, newest.released_at) == (
        "CASE-2",
        "差押え",
        TOMORROW,
        TOMORROW,
    )
    assert newest.release_reason == "解決済み"
    assert (first.reference, first.placed_at, first.released_at, first.release_reason) == (
        "CASE-1",
        APPLIED_AT,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("reference", "reason", "review_at"),
    [("CASE-2", "係争中", None), ("CASE-1", "差押え", None), ("CASE-1", "係争中", TOMORROW)],
)
async def test_a_hold_with_other_terms_is_another_hold(
    bench: Workbench, reference: str, reason: str, review_at: datetime | None
) -> None:
    contract_id = await bench.terminated_contract()
    await hold(bench, contract_id, "CASE-1")
    for _ in range(2):  # the second time it is there already
        await hold(bench, contract_id, reference, reason, review_at)
    terms = [(found.reference, found.reason, found.review_at) for found in await holds(contract_id)]
    assert terms == [(reference, reason, review_at), ("CASE-1", "係争中", None)]
    assert len(await audited(contract_id)) == 1


async def test_the_terms_of_a_released_hold_can_be_placed_again(bench: Workbench) -> None:
    contract_id = await held_for_two_cases(bench)
    await release(bench, contract_id, (await hold_of(contract_id, "CASE-1")).id)
    await hold(bench, contract_id, "CASE-1")
    assert [record.released_at is None for record in await holds(contract_id)] == [True, True, False]


async def test_the_history_has_the_first_hold_and_the_last_release_and_the_audit_trail_the_others(
    bench: Workbench,
) -> None:
    contract_id = await held_for_two_cases(bench)
    version = (await Contract.get(id=contract_id)).version
    case_1, case_2 = await hold_of(contract_id, "CASE-1"), await hold_of(contract_id, "CASE-2")
    await release(bench, contract_id, case_1.id)
    assert (await Contract.get(id=contract_id)).version == version
    assert await events_about_holds(contract_id) == [EventType.ERASURE_HELD]
    await release(bench, contract_id, case_2.id)
    assert await events_about_holds(contract_id) == [EventType.ERASURE_HELD, EventType.ERASURE_HOLD_RELEASED]
    assert await audited(contract_id) == [
        (AuditAction.FURTHER_HOLD_PLACED, OPERATOR.account_id, "CASE-2", "差押え"),
        (AuditAction.FURTHER_HOLD_RELEASED, OPERATOR.account_id, "CASE-1", "解決済み"),
    ]


async def test_a_release_that_names_no_hold_is_for_a_contract_with_one(bench: Workbench) -> None:
    contract_id = await held_for_two_cases(bench)
    before = await holds(contract_id)
    with pytest.raises(NotPossible) as refused:
        await release(bench, contract_id)
    assert refused.value.obstacle is Obstacle.HOLD_NOT_NAMED
    assert await holds(contract_id) == before
    await release(bench, contract_id, before[0].id)
    await release(bench, contract_id)
    assert [record.released_at for record in await holds(contract_id)] == [TOMORROW, TOMORROW]
    assert (await Contract.get(id=contract_id)).hold_placed_at is None


async def test_a_release_ends_the_hold_that_was_seen_and_no_later_one(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    await hold(bench, contract_id, "CASE-1")
    seen = await hold_of(contract_id, "CASE-1")
    await release(bench, contract_id, seen.id)
    await hold(bench, contract_id, "CASE-2")
    done = await release(bench, contract_id, seen.id)
    assert done.contract.hold is not None
    assert (await hold_of(contract_id, "CASE-2")).released_at is None


async def test_a_hold_that_is_released_already_is_answered_as_done(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    await hold(bench, contract_id, "CASE-1")
    seen = await hold_of(contract_id, "CASE-1")
    for _ in range(2):
        await release(bench, contract_id, seen.id)
    assert await events_about_holds(contract_id) == [EventType.ERASURE_HELD, EventType.ERASURE_HOLD_RELEASED]


@pytest.mark.parametrize("held", [True, False])
async def test_a_hold_of_another_contract_is_not_found(bench: Workbench, *, held: bool) -> None:
    contract_id, other = await bench.terminated_contract(), await bench.terminated_contract()
    await hold(bench, other, "CASE-1")
    if held:
        await hold(bench, contract_id, "CASE-2")
    for hold_id in ((await hold_of(other, "CASE-1")).id, uuid4()):
        with pytest.raises(NotPossible) as refused:
            await release(bench, contract_id, hold_id)
        assert refused.value.obstacle is Obstacle.HOLD_NOT_FOUND
    assert [record.released_at for record in await holds(other)] == [None]


async def test_the_contract_shows_the_newest_hold_in_force_since_the_first(bench: Workbench) -> None:
    contract_id = await held_for_two_cases(bench)
    shown = await Contract.get(id=contract_id)
    assert (shown.hold_placed_at, shown.hold_reason) == (APPLIED_AT, "差押え")
    done = await release(bench, contract_id, (await hold_of(contract_id, "CASE-2")).id)
    shown = await Contract.get(id=contract_id)
    assert (shown.hold_placed_at, shown.hold_reason) == (APPLIED_AT, "係争中")
    assert done.contract.hold is not None
    assert (done.contract.hold.placed_at, done.contract.hold.reason) == (APPLIED_AT, "係争中")


async def test_a_change_by_the_contractor_leaves_the_holds_as_they_are(bench: Workbench) -> None:
    contractor = await bench.contract()
    assert contractor.contract_id is not None
    await hold(bench, contractor.contract_id, "CASE-1")
    await hold(bench, contractor.contract_id, "CASE-2", "差押え")
    before = await holds(contractor.contract_id)
    for action in (Action.TERMINATE, Action.RESUME):
        await bench.ask(contractor, action)
        assert await holds(contractor.contract_id) == before
        assert (await Contract.get(id=contractor.contract_id)).hold_reason == "差押え"


async def test_each_hold_is_to_be_reviewed_by_itself(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    for number in range(3):
        await hold(bench, contract_id, f"CASE-{number}", review_at=TOMORROW)
    assert await count_holds_to_review(TOMORROW) == 3
    await release(bench, contract_id, (await hold_of(contract_id, "CASE-1")).id)
    assert await count_holds_to_review(TOMORROW) == 2


async def test_a_hold_without_a_row_gets_one_before_another_is_placed_beside_it(bench: Workbench) -> None:
    """A server of the version before, which knows no rows, may have placed it during an upgrade."""
    contract_id = await bench.terminated_contract()
    await hold(bench, contract_id, "CASE-1")
    await ErasureHold.filter(contract_id=contract_id).delete()
    bench.clock.instant = TOMORROW
    await hold(bench, contract_id, "CASE-2")
    assert [(found.reference, found.reason, found.placed_at) for found in await holds(contract_id)] == [
        ("CASE-2", "係争中", TOMORROW),
        (None, "係争中", APPLIED_AT),
    ]


async def test_an_erasure_ends_every_hold(bench: Workbench) -> None:
    """One that a server of the version before has released has still a row in force."""
    contract_id, other = await held_for_two_cases(bench), await bench.terminated_contract()
    await hold(bench, other, "CASE-3")
    await sql("UPDATE contract SET hold_placed_at = NULL WHERE id = $1", contract_id)
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.ERASED
    assert [found.released_at for found in await holds(contract_id)] == [ERASURE_DUE_AT, ERASURE_DUE_AT]
    assert [found.released_at for found in await holds(other)] == [None]


async def test_a_hold_in_force_is_listed_however_many_came_after_it(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contract_server.contracts.holds.records.LISTED", 2)
    contract_id = await bench.terminated_contract()
    await hold(bench, contract_id, "CASE-0")
    for number in range(1, 4):
        bench.clock.instant += timedelta(days=1)
        await hold(bench, contract_id, f"CASE-{number}")
        await release(bench, contract_id, (await holds(contract_id))[0].id)
    assert [found.reference for found in await holds(contract_id)] == ["CASE-3", "CASE-0"]
