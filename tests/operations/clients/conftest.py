"""A server for the clients, and pages of other origins."""

from collections.abc import AsyncIterator, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.conftest import seeded_database
from tests.server.running import RESET, Running, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

HERE = Path(__file__).parent


class Files(SimpleHTTPRequestHandler):
    """The files of this folder, without a line in the log for each."""

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - as the library passes them
        super().__init__(*arguments, directory=str(HERE))

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture(scope="session")
def origins() -> Iterator[list[str]]:
    """Two origins other than the server's; the server permits the first."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Files) for _ in range(2)]
    for server in servers:
        Thread(target=server.serve_forever, daemon=True).start()
    yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
async def service(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, origins: list[str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A server that pages of another origin may use."""
    folder = tmp_path_factory.mktemp("clients-service")
    async with running(await seeded_database(postgres), redis.url, folder, CORS_ORIGINS=origins[0]) as service:
        yield service


@pytest.fixture
async def endpoint(service: Running) -> str:
    """The address of the API, with fresh demonstration data."""
    async with service.client() as client:
        await client.ask(RESET)
    return f"{service.base_url}/graphql"
