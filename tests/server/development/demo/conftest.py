from collections.abc import AsyncIterator

import pytest
from tests.conftest import seeded_database
from tests.server.in_process import development_settings, seeded_services

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.services import Services


@pytest.fixture(scope="session")
async def services(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    """Services with demonstration data."""
    settings = development_settings(await seeded_database(postgres), tmp_path_factory.mktemp("seeded"))
    async with seeded_services(settings) as services:
        yield services
