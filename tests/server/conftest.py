"""The product, running; and the web application in the test's own process."""

import gc
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from starlette.types import ASGIApp
from tests.conftest import new_database
from tests.server.asgi import NOWHERE, client_of, production_with_no_database
from tests.server.running import RESET, Client, Running, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.settings import EnvironmentName, Settings
from contract_server.web.app import create_app


@pytest.fixture(scope="session")
async def service(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A server and a worker, for all the tests that leave them running."""
    async with running(await new_database(postgres), redis.url, tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture
async def client(service: Running) -> AsyncIterator[Client]:
    """Somebody who is not logged in, and demonstration data as it was at first."""
    async with service.client() as found:
        await found.ask(RESET)
        yield found


@pytest.fixture(scope="session")
def production_settings() -> Settings:
    return production_with_no_database()


@pytest.fixture(scope="session")
def production_app(production_settings: Settings) -> ASGIApp:
    return create_app(production_settings)


@pytest.fixture(scope="session")
def development_app(tmp_path_factory: pytest.TempPathFactory) -> ASGIApp:
    folder = tmp_path_factory.mktemp("mail")
    return create_app(Settings(environment=EnvironmentName.DEVELOPMENT, database_url=NOWHERE, mail_dir=folder))


@pytest.fixture(scope="session")
def shared(production_settings: Settings) -> ASGIApp:
    """Production, whose API pages of one other site may use."""
    return create_app(production_settings.model_copy(update={"cors_origins": ("https://partner.example",)}))


@pytest.fixture
def production(production_app: ASGIApp) -> httpx.AsyncClient:
    return client_of(production_app)


@pytest.fixture
def development(development_app: ASGIApp) -> httpx.AsyncClient:
    return client_of(development_app)


@pytest.fixture(scope="module")
def objects_of_other_tests_are_not_collected() -> Iterator[None]:
    """Where CPU is measured: a request pays for the garbage that it makes, not for what the tests before it made."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
