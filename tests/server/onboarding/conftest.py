"""The services on a database of these tests, without contracts and accounts."""

from collections.abc import AsyncIterator

import pytest
from tests.conftest import migrated_database
from tests.server.in_process import development_settings
from tests.tables import remove_contracts_and_accounts

from contract_server.db.connection import database
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.services import Services, build_services


@pytest.fixture(scope="session")
async def onboarding_database(postgres: EmbeddedPostgres) -> str:
    return await migrated_database(postgres)


@pytest.fixture(scope="module")
async def connected(onboarding_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    settings = development_settings(onboarding_database, tmp_path_factory.mktemp("onboarding"))
    async with database(settings):
        services = build_services(settings)
        yield services
        await services.close()


@pytest.fixture
async def services(connected: Services) -> Services:
    await remove_contracts_and_accounts()
    return connected
