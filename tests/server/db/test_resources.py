"""A statement that fails for lack of disk or memory is remembered, until a write that takes new pages succeeds."""

from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest
from pydantic import SecretStr
from tests.conftest import new_database

from contract_server.db.connection import accepts_writes, database
from contract_server.db.resources import Resources
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import current_connection, transaction
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.settings import EnvironmentName, Settings

NEEDS_A_FILE = (
    "SELECT count(*) FROM (SELECT number FROM generate_series(1, 100000) AS number ORDER BY -number) AS sorted"
)
PAGES = "SELECT count(*) AS count FROM pg_largeobject_metadata"


@pytest.fixture(autouse=True)
async def connected(postgres: EmbeddedPostgres) -> AsyncIterator[None]:
    """A database in which no statement may use temporary files, as on a full disk."""
    url = await new_database(postgres)
    settings = Settings(environment=EnvironmentName.DEVELOPMENT, database_url=SecretStr(url))
    async with database(settings):
        await execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET temp_file_limit = 0")
        await execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET work_mem = '64kB'")
    async with database(settings):
        yield


def resources() -> Resources:
    found: Resources = current_connection().resources  # type: ignore[attr-defined]  # our client has them
    return found


@pytest.mark.parametrize("depth", [0, 1, 2], ids=["by itself", "in a transaction", "in a nested transaction"])
async def test_a_statement_that_ran_out_of_resources_is_remembered_until_a_write_succeeds(depth: int) -> None:
    async def run(level: int) -> None:
        if level:
            async with transaction():
                await run(level - 1)
        else:
            await fetch(NEEDS_A_FILE)

    assert not resources().ran_out
    with pytest.raises(asyncpg.ConfigurationLimitExceededError):
        await run(depth)
    assert resources().ran_out
    assert await accepts_writes()
    assert not resources().ran_out
    assert (await fetch(PAGES))[0]["count"] == 0


async def write_in_a_read_only_transaction() -> None:
    async with transaction():
        await execute("SET TRANSACTION READ ONLY")
        await accepts_writes()


async def test_a_write_that_fails_for_any_reason_leaves_it_remembered() -> None:
    with suppress(asyncpg.ConfigurationLimitExceededError):
        await fetch(NEEDS_A_FILE)
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await write_in_a_read_only_transaction()
    assert resources().ran_out


async def test_any_other_failure_is_no_lack_of_resources() -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await fetch("SELECT 1 / 0")
    assert not resources().ran_out
