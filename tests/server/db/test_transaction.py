"""A transaction releases its connection in every case, and is committed completely or not at all."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from pydantic import SecretStr
from tests.conftest import new_database
from tests.locks import until_a_lock_is_awaited

from contract_server.db.connection import database
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import current_connection, transaction
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.settings import EnvironmentName, Settings

POOL = 2
CANCELLATIONS = 50

# The COMMIT of a transaction that has written a 13 waits for a lock.
_SLOW_COMMIT = """
    CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.value = 13 THEN PERFORM pg_advisory_lock(13); END IF; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON number DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION linger()
"""


@pytest.fixture(scope="module")
async def small_pool(postgres: EmbeddedPostgres) -> Settings:
    """A database with a pool of two connections."""
    settings = Settings(
        environment=EnvironmentName.DEVELOPMENT,
        database_url=SecretStr(await new_database(postgres)),
        database_pool_size=POOL,
    )
    async with database(settings):
        await current_connection().execute_script(f"CREATE TABLE number (value int); {_SLOW_COMMIT}")
    return settings


@pytest.fixture(autouse=True)
async def numbers(small_pool: Settings) -> AsyncIterator[None]:
    """The empty table; after the test, every connection of the pool must be free."""
    async with database(small_pool):
        await execute("TRUNCATE number")
        yield
        await use_the_whole_pool()


async def write(value: int) -> None:
    async with transaction():
        await execute("INSERT INTO number VALUES ($1)", value)


async def written() -> list[int]:
    rows = await fetch("SELECT value FROM number ORDER BY value")
    return [row["value"] for row in rows]


async def use_the_whole_pool() -> None:
    """Open as many transactions at once as the pool has connections."""
    together = asyncio.Barrier(POOL)

    async def hold_transaction() -> None:
        async with transaction():
            await together.wait()

    async with asyncio.timeout(10):
        await asyncio.gather(*(hold_transaction() for _ in range(POOL)))


async def cancel(task: asyncio.Task[None]) -> bool:
    """Cancel the task, and return whether it was cancelled before its end."""
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()


async def test_a_task_that_is_cancelled_at_any_step_leaks_no_connection() -> None:
    """Each task gets one more turn of the event loop than the one before, from before BEGIN to after COMMIT."""
    await write(-1)
    finished = set()
    for turns in range(CANCELLATIONS):
        task = asyncio.create_task(write(turns))
        for _ in range(turns):
            await asyncio.sleep(0)
        if not await cancel(task):
            finished.add(turns)
    await use_the_whole_pool()
    assert 0 not in finished
    assert finished <= set(await written())


async def test_a_task_that_is_cancelled_in_its_body_leaves_nothing_behind() -> None:
    async def linger(inside: asyncio.Event) -> None:
        async with transaction():
            await execute("INSERT INTO number VALUES (1)")
            inside.set()
            await fetch("SELECT pg_sleep(60)")

    for _ in range(CANCELLATIONS):
        inside = asyncio.Event()
        task = asyncio.create_task(linger(inside))
        await inside.wait()
        assert await cancel(task)
    assert await written() == []


async def test_a_task_that_is_cancelled_during_commit_leaks_no_connection(small_pool: Settings) -> None:
    other = await asyncpg.connect(small_pool.database_url.get_secret_value())
    try:
        await other.execute("SELECT pg_advisory_lock(13)")
        for _ in range(CANCELLATIONS):
            task = asyncio.create_task(write(13))
            await until_a_lock_is_awaited(other.fetch)
            assert await cancel(task)
    finally:
        await other.close()
    assert await written() == []


async def fail_after_writing(*values: int) -> None:
    """Write each value in its own transaction inside a common one, which fails at the end."""
    async with transaction():
        for value in values:
            await write(value)
        assert set(values) <= set(await written())
        raise ValueError("on purpose")


async def test_an_exception_rolls_back_all_that_was_written_inside_and_is_the_one_that_is_seen() -> None:
    with pytest.raises(ValueError, match="on purpose"):
        await fail_after_writing(1, 2)
    assert await written() == []


async def test_a_transaction_inside_another_is_a_savepoint() -> None:
    async with transaction():
        await write(1)
        with pytest.raises(ValueError, match="on purpose"):
            await fail_after_writing(2, 3)
        await write(4)
        assert await written() == [1, 4]
    assert await written() == [1, 4]


async def test_queries_inside_use_the_transaction_by_themselves(small_pool: Settings) -> None:
    other = await asyncpg.connect(small_pool.database_url.get_secret_value())
    try:
        async with transaction():
            await execute("INSERT INTO number VALUES (1)")
            assert await written() == [1]
            assert await other.fetch("SELECT value FROM number") == []
        assert [row["value"] for row in await other.fetch("SELECT value FROM number")] == [1]
    finally:
        await other.close()
