"""A key stands for one request of one account, and gives its first result again."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.server.workbench import APPLIED_AT, Workbench, contract_of, sql

from contract_rules import Action
from contract_server.contracts.idempotency import KEPT_FOR, IdempotencyKey, forget_old_answers, recall, remember
from contract_server.contracts.models import IdempotentAnswer
from contract_server.contracts.result import ActionResult, IdempotencyKeyReused
from contract_server.contracts.store import find_snapshot


def key_of(account_id: UUID, key: str = "once", **arguments: object) -> IdempotencyKey:
    return IdempotencyKey.of(account_id, key, Action.TERMINATE, arguments)


def test_the_same_request_has_the_same_hash_in_any_order_of_its_arguments() -> None:
    account = uuid4()
    assert key_of(account, a=1, b=None) == key_of(account, b=None, a=1)
    assert key_of(account, a=1).input_hash != key_of(account, a=2).input_hash
    assert key_of(account).input_hash != IdempotencyKey.of(account, "once", Action.RESUME, {}).input_hash


async def test_a_stored_result_comes_back_as_it_was(bench: Workbench) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    contract = await find_snapshot(contract_of(contractor))
    assert contract is not None
    result = ActionResult(contract, APPLIED_AT)
    assert await recall(key_of(contractor.account_id)) is None
    await remember(key_of(contractor.account_id), result)
    assert await recall(key_of(contractor.account_id)) == result


async def test_a_key_with_another_request_is_refused(bench: Workbench) -> None:
    contractor = await bench.contract()
    contract = await find_snapshot(contract_of(contractor))
    assert contract is not None
    await remember(key_of(contractor.account_id), ActionResult(contract, APPLIED_AT))
    with pytest.raises(IdempotencyKeyReused):
        await recall(key_of(contractor.account_id, reason="OTHER"))


async def test_a_result_is_kept_for_its_time_and_no_longer(bench: Workbench) -> None:
    contractor = await bench.contract()
    contract = await find_snapshot(contract_of(contractor))
    assert contract is not None
    for key, age in (("young", KEPT_FOR - timedelta(minutes=1)), ("old", KEPT_FOR + timedelta(minutes=1))):
        await remember(key_of(contractor.account_id, key), ActionResult(contract, APPLIED_AT))
        await sql(
            "UPDATE idempotent_answer SET answered_at = clock_timestamp() - $2::interval WHERE key = $1", key, age
        )
    await forget_old_answers()
    assert [answer.key for answer in await IdempotentAnswer.all()] == ["young"]


async def test_what_an_operator_wrote_is_not_kept_with_a_result_that_no_erasure_reaches(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    held = (await bench.hold(contract_id)).contract
    key = key_of((await bench.contract()).account_id)
    await remember(key, ActionResult(held, APPLIED_AT))
    recalled = await recall(key)
    assert recalled is not None
    assert recalled.contract.hold is not None
    assert (recalled.contract.hold.placed_at, recalled.contract.hold.reason) == (APPLIED_AT, "")
    assert recalled.contract.facts == held.facts
