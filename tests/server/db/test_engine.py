"""A connection comes back without a word to the server, and as clean as if one had been said."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from tests.conftest import new_database
from tests.server.cancelling import cancel_a_running_statement

from contract_server.db.connection import database
from contract_server.db.statements import fetch
from contract_server.db.transaction import current_connection
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.settings import EnvironmentName, Settings


@pytest.fixture(scope="module")
async def one_connection(postgres: EmbeddedPostgres) -> Settings:
    return Settings(
        environment=EnvironmentName.DEVELOPMENT,
        database_url=SecretStr(await new_database(postgres)),
        database_pool_size=2,
    )


@pytest.fixture(autouse=True)
async def connected(one_connection: Settings) -> AsyncIterator[None]:
    async with database(one_connection):
        yield


async def served_by() -> int:
    pid: int = (await fetch("SELECT pg_backend_pid() AS pid"))[0]["pid"]
    return pid


async def test_the_connection_that_came_back_last_is_the_next_that_is_handed_out() -> None:
    assert len({await served_by() for _ in range(5)}) == 1


async def test_giving_back_asks_the_server_nothing() -> None:
    pid = await served_by()
    async with current_connection().acquire_connection() as watching:
        await fetch("SELECT 'the last statement'")
        last = await watching.fetchval(
            "SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        assert await watching.fetchval("SELECT pg_backend_pid()") == pid
    assert last == "SELECT 'the last statement'"


async def test_a_transaction_that_was_left_open_is_rolled_back() -> None:
    await fetch("CREATE TABLE IF NOT EXISTS left_open (value int)")
    async with current_connection().acquire_connection() as connection:
        await connection.execute("BEGIN")
        await connection.execute("INSERT INTO left_open VALUES (1)")
    assert await fetch("SELECT * FROM left_open") == []


async def test_a_statement_that_was_cancelled_is_over_before_the_connection_is_used_again() -> None:
    for _ in range(20):
        async with asyncio.timeout(10):
            await cancel_a_running_statement()
            assert await asyncio.gather(served_by(), served_by())


async def test_a_connection_that_the_server_has_ended_is_replaced() -> None:
    pid = await served_by()
    async with current_connection().acquire_connection() as first, current_connection().acquire_connection() as second:
        await second.execute("SELECT pg_terminate_backend($1, 10000)", await first.fetchval("SELECT pg_backend_pid()"))
    assert await served_by()
    async with current_connection().acquire_connection(), current_connection().acquire_connection() as other:
        assert await other.fetchval("SELECT pg_backend_pid()") != pid
