"""A process runs one sweep at a time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.conftest import seeded_database
from tests.locks import until_a_lock_is_awaited
from tests.server.in_process import development_settings, seeded_services

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.services import Services
from contract_server.worker.sweep import sweep_unless_running


@pytest.fixture
async def services(postgres: EmbeddedPostgres, tmp_path: Path) -> AsyncIterator[Services]:
    async with seeded_services(development_settings(await seeded_database(postgres), tmp_path)) as services:
        yield services


async def test_a_sweep_that_is_long_is_joined_by_no_other(services: Services) -> None:
    connection = await asyncpg.connect(services.settings.database_url.get_secret_value())
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE idempotent_answer")
            running = asyncio.create_task(sweep_unless_running(services))
            await until_a_lock_is_awaited(connection.fetch)
            assert await sweep_unless_running(services) is None
        assert await running is not None
    finally:
        await connection.close()
    assert await sweep_unless_running(services) is not None
