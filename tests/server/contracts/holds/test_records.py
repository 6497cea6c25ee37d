"""A hold is a row that ends with its release, and names who placed and released it after the erasure too."""

from datetime import timedelta
from uuid import UUID

import pytest
from tests.server.workbench import APPLIED_AT, ERASURE_DUE_AT, MICROSECOND, OPERATOR, Workbench, status_of

from contract_rules import Action, Status
from contract_server.accounts.models import Account, Role
from contract_server.contracts.holds.records import (
    HoldTerms,
    Operator,
    count_holds_to_review,
    find_holds,
    require_reference,
)
from contract_server.contracts.service import ContractRequest
from contract_server.visible_text import InvalidValue

REVIEW_AT = APPLIED_AT + timedelta(days=10)


async def hold(bench: Workbench, contract_id: UUID, *, review: bool = False) -> None:
    request = ContractRequest(
        action=Action.HOLD_ERASURE,
        contract_id=contract_id,
        note="係争中",
        terms=HoldTerms("2026-0142", REVIEW_AT if review else None),
    )
    await bench.requests.execute(OPERATOR, request)


async def release(bench: Workbench, contract_id: UUID) -> None:
    request = ContractRequest(action=Action.RELEASE_ERASURE_HOLD, contract_id=contract_id, note="和解成立")
    await bench.requests.execute(OPERATOR, request)


async def test_a_hold_says_for_which_case_why_by_whom_and_until_when(bench: Workbench) -> None:
    await Account.create(id=OPERATOR.account_id, role=Role.OPERATOR, name="運用 太郎", email="o@e.jp", password_hash="")
    contract_id = await bench.terminated_contract()
    await hold(bench, contract_id)
    bench.clock.instant += timedelta(days=1)
    await release(bench, contract_id)
    (found,) = (await find_holds([contract_id]))[contract_id]
    by = Operator(OPERATOR.account_id, "運用 太郎")
    assert (found.reference, found.reason, found.release_reason) == ("2026-0142", "係争中", "和解成立")
    assert (found.placed_at, found.placed_by) == (APPLIED_AT, by)
    assert (found.released_at, found.released_by) == (APPLIED_AT + timedelta(days=1), by)


async def test_a_hold_that_is_there_already_and_a_release_of_none_change_nothing(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    await release(bench, contract_id)
    assert await find_holds([contract_id]) == {}
    await hold(bench, contract_id)
    before = await find_holds([contract_id])
    await hold(bench, contract_id)
    assert await find_holds([contract_id]) == before


async def test_each_hold_of_a_contract_is_kept_the_newest_first(bench: Workbench) -> None:
    contract_id, other = await bench.terminated_contract(), await bench.terminated_contract()
    for _ in range(2):
        await hold(bench, contract_id)
        bench.clock.instant += timedelta(days=1)
        await release(bench, contract_id)
    found = await find_holds([contract_id, other])
    assert [record.placed_at for record in found[contract_id]] == [APPLIED_AT + timedelta(days=1), APPLIED_AT]
    assert other not in found


async def test_erasure_takes_what_was_written_and_leaves_case_people_and_instants(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    await hold(bench, contract_id)
    await release(bench, contract_id)
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.ERASED
    (found,) = (await find_holds([contract_id]))[contract_id]
    assert (found.reason, found.release_reason) == (None, None)
    assert (found.reference, found.placed_by) == ("2026-0142", Operator(OPERATOR.account_id, None))
    assert found.released_by == found.placed_by


async def test_a_hold_is_to_be_reviewed_from_its_day_on_until_its_release(bench: Workbench) -> None:
    contract_id, other = await bench.terminated_contract(), await bench.terminated_contract()
    await hold(bench, contract_id, review=True)
    await hold(bench, other)
    assert await count_holds_to_review(REVIEW_AT - MICROSECOND) == 0
    assert await count_holds_to_review(REVIEW_AT) == 1
    await release(bench, contract_id)
    assert await count_holds_to_review(REVIEW_AT) == 0


@pytest.mark.parametrize("text", ["2026-0142", "a", "A.b_c/9-", "r" * 40])
def test_a_reference_is_the_number_of_a_case(text: str) -> None:
    assert require_reference(text) == text


@pytest.mark.parametrize("text", ["", "案件", "a b", "a\n", "r" * 41, "１２"])
def test_other_text_is_no_reference(text: str) -> None:
    with pytest.raises(InvalidValue, match="expected 1 to 40"):
        require_reference(text)
