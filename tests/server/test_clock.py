"""Clocks read the instant of the statement, not of the transaction."""

import asyncio
from datetime import UTC
from pathlib import Path

from tests.conftest import seeded_database
from tests.server.in_process import development_settings, seeded_services

from contract_server.clock import DatabaseClock
from contract_server.clock import TestClock as ReadClock
from contract_server.db.transaction import transaction
from contract_server.development.servers.postgres import EmbeddedPostgres


async def test_time_passes_inside_a_transaction(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    async with seeded_services(development_settings(await seeded_database(postgres), tmp_path)), transaction():
        for clock in (DatabaseClock(), ReadClock()):
            before = await clock.now()
            assert before.tzinfo is UTC
            await asyncio.sleep(0.001)
            assert await clock.now() > before
