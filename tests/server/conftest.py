"""The running product, and the web application inside the test process."""

import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from pydantic import SecretStr
from starlette.types import ASGIApp
from tests.conftest import migrated_database, seeded_database
from tests.server.asgi import UNREACHABLE_DATABASE, URL, client_of, production_with_no_database
from tests.server.running import RESET, Client, Running, running
from tests.server.workbench import Workbench, stop_interfering
from tests.tables import empty

from contract_server import logs
from contract_server.db.connection import database
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.erasure.classification import TABLES
from contract_server.settings import EnvironmentName, Settings
from contract_server.web.app import create_app


@pytest.fixture(scope="session")
async def service(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A server and a worker for all tests that do not stop them."""
    async with running(await seeded_database(postgres), redis.url, tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture
async def client(service: Running) -> AsyncIterator[Client]:
    """A client that is not logged in, with fresh demonstration data."""
    async with service.client() as client:
        await client.ask(RESET)
        yield client


@pytest.fixture(scope="session")
def production_settings() -> Settings:
    return production_with_no_database()


@pytest.fixture(scope="session")
def production_app(production_settings: Settings) -> ASGIApp:
    return create_app(production_settings)


@pytest.fixture(scope="session")
def development_app(tmp_path_factory: pytest.TempPathFactory) -> ASGIApp:
    folder = tmp_path_factory.mktemp("mail")
    return create_app(
        Settings(
            environment=EnvironmentName.DEVELOPMENT,
            database_url=UNREACHABLE_DATABASE,
            public_url=URL,
            mail_dir=folder,
        )
    )


@pytest.fixture(scope="session")
def shared(production_settings: Settings) -> ASGIApp:
    """Production that trusts the pages of one other origin, which send a header of their own."""
    trusted = {"cors_origins": ("https://partner.example",), "cors_headers": ("X-Team",)}
    return create_app(production_settings.model_copy(update=trusted))


@pytest.fixture
def production(production_app: ASGIApp) -> httpx.AsyncClient:
    return client_of(production_app)


@pytest.fixture
def development(development_app: ASGIApp) -> httpx.AsyncClient:
    return client_of(development_app)


@pytest.fixture(scope="module")
def frozen_garbage() -> Iterator[None]:
    """For tests that measure CPU: exclude the objects of earlier tests from garbage collection."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


FILLED_BY_MIGRATIONS = "tortoise_migrations"


@pytest.fixture(scope="session")
async def settings(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings that lead to a migrated database."""
    return Settings(
        environment=EnvironmentName.DEVELOPMENT,
        database_url=SecretStr(await migrated_database(postgres)),
        mail_dir=tmp_path_factory.mktemp("mail"),
    )


@pytest.fixture
async def bench(settings: Settings, tmp_path: Path) -> AsyncIterator[Workbench]:
    """The services, and nothing stored yet."""
    async with database(settings):
        await empty(*(TABLES.keys() - {FILLED_BY_MIGRATIONS}))
        yield Workbench.of(settings.model_copy(update={"ledger_dir": tmp_path}))
        await stop_interfering()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What is logged while the test runs, event by event, each with its level."""
    logs.configure("INFO")
    monkeypatch.setattr(logs, "configure", lambda _level: None)  # as an application does that is made in the test
    events: list[dict[str, Any]] = []

    def keep(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        events.append(dict(event))
        return event

    add_level, *others = structlog.get_config()["processors"]
    structlog.configure(processors=[add_level, keep, *others])
    yield events
    structlog.configure(processors=[add_level, *others])
