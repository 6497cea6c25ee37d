"""Endless heads and endless trailers are not read to their end."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from tests.server.running import Running

PIECE = b"a" * 16_384
MOST_PIECES = 2_000  # 32 MB: more than the buffers of two sockets hold
BEGINNINGS = {
    "a header": b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: ",
    "an address": b"GET /healthz?",
    "a header's name": b"GET /healthz HTTP/1.1\r\nHost: a\r\n",
}


async def send_pieces(writer: asyncio.StreamWriter) -> int:
    """Send until the server closes the connection; return how many pieces it has accepted."""
    for count in range(MOST_PIECES):
        try:
            writer.write(PIECE)
            await writer.drain()
        except ConnectionError:
            return count
    return MOST_PIECES


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=list(BEGINNINGS))
async def test_a_head_that_never_ends_is_refused(service: Running, beginning: bytes) -> None:
    url = urlsplit(service.base_url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(beginning)
    assert await send_pieces(writer) < MOST_PIECES
    with suppress(ConnectionError):  # the server closed the connection while data was in flight
        assert (await reader.read(4_096))[:13] in (b"", b"HTTP/1.1 400 ")
    writer.close()


async def test_a_head_a_little_too_long_is_told_what_is_accepted(service: Running) -> None:
    url = urlsplit(service.base_url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: ")
    writer.write(b"a" * 40_000 + b"\r\n\r\n")
    await writer.drain()
    async with asyncio.timeout(10):
        answer = await reader.readuntil(b"}]}")
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"32 KiB" in answer
    writer.close()


async def test_trailers_that_never_end_are_left_unread_until_the_request_has_taken_too_long(service: Running) -> None:
    url = urlsplit(service.base_url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\nX-A: "
    )
    assert await send_pieces(writer) < MOST_PIECES
    writer.close()
    del reader


async def test_pipelined_requests_with_whole_bodies_are_all_answered(service: Running) -> None:
    url = urlsplit(service.base_url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    body = b'{"query":"{__typename}"}'.ljust(60_000)
    request = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
    writer.write((request + body) * 6)
    await writer.drain()
    async with asyncio.timeout(20):
        for _ in range(6):
            assert (await reader.readuntil(b'"Query"}}')).startswith(b"HTTP/1.1 200 ")
    writer.close()
