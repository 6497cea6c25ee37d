"""The pool opens a few connections, lends each to one user at a time, and closes all of them in the end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from tests.conftest import new_database
from tortoise.exceptions import DBConnectionError

from contract_server.db.connection import database
from contract_server.db.pool import ConnectionPool, PoolUse, pool_use
from contract_server.db.statements import fetch
from contract_server.db.transaction import transaction
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.settings import EnvironmentName, Settings

LIMIT = 2
SERVED_BY = "SELECT pg_backend_pid()"


@pytest.fixture
async def pool(postgres: EmbeddedPostgres) -> AsyncIterator[ConnectionPool]:
    pool = ConnectionPool(LIMIT, lambda: asyncpg.connect(postgres.url))
    yield pool
    pool.terminate()


async def connected(pool: ConnectionPool) -> list[Any]:
    """All connections that the pool can have."""
    return [await pool.acquire() for _ in range(LIMIT)]


async def test_the_use_of_the_pool_is_known_once_it_is_connected(postgres: EmbeddedPostgres) -> None:
    settings = Settings(
        environment=EnvironmentName.DEVELOPMENT,
        database_url=SecretStr(await new_database(postgres)),
        database_pool_size=2,
    )
    async with database(settings):
        assert pool_use() is None
        await fetch("SELECT 1")
        assert pool_use() == PoolUse(in_use=0, idle=1, limit=2)
        async with transaction():
            await fetch("SELECT 1")
        assert pool_use() == PoolUse(in_use=0, idle=1, limit=2)


async def test_all_connections_are_lent_before_any_user_waits_for_one_that_is_returned(pool: ConnectionPool) -> None:
    first, second = await connected(pool)
    waiting = asyncio.create_task(pool.acquire())
    await asyncio.sleep(0)
    assert pool.use() == PoolUse(in_use=2, idle=0, limit=2)
    await pool.release(second)
    assert await waiting is second
    assert first is not second


async def test_users_are_served_in_the_order_in_which_they_asked(pool: ConnectionPool) -> None:
    first, _ = await connected(pool)
    served: list[int] = []

    async def use(number: int) -> None:
        connection = await pool.acquire()
        served.append(number)
        await pool.release(connection)

    users = [asyncio.create_task(use(number)) for number in range(10)]
    await asyncio.sleep(0)
    await pool.release(first)
    await asyncio.gather(*users)
    assert served == list(range(10))


async def test_a_connection_that_cannot_be_opened_takes_no_place_of_the_pool() -> None:
    async def refuse() -> None:
        raise ConnectionRefusedError

    pool = ConnectionPool(LIMIT, refuse)
    for _ in range(LIMIT + 1):
        with pytest.raises(ConnectionRefusedError):
            await pool.acquire()
    assert pool.use() == PoolUse(in_use=0, idle=0, limit=LIMIT)


async def test_a_user_that_is_cancelled_while_it_waits_takes_no_place_of_the_pool(pool: ConnectionPool) -> None:
    lent = await connected(pool)
    waiting = [asyncio.create_task(pool.acquire()) for _ in range(3)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    for connection in lent:
        await pool.release(connection)
    assert {*await connected(pool)} == {*lent}


async def test_a_discarded_connection_is_closed_before_another_takes_its_place(pool: ConnectionPool) -> None:
    first, second = await connected(pool)
    session = await first.fetchval(SERVED_BY)
    running = asyncio.create_task(first.execute("SELECT pg_sleep(60)"))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    await pool.discard(first)
    replacement = await pool.acquire()
    assert first.is_closed()
    assert await replacement.fetchval(SERVED_BY) != session
    assert pool.use() == PoolUse(in_use=2, idle=0, limit=2)
    assert not second.is_closed()


async def test_closing_waits_for_the_connections_in_use_and_closes_them_too(pool: ConnectionPool) -> None:
    first, second = await connected(pool)
    await pool.release(first)
    closing = asyncio.create_task(pool.close())
    await asyncio.sleep(0)
    assert not closing.done()
    assert await second.fetchval("SELECT 1") == 1
    await pool.release(second)
    await closing
    assert first.is_closed()
    assert second.is_closed()
    assert pool.use() == PoolUse(in_use=0, idle=0, limit=2)
    with pytest.raises(DBConnectionError, match="are closed"):
        await pool.acquire()


async def test_a_pool_that_is_closing_is_unavailable_to_those_that_wait(pool: ConnectionPool) -> None:
    lent = await connected(pool)
    waiting = asyncio.create_task(pool.acquire())
    await asyncio.sleep(0)
    closing = asyncio.create_task(pool.close())
    await asyncio.sleep(0)
    for connection in lent:
        await pool.release(connection)
    with pytest.raises(DBConnectionError):
        await waiting
    await closing


async def test_a_connection_that_is_read_only_is_closed_when_it_is_returned(pool: ConnectionPool) -> None:
    connection = await pool.acquire()
    await connection.execute("SET default_transaction_read_only = on")
    await pool.release(connection)
    assert connection.is_closed()
    assert pool.use() == PoolUse(in_use=0, idle=0, limit=2)
