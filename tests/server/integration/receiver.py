"""An endpoint of webhooks on this machine, which answers as a test says."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import orjson


@dataclass
class Received:
    """A request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:  # noqa: ANN401 - JSON
        return orjson.loads(self.body)


@dataclass
class Receiver:
    """What was received, and the answers to come."""

    port: int = 0
    answers: Iterator[int] = field(default_factory=lambda: repeat(204))
    received: list[Received] = field(default_factory=list)
    more_headers: str = ""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answering.set()

    async def received_at_least(self, number: int) -> None:
        """Wait for that many requests."""
        async with asyncio.timeout(60):
            while len(self.received) < number:
                self.arrived.clear()
                await self.arrived.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=keiyaku"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.received.append(Received(first.split()[1], headers, body))
        self.arrived.set()
        await self.answering.wait()
        writer.write(f"HTTP/1.1 {next(self.answers)} x\r\n{self.more_headers}Content-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Receive for the duration of the block."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
