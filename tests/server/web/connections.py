"""A server inside the test process, and connections to it that send bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn

from contract_server.connections.http_protocol import LimitedConfig
from contract_server.settings import Settings
from contract_server.web.app import create_app
from contract_server.web.graceful_server import GracefulServer, listen


class Connection:
    """A connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def status(self) -> int:
        """Read the next answer, and return its status."""
        return int((await self.head())[""].split()[1])

    async def head(self) -> dict[str, str]:
        """Read the next answer; return its headers by name, and its first line without one."""
        async with asyncio.timeout(30):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        async with asyncio.timeout(30):
            await self.reader.readexactly(int(headers.get("content-length", 0)))
        return headers | {"": lines[0]}

    async def rest(self) -> bytes:
        """Read until the server closes the connection."""
        async with asyncio.timeout(30):
            return await self.reader.read()

    async def end(self) -> None:
        """Wait until the server has closed the connection, whatever it sends before."""
        with suppress(ConnectionError):
            await self.rest()


class Serving:
    """A server that is running."""

    def __init__(self, server: GracefulServer, address: tuple[Any, ...]) -> None:
        self.server = server
        self.address = address
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self, source: str | None = None) -> Connection:
        """Open a connection, if need be from another address of the loopback interface."""
        local = (source, 0) if source else None
        reader, writer = await asyncio.open_connection(*self.address[:2], local_addr=local)
        self._writers.append(writer)
        return Connection(reader, writer)

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def serving(settings: Settings, **limits: float) -> AsyncIterator[Serving]:
    """Serve the application with its limits for connections. Its database stays closed."""
    app = create_app(settings)
    async with serving_with(LimitedConfig(app, settings, lifespan="off", **limits)) as server:
        yield server


@asynccontextmanager
async def serving_with(config: uvicorn.Config, host: str = "127.0.0.1") -> AsyncIterator[Serving]:
    """Serve with any configuration."""
    listening = listen(host, 0)
    server = GracefulServer(config, listening)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup([listening])
    serving = Serving(server, listening.getsockname())
    try:
        yield serving
    finally:
        serving.close()
        await server.shutdown([listening])
        listening.close()
