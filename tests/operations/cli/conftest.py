"""Databases for commands: each test has a copy of one that was prepared once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.conftest import migrated_database, seeded_database
from tests.server.in_process import development_settings

from contract_server.db.connection import database
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.services import Services, build_services
from contract_server.settings import Settings

Variables = dict[str, str]


def variables_of(settings: Settings) -> Variables:
    """The environment variables that lead a command to the same database and mail folder."""
    return {
        "ENVIRONMENT": settings.environment,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "MAIL_DIR": str(settings.mail_dir),
    }


@pytest.fixture
async def migrated(postgres: EmbeddedPostgres, tmp_path: Path) -> Settings:
    """The settings of an empty database."""
    return development_settings(await migrated_database(postgres), tmp_path)


@pytest.fixture
async def seeded(postgres: EmbeddedPostgres, tmp_path: Path) -> Settings:
    """The settings of a database with demonstration data."""
    return development_settings(await seeded_database(postgres), tmp_path)


@pytest.fixture
async def services(migrated: Settings) -> AsyncIterator[Services]:
    """Services on an empty database."""
    async with database(migrated):
        services = build_services(migrated)
        yield services
        await services.close()
