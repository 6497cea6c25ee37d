"""A server that stops still answers idle connections and connections in the accept backlog."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from contract_server.web.graceful_server import GracefulServer, listen

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class ServerUnderTest:
    """A server, and clients that act while it stops."""

    def __init__(self, http: str) -> None:
        async def answer(_: Request) -> PlainTextResponse:
            return PlainTextResponse("heard")

        self.listening = listen("127.0.0.1", 0)
        app = Starlette(routes=[Route("/", answer)])
        self.server = GracefulServer(uvicorn.Config(app, http=http, log_config=None), self.listening)

    async def start(self) -> None:
        self.server.config.load()
        self.server.lifespan = self.server.config.lifespan_class(self.server.config)
        await self.server.startup([self.listening])

    async def stop(self) -> None:
        await self.server.shutdown([self.listening])

    def connect(self) -> socket.socket:
        """Connect; the server has not accepted the connection yet."""
        client = socket.create_connection(self.listening.getsockname())
        client.setblocking(False)
        return client

    async def connect_and_be_accepted(self) -> socket.socket:
        accepted, client = len(self.server.server_state.connections), self.connect()
        while len(self.server.server_state.connections) == accepted:
            await asyncio.sleep(0)
        return client


async def response_to(client: socket.socket) -> bytes:
    """Read everything until the server closes the connection."""
    data = b""
    while part := await asyncio.get_running_loop().sock_recv(client, 65_536):
        data += part
    client.close()
    return data


@pytest.fixture(params=["h11", "httptools"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[ServerUnderTest]:
    stage = ServerUnderTest(request.param)
    await stage.start()
    yield stage
    stage.listening.close()


async def test_a_connection_that_nobody_has_accepted_yet_is_answered(stage: ServerUnderTest) -> None:
    client = stage.connect()
    client.send(REQUEST)
    await stage.stop()
    assert (await response_to(client)).endswith(b"heard")


async def test_a_connection_that_has_said_nothing_yet_is_heard_out(stage: ServerUnderTest) -> None:
    client = await stage.connect_and_be_accepted()
    stopping = asyncio.create_task(stage.stop())
    await until_closed(stage)
    client.send(REQUEST)
    await stopping
    answer = await response_to(client)
    assert answer.endswith(b"heard")
    assert b"connection: close" in answer


async def test_a_client_that_has_kept_its_connection_gets_one_more_answer_and_is_told_that_it_is_the_last(
    stage: ServerUnderTest,
) -> None:
    client = await stage.connect_and_be_accepted()
    client.send(REQUEST)
    assert (await asyncio.get_running_loop().sock_recv(client, 65_536)).endswith(b"heard")
    stopping = asyncio.create_task(stage.stop())
    await until_closed(stage)
    client.send(REQUEST)
    await stopping
    answer = await response_to(client)
    assert answer.endswith(b"heard")
    assert b"connection: close" in answer


async def test_a_client_that_says_nothing_holds_up_no_stop_for_ever(stage: ServerUnderTest) -> None:
    client = await stage.connect_and_be_accepted()
    await stage.stop()
    assert await response_to(client) == b""


async def test_nobody_is_let_in_any_more(stage: ServerUnderTest) -> None:
    address = stage.listening.getsockname()
    await stage.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


async def until_closed(stage: ServerUnderTest) -> None:
    while stage.server.servers[0].is_serving():
        await asyncio.sleep(0)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_all_addresses_are_those_of_both_families(address: str) -> None:
    with listen("::", 0) as listening, socket.create_connection((address, listening.getsockname()[1])):
        listening.accept()[0].close()


def test_an_address_of_one_family_is_no_address_of_the_other() -> None:
    with listen("::1", 0) as listening, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", listening.getsockname()[1]))
