"""The feed has every change once, in an order in which a reader that goes on misses none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from tests.server.workbench import ERASURE_DUE_AT, SERVICE_ENDS_AT, Workbench, contract_of, sql

from contract_rules import Action, EventType
from contract_server.db.transaction import transaction
from contract_server.integration import feed
from contract_server.integration.feed import Change, ChangeCursor, UnknownCursor, find_changes, number_changes
from contract_server.settings import Settings

A_DAY = timedelta(days=1)


async def read(after: ChangeCursor | None = None, size: int = 100) -> list[Change]:
    """Read all that follows, page by page."""
    page = await find_changes(after, size)
    changes = page.items
    while page.has_next:
        page = await find_changes(page.items[-1].cursor, size)
        changes += page.items
    return changes


async def events_in_order(contract_id: UUID) -> list[UUID]:
    rows = await sql(
        "SELECT id FROM contract_event WHERE contract_id = $1 ORDER BY version NULLS FIRST, at, id", contract_id
    )
    return [row["id"] for row in rows]


async def whole_life(bench: Workbench) -> UUID:
    """A contract that was resumed, terminated again, held and released, and at last erased."""
    contractor = await bench.contract()
    contract_id = contract_of(contractor)
    for action in (Action.TERMINATE, Action.RESUME, Action.TERMINATE):
        await bench.ask(contractor, action)
    await bench.hold(contract_id)
    await bench.release(contract_id)
    bench.clock.instant = ERASURE_DUE_AT + A_DAY
    await bench.due_actions.run()
    return contract_id


@asynccontextmanager
async def another_connection(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    yield connection
    await connection.close()


async def write(connection: asyncpg.Connection, contract_id: UUID) -> None:
    """Write an event as a change does."""
    await connection.execute(
        "INSERT INTO contract_event (id, contract_id, at, type, actor, version)"
        " VALUES (gen_random_uuid(), $1, clock_timestamp(), 'ERASURE_HELD', 'OPERATOR', 2)",
        contract_id,
    )


async def test_a_life_is_read_in_order_with_the_dates_that_were_promised(bench: Workbench) -> None:
    await whole_life(bench)
    changes = await read()
    assert [change.type for change in changes] == [
        EventType.STARTED,
        EventType.TERMINATION_REQUESTED,
        EventType.RESUMED,
        EventType.TERMINATION_REQUESTED,
        EventType.ERASURE_HELD,
        EventType.ERASURE_HOLD_RELEASED,
        EventType.SERVICE_ENDED,
        EventType.ERASURE_DUE,
        EventType.ERASED,
    ]
    first, second = changes[1].application, changes[3].application
    assert first is not None
    assert second is not None
    assert first.timeline.service_end.at == SERVICE_ENDS_AT
    assert first.timeline.erasure.at == ERASURE_DUE_AT
    assert first.receipt_number != second.receipt_number
    assert [change.application for change in changes] == [None, first, first, second, None, None] + [second] * 3
    assert [change.position for change in changes] == list(range(1, 10))


async def test_erasure_removes_no_change_and_alters_none(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    before = await read()
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    after = await read()
    assert after[: len(before)] == before
    assert [change.type for change in after[len(before) :]] == [
        EventType.SERVICE_ENDED,
        EventType.ERASURE_DUE,
        EventType.ERASED,
    ]
    assert {change.contract_id for change in after} == {contract_id}


async def test_a_change_that_commits_later_comes_later(bench: Workbench, settings: Settings) -> None:
    early, late = contract_of(await bench.contract()), contract_of(await bench.contract())
    start = (await read())[-1].cursor
    async with another_connection(settings) as first, another_connection(settings) as second:
        slow = first.transaction()
        await slow.start()
        await write(first, early)
        await write(second, late)
        assert [change.contract_id for change in await read(start)] == [late]
        cursor = (await read(start))[-1].cursor
        await slow.commit()
    assert [change.contract_id for change in await read(cursor)] == [early]
    assert [change.contract_id for change in await read(start)] == [late, early]


async def test_a_locked_event_holds_up_the_later_ones_of_its_contract_alone(
    bench: Workbench, settings: Settings
) -> None:
    contract_id = await bench.terminated_contract()
    other = await bench.terminated_contract()
    events = await events_in_order(contract_id)
    async with another_connection(settings) as connection, connection.transaction():
        await connection.execute("SELECT FROM contract_event WHERE id = $1 FOR UPDATE", events[0])
        assert {change.contract_id for change in await read()} == {other}
    assert [change.id for change in await read() if change.contract_id == contract_id] == events


async def test_one_process_at_a_time_gives_positions(bench: Workbench, settings: Settings) -> None:
    await bench.contract()
    async with another_connection(settings) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('contract_server.feed'))")
        assert await read() == []
    assert len(await read()) == 1


async def test_positions_are_given_in_batches(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "BATCH", 2)
    contract_id = await whole_life(bench)
    numbered = []
    for _ in range(5):
        await number_changes()
        rows = await sql("SELECT id FROM contract_event WHERE position IS NOT NULL ORDER BY position")
        numbered.append([row["id"] for row in rows])
    assert [len(batch) for batch in numbered] == [2, 4, 6, 8, 9]
    assert numbered[-1] == await events_in_order(contract_id)


async def test_a_cursor_of_another_history_is_refused(bench: Workbench) -> None:
    await bench.terminated_contract()
    (first, second) = await read()
    for cursor in (ChangeCursor(first.position, second.id), ChangeCursor(99, first.id)):
        with pytest.raises(UnknownCursor):
            await find_changes(cursor, 10)


async def test_pages_of_any_size_have_the_same_changes(bench: Workbench) -> None:
    await whole_life(bench)
    whole = await read()
    for size in range(1, len(whole) + 2):
        assert await read(size=size) == whole


async def test_what_a_failed_change_wrote_is_not_read(bench: Workbench) -> None:
    await bench.contract()
    with pytest.raises(ZeroDivisionError):
        await fail_after_writing(bench)
    assert len(await read()) == 1


async def fail_after_writing(bench: Workbench) -> None:
    async with transaction():
        await bench.contract()
        raise ZeroDivisionError
