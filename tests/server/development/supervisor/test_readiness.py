"""A server is ready when it answers 200, not before."""

import asyncio

from contract_server.development.servers.ports import LOOPBACK
from contract_server.development.supervisor.readiness import wait_until_ok


async def test_every_other_answer_means_that_the_server_is_not_ready() -> None:
    answers = iter([b"", b"nonsense\r\n\r\n", b"HTTP/1.1 503 x\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
    requests: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readline())
        writer.write(next(answers))
        writer.close()

    server = await asyncio.start_server(answer, LOOPBACK, 0)
    async with server, asyncio.timeout(10):
        await wait_until_ok(LOOPBACK, server.sockets[0].getsockname()[1], "/readyz")
    assert requests == [b"GET /readyz HTTP/1.1\r\n"] * 4
