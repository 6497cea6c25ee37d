"""Databases for commands: each test has a copy of one that was prepared once."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.conftest import new_database
from tests.server.in_process import development_settings, seeded_services

from contract_server.db.connection import database
from contract_server.db.migrate import migrate
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


@pytest.fixture(scope="session")
async def with_schema(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with this version's schema, to be copied."""
    settings = development_settings(await new_database(postgres), tmp_path_factory.mktemp("with-schema"))
    async with database(settings):
        await migrate(settings)
    return settings.database_url.get_secret_value()


@pytest.fixture(scope="session")
async def with_demonstration(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with demonstration data, to be copied."""
    settings = development_settings(await new_database(postgres), tmp_path_factory.mktemp("with-demonstration"))
    async with seeded_services(settings):
        return settings.database_url.get_secret_value()


@pytest.fixture
async def migrated(with_schema: str, tmp_path: Path) -> Settings:
    """The settings of an empty database."""
    return development_settings(await copy_of(with_schema), tmp_path)


@pytest.fixture
async def seeded(with_demonstration: str, tmp_path: Path) -> Settings:
    """The settings of a database with demonstration data."""
    return development_settings(await copy_of(with_demonstration), tmp_path)


@pytest.fixture
async def services(migrated: Settings) -> AsyncIterator[Services]:
    """Services on an empty database."""
    async with database(migrated):
        services = build_services(migrated)
        yield services
        await services.close()


async def copy_of(database_url: str) -> str:
    """Copy a database; return the URL of the copy."""
    server, _, template = database_url.rpartition("/")
    name = f"test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    finally:
        await connection.close()
    return f"{server}/{name}"
