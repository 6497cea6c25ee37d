"""Hostile bytes on a connection: none hold the event loop for long, and none is left without an end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from tests.server.asgi import production_with_no_database
from tests.server.hostile.heartbeat import LONGEST_HOLD, longest_hold
from tests.server.hostile.hostile import HostileRequest
from tests.server.hostile.hostile_headers import TEXTS, requests_of_many_lines, requests_with
from tests.server.web.connections import Serving, serving

pytestmark = pytest.mark.usefixtures("frozen_garbage")

MEGABYTES_IN_PIECES = [b"a" * 65_536] * 300
BEGINNINGS = (
    b"GET /",
    b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ",
    b"GET / HTTP/1.1\r\nHost: a\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ",
    b"",
)


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[Serving]:
    async with serving(production_with_no_database()) as server:
        yield server


def on_the_wire(request: HostileRequest) -> bytes:
    """The bytes of the request, on a connection that ends with it."""
    names = {name for name, _ in request.headers}
    added = [(b"Content-Length", b"%d" % len(request.content))] if b"content-length" not in names else []
    added += [(b"Host", b"api.example")] if b"host" not in names else []
    lines = b"".join(b"%s: %s\r\n" % header for header in (*added, (b"Connection", b"close"), *request.headers))
    address = request.path.encode() + (b"?" + request.query_string if request.query_string else b"")
    return b"%s %s HTTP/1.1\r\n%s\r\n%s" % (request.method.encode(), address, lines, request.content)


async def exchange(server: Serving, *pieces: bytes) -> None:
    connection = await server.connect()
    with suppress(ConnectionError):
        await connection.send(*pieces)
    await connection.end()


async def held(server: Serving, what: str, *pieces: bytes) -> None:
    seconds = await longest_hold(exchange(server, *pieces))
    assert seconds < LONGEST_HOLD, f"{what}: {seconds:.3f} s"


@pytest.mark.parametrize("name", TEXTS)
async def test_no_header_on_the_wire_holds_the_event_loop(server: Serving, name: str) -> None:
    for what, request in requests_with(name):
        if name != "content-length":  # a length that is not reached leaves the connection waiting for the body
            await held(server, what, on_the_wire(request))


async def test_no_number_of_headers_on_the_wire_holds_the_event_loop(server: Serving) -> None:
    for what, request in requests_of_many_lines():
        if "content-length" not in what:
            await held(server, what, on_the_wire(request))


@pytest.mark.parametrize("beginning", BEGINNINGS)
async def test_nothing_that_goes_on_for_ever_holds_the_event_loop(server: Serving, beginning: bytes) -> None:
    await held(server, "20 MB", beginning, *MEGABYTES_IN_PIECES)


async def test_idle_connections_are_closed_while_others_are_served() -> None:
    """The server is asked before, while and after it is flooded with connections of no or half a request."""
    async with serving(production_with_no_database(), head_timeout=0.5) as server:
        beginnings = (b"", b"POST /graphql HTTP/1.1\r\nHost: api.example\r\nContent-Le")
        idle = [await server.connect() for _ in range(200)]
        for number, connection in enumerate(idle):
            await connection.send(beginnings[number % 2])
        asking = await server.connect()
        await asking.send(b"GET /healthz HTTP/1.1\r\nHost: api.example\r\n\r\n")
        assert await asking.status() == 200
        await asyncio.gather(*(connection.end() for connection in idle))
        assert len(server.server.server_state.connections) == 1
