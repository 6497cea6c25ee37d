"""A contractor's changes in a day, and the stored results of an account, are limited in both ways of storing them."""

from datetime import timedelta
from itertools import cycle, islice

import pytest
from tests.server.workbench import APPLIED_AT, OPERATOR, Workbench, contract_of, everything_stored, sql

from contract_rules import Action
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.idempotency import MOST_KEYS
from contract_server.contracts.models import IdempotentAnswer
from contract_server.contracts.result import ActionRefused, ActionResult, TooManyChanges
from contract_server.contracts.service import ContractRequest
from contract_server.contracts.store import find_snapshot
from contract_server.contracts.viewer_contract import ViewerContract
from contract_server.request_limits import RateLimited
from contract_server.settings import Settings

CHANGES = 4
MIDNIGHT = APPLIED_AT.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


@pytest.fixture
def small(bench: Workbench) -> Workbench:
    """Services with a small budget."""
    return Workbench.of(bench.settings.model_copy(update={"changes_per_contract_and_day": CHANGES}))


@pytest.fixture(params=["locked", "in one statement"])
def in_one_statement(request: pytest.FixtureRequest) -> bool:
    """The two ways of storing a change."""
    return bool(request.param == "in one statement")


async def ask(
    bench: Workbench, viewer: Viewer, contractor: Viewer, action: Action, *, at_once: bool, key: str | None = None
) -> ActionResult:
    contract_id = contract_of(contractor)
    read = ViewerContract(viewer, bench.clock.instant, await find_snapshot(contract_id), None) if at_once else None
    request = ContractRequest(action=action, contract_id=contract_id)
    return await bench.requests.execute(viewer, request, key, viewer_contract=read)


async def use_up(bench: Workbench, contractor: Viewer, *, at_once: bool) -> None:
    for action in islice(cycle((Action.TERMINATE, Action.RESUME)), CHANGES):
        await ask(bench, contractor, contractor, action, at_once=at_once)


def test_the_budget_is_twenty_unless_it_is_set() -> None:
    assert Settings.model_fields["changes_per_contract_and_day"].default == 20


async def test_the_change_after_the_last_of_a_day_changes_nothing(small: Workbench, in_one_statement: bool) -> None:
    contractor = await small.contract()
    await use_up(small, contractor, at_once=in_one_statement)
    before = await everything_stored()
    for key in (None, "a key"):
        with pytest.raises(TooManyChanges) as refused:
            await ask(small, contractor, contractor, Action.TERMINATE, at_once=in_one_statement, key=key)
        assert (refused.value.most, refused.value.until) == (CHANGES, MIDNIGHT)
    assert await everything_stored() == before


async def test_a_day_ends_at_midnight_in_japan(small: Workbench, in_one_statement: bool) -> None:
    contractor = await small.contract()
    await use_up(small, contractor, at_once=in_one_statement)
    small.clock.instant = MIDNIGHT - timedelta(microseconds=1)
    with pytest.raises(TooManyChanges):
        await ask(small, contractor, contractor, Action.TERMINATE, at_once=in_one_statement)
    small.clock.instant = MIDNIGHT
    await use_up(small, contractor, at_once=in_one_statement)


async def test_another_contract_has_a_budget_of_its_own(small: Workbench, in_one_statement: bool) -> None:
    for _ in range(2):
        await use_up(small, await small.contract(), at_once=in_one_statement)


async def test_an_operator_helps_where_the_budget_is_used_up_and_uses_none(small: Workbench) -> None:
    contractor = await small.contract()
    for action in islice(cycle((Action.TERMINATE, Action.RESUME)), 2 * CHANGES):
        await ask(small, OPERATOR, contractor, action, at_once=False)
    await use_up(small, contractor, at_once=True)
    await ask(small, OPERATOR, contractor, Action.TERMINATE, at_once=False)


async def test_refusals_are_no_changes_and_come_before_the_budget(small: Workbench, in_one_statement: bool) -> None:
    contractor = await small.contract()
    for _ in range(2 * CHANGES):
        with pytest.raises(ActionRefused):
            await ask(small, contractor, contractor, Action.RESUME, at_once=in_one_statement)
    await use_up(small, contractor, at_once=in_one_statement)
    with pytest.raises(ActionRefused):
        await ask(small, contractor, contractor, Action.RESUME, at_once=in_one_statement)


async def test_the_first_answer_of_a_key_is_given_again_when_the_budget_is_used_up(
    small: Workbench, in_one_statement: bool
) -> None:
    contractor = await small.contract()
    first = await ask(small, contractor, contractor, Action.TERMINATE, at_once=in_one_statement, key="first")
    await ask(small, contractor, contractor, Action.RESUME, at_once=in_one_statement)
    await ask(small, contractor, contractor, Action.TERMINATE, at_once=in_one_statement)
    await ask(small, contractor, contractor, Action.RESUME, at_once=in_one_statement)
    again = await ask(small, contractor, contractor, Action.TERMINATE, at_once=in_one_statement, key="first")
    assert again == first


async def store_results(account: Viewer, count: int) -> None:
    """Results of earlier keys, as refusals leave them in any number."""
    await sql(
        "INSERT INTO idempotent_answer (account_id, key, input_hash, answer)"
        " SELECT $1, 'key ' || number, '', '{}' FROM generate_series(1, $2::int) AS number",
        account.account_id,
        count,
    )


async def test_an_account_has_a_thousand_stored_results(bench: Workbench, in_one_statement: bool) -> None:
    contractor = await bench.contract()
    await store_results(contractor, MOST_KEYS - 1)
    first = await ask(bench, contractor, contractor, Action.TERMINATE, at_once=in_one_statement, key="last")
    with pytest.raises(RateLimited):
        await ask(bench, contractor, contractor, Action.RESUME, at_once=in_one_statement, key="one more")
    assert await ask(bench, contractor, contractor, Action.TERMINATE, at_once=in_one_statement, key="last") == first
    assert await IdempotentAnswer.all().count() == MOST_KEYS
    await ask(bench, contractor, contractor, Action.RESUME, at_once=in_one_statement)  # without a key


async def test_results_of_others_do_not_count(bench: Workbench, in_one_statement: bool) -> None:
    contractor, other = await bench.contract(), await bench.contract()
    await store_results(other, MOST_KEYS)
    assert await ask(bench, contractor, contractor, Action.TERMINATE, at_once=in_one_statement, key="a key")
