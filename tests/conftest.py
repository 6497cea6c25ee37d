"""Real servers for every test that wants them: one PostgreSQL and one Redis a run, and databases of one's own."""

import secrets
from collections.abc import Iterator

import asyncpg
import pytest

from contract_server.dev.postgres import EmbeddedPostgres
from contract_server.dev.redis import EmbeddedRedis


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this run's own."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A Redis of this run's own."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as server:
        yield server


async def new_database(postgres: EmbeddedPostgres) -> str:
    """The URL of a new, empty database."""
    name = f"test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(postgres.url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return f"{postgres.url.rpartition('/')[0]}/{name}"
