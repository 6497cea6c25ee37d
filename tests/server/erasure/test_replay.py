"""Erasures that a restored backup has undone are repeated from the ledger."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from tests.server.workbench import (
    APPLIED_AT,
    ERASURE_DUE_AT,
    SERVICE_ENDS_AT,
    Workbench,
    contract_of,
    everything_stored,
    fail_when,
    first_broken_link,
    sql,
    status_of,
    stop_interfering,
    whole_chain,
)

from contract_rules import Action, EventType, Status
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.models import Contract, ContractEvent, ErasureHold, TerminationApplication
from contract_server.erasure.classification import TABLES
from contract_server.erasure.models import ErasureRecord
from contract_server.erasure.replay import ReplayPlan
from contract_server.erasure.rows import count_personal_rows

BACKED_UP = ["contract", "account", *(TABLES.keys() - {"contract", "account", "tortoise_migrations"})]


async def back_up() -> None:
    await sql("CREATE SCHEMA backup")
    for name in BACKED_UP:
        await sql(f"CREATE TABLE backup.{name} AS TABLE {name}")


async def restore() -> None:
    await sql(f"TRUNCATE {', '.join(BACKED_UP)}")
    for name in BACKED_UP:
        await sql(f"INSERT INTO {name} SELECT * FROM backup.{name}")  # noqa: S608 - our own names


@pytest.fixture(autouse=True)
async def _without_backup(bench: Workbench) -> AsyncIterator[None]:  # noqa: ARG001 - while there is a database
    yield
    await sql("DROP SCHEMA IF EXISTS backup CASCADE")


async def plan(bench: Workbench) -> ReplayPlan:
    return await bench.replay.plan(await bench.ledger.read())


async def erase_when_due(bench: Workbench, contract_id: UUID) -> None:
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.ERASED


async def assert_erased_for_good(contract_id: UUID) -> None:
    contract = await Contract.get(id=contract_id)
    assert (contract.status, contract.erasure_due_at, contract.service_end_due_at) == (Status.ERASED, None, None)
    assert await count_personal_rows([contract_id]) == {}
    assert await ContractEvent.filter(contract_id=contract_id, type=EventType.ERASED).count() == 1
    application = await TerminationApplication.get(contract_id=contract_id, withdrawn_at__isnull=True)
    record = await ErasureRecord.get(contract_id=contract_id)
    assert (record.application_id, record.due_at, record.replayed) == (application.id, application.erasure_at, True)
    assert record.finished_at is not None
    assert first_broken_link(await whole_chain()) is None


State = Callable[[Workbench, Viewer], Awaitable[None]]


async def before_the_application(_: Workbench, __: Viewer) -> None:
    pass


async def in_the_first_days(bench: Workbench, contractor: Viewer) -> None:
    await bench.ask(contractor, Action.TERMINATE)


async def after_a_resumption(bench: Workbench, contractor: Viewer) -> None:
    await bench.ask(contractor, Action.TERMINATE)
    await bench.ask(contractor, Action.RESUME)


async def with_an_application_that_was_taken_back_later(bench: Workbench, contractor: Viewer) -> None:
    await bench.ask(contractor, Action.TERMINATE)


async def after_the_end_of_service(bench: Workbench, contractor: Viewer) -> None:
    await bench.ask(contractor, Action.TERMINATE)
    bench.clock.instant = SERVICE_ENDS_AT
    await bench.due_actions.run()


async def on_hold(bench: Workbench, contractor: Viewer) -> None:
    await bench.ask(contractor, Action.TERMINATE)
    await bench.hold(contract_of(contractor))


async def on_hold_before_the_application(bench: Workbench, contractor: Viewer) -> None:
    await bench.hold(contract_of(contractor))


async def half_erased(bench: Workbench, contractor: Viewer) -> None:
    await bench.ask(contractor, Action.TERMINATE)
    bench.clock.instant = ERASURE_DUE_AT
    await fail_when("company", "DELETE", "true")
    await bench.due_actions.run()
    await stop_interfering()


@pytest.mark.parametrize(
    "backed_up",
    [
        before_the_application,
        in_the_first_days,
        after_a_resumption,
        with_an_application_that_was_taken_back_later,
        after_the_end_of_service,
        on_hold,
        on_hold_before_the_application,
        half_erased,
    ],
)
async def test_a_contract_is_erased_again_whatever_state_the_backup_has_it_in(
    bench: Workbench, backed_up: State
) -> None:
    contractor = await bench.contract()
    contract_id = contract_of(contractor)
    await backed_up(bench, contractor)
    await back_up()
    if backed_up is with_an_application_that_was_taken_back_later:
        await bench.ask(contractor, Action.RESUME)
    if (await Contract.get(id=contract_id)).status is Status.ACTIVE:
        await bench.ask(contractor, Action.TERMINATE)
    await bench.release(contract_id)
    bench.clock.instant = ERASURE_DUE_AT + timedelta(days=1)
    await bench.due_actions.run()
    assert await status_of(contract_id) is Status.ERASED

    await restore()
    assert await count_personal_rows([contract_id]) != {}
    replay_plan = await plan(bench)
    assert [entry.contract_id for entry in replay_plan.to_erase] == [contract_id]
    assert await bench.replay.execute(replay_plan) == [contract_id]
    await assert_erased_for_good(contract_id)
    assert not await ErasureHold.exists(contract_id=contract_id, released_at__isnull=True)


async def test_the_plan_changes_nothing_and_a_second_replay_finds_nothing_to_do(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    await back_up()
    await erase_when_due(bench, contract_id)
    await restore()
    restored = await everything_stored()
    replay_plan = await plan(bench)
    assert await everything_stored() == restored

    await bench.replay.execute(replay_plan)
    replayed = await everything_stored()
    assert (await plan(bench)).to_erase == []
    assert (await plan(bench)).erased_already == [contract_id]
    assert await bench.replay.execute(replay_plan) == []
    assert await everything_stored() == replayed


async def test_other_contracts_keep_every_byte(bench: Workbench) -> None:
    erased = await bench.terminated_contract()
    bench.clock.instant += timedelta(days=1)
    await bench.terminated_contract()
    await bench.contract()
    await back_up()
    await erase_when_due(bench, erased)
    await restore()
    before = await everything_stored()
    await bench.replay.execute(await plan(bench))
    after = await everything_stored()
    gone = [row for name, rows in before.items() for row in rows if row not in after[name]]
    assert gone
    assert all(str(erased) in row for row in gone)


async def test_the_clock_of_the_restored_machine_does_not_matter(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    await back_up()
    await erase_when_due(bench, contract_id)
    await restore()
    bench.clock.instant = APPLIED_AT - timedelta(days=400)
    assert await bench.replay.execute(await plan(bench)) == [contract_id]
    await assert_erased_for_good(contract_id)


async def test_an_erasure_that_had_only_begun_is_carried_out_unless_the_backup_has_a_hold_on_it(
    bench: Workbench,
) -> None:
    free, held = [await bench.terminated_contract() for _ in range(2)]
    await bench.hold(held)
    await back_up()
    await bench.release(held)
    bench.clock.instant = ERASURE_DUE_AT
    await fail_when("company", "DELETE", "true")
    await bench.due_actions.run()
    await stop_interfering()
    await restore()
    replay_plan = await plan(bench)
    assert ([entry.contract_id for entry in replay_plan.to_erase], replay_plan.held) == ([free], [held])
    await bench.replay.execute(replay_plan)
    assert (await status_of(free), await status_of(held)) == (Status.ERASED, Status.TERMINATED)


async def test_a_contract_that_the_backup_does_not_know_is_reported(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    await erase_when_due(bench, contract_id)
    await sql(f"TRUNCATE {', '.join(BACKED_UP)}")
    replay_plan = await plan(bench)
    assert (replay_plan.unknown, replay_plan.to_erase) == ([contract_id], [])


async def test_one_that_fails_delays_no_other_and_is_left_for_the_next_replay(bench: Workbench) -> None:
    bad, good = [await bench.terminated_contract() for _ in range(2)]
    await back_up()
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    await restore()
    await fail_when("company", "DELETE", f"OLD.contract_id = '{bad}'")
    assert await bench.replay.execute(await plan(bench)) == [good]
    await stop_interfering()
    assert await bench.replay.execute(await plan(bench)) == [bad]


async def test_an_application_made_in_the_restored_database_gives_way(bench: Workbench) -> None:
    contractor = await bench.contract()
    contract_id = contract_of(contractor)
    await back_up()
    await bench.ask(contractor, Action.TERMINATE)
    await erase_when_due(bench, contract_id)
    await restore()
    await bench.ask(contractor, Action.TERMINATE)  # before the replay: number 1 again, with another id
    assert await bench.replay.execute(await plan(bench)) == [contract_id]
    await assert_erased_for_good(contract_id)
