"""A workbench on a database of its own, empty at the start of every test."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.conftest import new_database
from tests.server.workbench import Workbench, sql, stop_interfering

from contract_server import logs
from contract_server.db.connection import database
from contract_server.db.migrate import migrate
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.erasure.classification import TABLES
from contract_server.settings import EnvironmentName, Settings

FILLED_BY_MIGRATIONS = "tortoise_migrations"


@pytest.fixture(scope="session")
async def settings(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings that lead to a migrated database."""
    found = Settings(
        environment=EnvironmentName.DEVELOPMENT,
        database_url=SecretStr(await new_database(postgres)),
        mail_dir=tmp_path_factory.mktemp("mail"),
    )
    async with database(found):
        await migrate(found)
    return found


@pytest.fixture
async def bench(settings: Settings, tmp_path: Path) -> AsyncIterator[Workbench]:
    """The services, and nothing stored yet."""
    async with database(settings):
        await sql(f"TRUNCATE {', '.join(TABLES.keys() - {FILLED_BY_MIGRATIONS})}")
        yield Workbench.of(settings.model_copy(update={"ledger_dir": tmp_path}))
        await stop_interfering()


@pytest.fixture
def told() -> Iterator[list[dict[str, Any]]]:
    """What is logged while the test runs, event by event, each with its level."""
    logs.configure("INFO")
    events: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            assert isinstance(record.msg, dict)
            events.append({**record.msg, "level": record.levelname})

    logger, keep = logging.getLogger("contract_server"), Keep()
    logger.addHandler(keep)
    yield events
    logger.removeHandler(keep)
