"""The product, running."""

from collections.abc import AsyncIterator

import pytest
from tests.conftest import new_database
from tests.server.running import RESET, Client, Running, running

from contract_server.dev.postgres import EmbeddedPostgres
from contract_server.dev.redis import EmbeddedRedis


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
