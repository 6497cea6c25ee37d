"""Connections, heads and trailers are limited in number, size and time, before the application sees a request."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import orjson
import pytest
from tests.server.asgi import production_with_no_database
from tests.server.connections.test_security_headers import SECURITY_HEADERS
from tests.server.web.connections import Serving, serving

from contract_server import metrics
from contract_server.headers import LONGEST_URL, MOST_HEADERS
from contract_server.settings import Settings

GET = b"GET /healthz HTTP/1.1\r\nHost: api.example\r\n"
POST = b"POST /graphql HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n"
TYPENAME = b'{"query":"{__typename}"}'
PIECE = b"a" * 16_384
MOST_PIECES = 2_000  # 32 MB: more than the buffers of two sockets hold
BEGINNINGS = {
    "a header": (GET + b"X-A: ", 431),
    "an address": (b"GET /healthz?", 414),
    "a header's name": (GET, 431),
    "trailers": (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: ", 431),
}
HEADS_WITHIN_OR_ABOVE_A_LIMIT = {
    "8 KiB of address": (b"GET /healthz?".ljust(LONGEST_URL + 4, b"a") + GET[12:] + b"\r\n", 200),
    "one byte more": (b"GET /healthz?".ljust(LONGEST_URL + 5, b"a") + GET[12:] + b"\r\n", 414),
    "100 headers": (GET + b"A: a\r\n" * (MOST_HEADERS - 2) + b"\r\n", 200),  # and the request id
    "one header more": (GET + b"A: a\r\n" * MOST_HEADERS + b"\r\n", 431),
    "31 KiB of headers": (GET + (b"A: ".ljust(7_900, b"a") + b"\r\n") * 4 + b"\r\n", 200),
    "33 KiB of headers": (GET + (b"A: ".ljust(6_700, b"a") + b"\r\n") * 5 + b"\r\n", 431),
    "no host": (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    "two hosts": (GET + b"Host: api.example\r\n\r\n", 400),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
}
INCOMPLETE = {
    "nothing": b"",
    "half a head": POST + b"Content-Le",
    "empty lines": b"\r\n" * 3,
    "half a head after a request": GET + b"\r\n" + GET,
}


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[Serving]:
    async with serving(production_with_no_database()) as server:
        yield server


@pytest.fixture
async def hurried() -> AsyncIterator[Serving]:
    """A server that waits for nothing."""
    async with serving(production_with_no_database(), head_timeout=0.05) as server:
        yield server


@pytest.mark.parametrize("beginning", BEGINNINGS)
async def test_what_never_ends_is_refused(server: Serving, beginning: str) -> None:
    connection, (first, status) = await server.connect(), BEGINNINGS[beginning]
    await connection.send(first)
    with pytest.raises(ConnectionError):
        await connection.send(*[PIECE] * MOST_PIECES)
    with suppress(ConnectionError, asyncio.IncompleteReadError):  # data was in flight when the server closed
        assert await connection.status() == status


@pytest.mark.parametrize("head", HEADS_WITHIN_OR_ABOVE_A_LIMIT)
async def test_a_whole_head_is_answered_by_its_limits_with_every_security_header(server: Serving, head: str) -> None:
    connection, (sent, status) = await server.connect(), HEADS_WITHIN_OR_ABOVE_A_LIMIT[head]
    await connection.send(*(sent[start : start + 5_000] for start in range(0, len(sent), 5_000)))
    answer = await connection.head()
    assert answer[""].split()[1] == str(status)
    assert {name: answer.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer["strict-transport-security"]


async def test_what_is_no_http_is_refused_in_the_format_of_every_error(server: Serving) -> None:
    connection = await server.connect()
    await connection.send(b"no HTTP\r\n\r\n")
    head, _, body = (await connection.rest()).partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head
    assert orjson.loads(body)["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_an_error_is_no_answer_to_the_request_before_it(server: Serving) -> None:
    connection = await server.connect()
    await connection.send(GET + b"\r\n" + b"no HTTP\r\n\r\n")
    answers = await connection.rest()
    assert answers.startswith(b"HTTP/1.1 200 ")
    assert answers.count(b"HTTP/1.1") == 1
    assert b"connection: close" in answers


async def test_pipelined_requests_with_whole_bodies_are_all_answered(server: Serving) -> None:
    connection, body = await server.connect(), TYPENAME.ljust(60_000)
    await connection.send((POST + b"Content-Length: 60000\r\n\r\n" + body) * 6)
    assert [await connection.status() for _ in range(6)] == [200] * 6


async def test_trailers_become_no_headers(server: Serving) -> None:
    connection = await server.connect()
    chunk = b"%x\r\n%s\r\n" % (len(TYPENAME), TYPENAME)
    await connection.send(POST.replace(b"Content-Type: application/json\r\n", b"Transfer-Encoding: chunked\r\n\r\n"))
    await connection.send(chunk, b"0\r\nContent-Type: application/json\r\n\r\n")
    assert await connection.status() == 415


@pytest.mark.parametrize("sent", INCOMPLETE)
async def test_a_connection_without_a_whole_head_is_closed_in_time(hurried: Serving, sent: str) -> None:
    connection = await hurried.connect()
    await connection.send(INCOMPLETE[sent])
    statuses = [line.split()[1] for line in (await connection.rest()).splitlines() if line.startswith(b"HTTP/1.1 ")]
    requests = INCOMPLETE[sent].count(b"\r\n\r\n") if b"GET" in INCOMPLETE[sent] else 0
    assert statuses[:requests] == [b"200"] * requests
    assert set(statuses[requests:]) <= {b"408"}


async def test_half_a_head_is_told_that_it_came_too_late(hurried: Serving) -> None:
    connection = await hurried.connect()
    await connection.send(POST)
    assert await connection.status() == 408


async def test_a_head_that_came_in_time_leaves_the_connection_open_for_the_next_one(hurried: Serving) -> None:
    connection = await hurried.connect()
    await connection.send(GET + b"\r\n")
    assert await connection.status() == 200
    silent = await hurried.connect()
    await silent.end()
    await connection.send(GET + b"\r\n")
    assert await connection.status() == 200


async def test_an_idle_connection_is_kept_as_long_as_the_setting_says() -> None:
    settings = production_with_no_database()
    assert settings.keep_alive == timedelta(seconds=75)
    async with serving(settings.model_copy(update={"keep_alive": timedelta(milliseconds=50)})) as server:
        connection = await server.connect()
        await connection.send(GET + b"\r\n")
        assert await connection.status() == 200
        assert await connection.rest() == b""


def limited_to(connections: int, **more: Any) -> Settings:  # noqa: ANN401 - any setting
    return production_with_no_database().model_copy(update={"connections_per_peer": connections, **more})


def refused_so_far() -> float:
    return metrics.REGISTRY.get_sample_value("contract_connections_refused_total") or 0


async def test_a_peer_has_as_many_connections_as_the_setting_says_and_others_have_theirs(
    told: list[dict[str, Any]],
) -> None:
    refused_before = refused_so_far()
    async with serving(limited_to(3)) as server:
        admitted = [await server.connect() for _ in range(3)]
        for connection in admitted:
            await connection.send(GET + b"\r\n")
            assert await connection.status() == 200
        for _ in range(2):
            refused = await server.connect()
            answer = await refused.head()
            assert (answer[""].split()[1], answer["retry-after"]) == ("429", "10")
        other = await server.connect("127.0.0.2")
        await other.send(GET + b"\r\n")
        assert await other.status() == 200
        assert refused_so_far() - refused_before == 2
        lines = [line for line in told if "limit" in line]
        assert lines == [
            {
                "event": "connections refused: peer at its limit",
                "peer": "127.0.0.1",
                "limit": 3,
                "level": "warning",
            }
        ]


async def test_a_closed_connection_makes_room_for_another() -> None:
    async with serving(limited_to(1)) as server:
        for _ in range(3):
            connection = await server.connect()
            await connection.send(GET + b"Connection: close\r\n\r\n")
            assert await connection.status() == 200
            await connection.end()


async def test_a_trusted_proxy_has_as_many_connections_as_it_likes() -> None:
    settings = Settings.model_validate(dict(limited_to(1)) | {"trusted_proxies": "127.0.0.1"})
    async with serving(settings) as server:
        for connection in [await server.connect() for _ in range(3)]:
            await connection.send(GET + b"\r\n")
            assert await connection.status() == 200


async def test_a_head_that_has_arrived_while_the_server_was_busy_is_in_time(hurried: Serving) -> None:
    connection = await hurried.connect()
    await until_connected(hurried)
    connection.writer.write(GET + b"\r\n")
    time.sleep(0.2)  # noqa: ASYNC251 - longer than a head may take: the event loop reads nothing meanwhile
    assert await connection.status() == 200


async def until_connected(server: Serving) -> None:
    while not server.server.server_state.connections:
        await asyncio.sleep(0)
