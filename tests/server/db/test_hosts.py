"""Of several hosts the first that answers and is fit is used, and a silent one costs no more than its share."""

import doctest
import socket
from collections.abc import Iterator

import asyncpg
import pytest
from tests.server.running import free_port

from contract_server.db import hosts
from contract_server.db.hosts import Hosts, each_host
from contract_server.development.servers.postgres import EmbeddedPostgres

TIMEOUT_S = 4.0


class SilentHost:
    """A host whose connections are opened by its kernel, and never answered."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"

    def connections(self) -> int:
        """How many were opened since the last call."""
        count = 0
        try:
            while True:
                self._listener.accept()[0].close()
                count += 1
        except BlockingIOError:
            return count


@pytest.fixture
def silent() -> Iterator[SilentHost]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield SilentHost(listener)


def url_of(postgres: EmbeddedPostgres, *hosts: str, options: str = "") -> str:
    """The server's URL with these hosts before its own."""
    user, _, rest = postgres.url.rpartition("@")
    return f"{user}@{','.join((*hosts, rest))}{options}"


async def test_a_silent_host_leaves_the_others_their_time_and_is_asked_last_from_then_on(
    postgres: EmbeddedPostgres, silent: SilentHost
) -> None:
    hosts_of_database = Hosts(url_of(postgres, silent.address), timeout=TIMEOUT_S)
    for expected in (1, 0):
        connection = await hosts_of_database.connect()
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
        assert silent.connections() == expected


async def test_a_host_that_refuses_is_passed_over(postgres: EmbeddedPostgres) -> None:
    url = url_of(postgres, f"127.0.0.1:{free_port()}")
    await (await Hosts(url, timeout=TIMEOUT_S).connect()).close()


async def test_a_host_that_is_no_standby_is_not_taken_for_one(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(asyncpg.InternalClientError):
        await Hosts(url_of(postgres, options="?target_session_attrs=standby"), timeout=TIMEOUT_S).connect()


async def test_the_last_host_says_why_there_is_no_connection(postgres: EmbeddedPostgres, silent: SilentHost) -> None:
    url = url_of(postgres, silent.address).replace("postgresql://postgres:", "postgresql://postgres:wrong")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await Hosts(url, timeout=TIMEOUT_S).connect()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:p%40ss@[::1]:5433/contracts?target_session_attrs=any",
        "postgresql://user@/contracts?host=/var/run/postgresql",
        "postgresql:///contracts?host=/var/run/postgresql",
    ],
)
def test_the_url_of_one_host_is_used_as_it_is(url: str) -> None:
    assert each_host(url) == [url]


def test_the_example_is_true() -> None:
    assert doctest.testmod(hosts).failed == 0
