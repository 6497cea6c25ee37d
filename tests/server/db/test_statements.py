"""Statements use the open transaction, name their columns, and count the rows that they change."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from pydantic import SecretStr
from tests.conftest import new_database

from contract_server.db.connection import database
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import transaction
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.settings import EnvironmentName, Settings


@pytest.fixture(scope="module")
async def settings(postgres: EmbeddedPostgres) -> Settings:
    return Settings(environment=EnvironmentName.DEVELOPMENT, database_url=SecretStr(await new_database(postgres)))


@pytest.fixture(autouse=True)
async def table(settings: Settings) -> AsyncIterator[None]:
    async with database(settings):
        await execute("CREATE TABLE number (value int PRIMARY KEY)")
        yield
        await execute("DROP TABLE number")


async def test_rows_are_read_by_the_names_of_their_columns() -> None:
    (row,) = await fetch("SELECT $1::int AS one, $2::text AS other", 1, "x")
    assert (row["one"], row["other"]) == (1, "x")


async def test_a_change_returns_how_many_rows_it_changed() -> None:
    assert await execute("INSERT INTO number SELECT generate_series(1, 5)") == 5
    assert await execute("UPDATE number SET value = -value WHERE value > $1", 3) == 2
    assert await execute("DELETE FROM number WHERE value > 100") == 0


async def test_statements_inside_a_transaction_are_rolled_back_with_it() -> None:
    async def write_twice() -> None:
        async with transaction():
            await execute("INSERT INTO number VALUES (1)")
            assert len(await fetch("SELECT FROM number")) == 1
            await execute("INSERT INTO number VALUES (1)")

    with pytest.raises(asyncpg.UniqueViolationError):
        await write_twice()
    assert await fetch("SELECT FROM number") == []
