"""A PostgreSQL connection that breaks exactly where a test wants it to.

The proxy stands between a program and the server and reads what the program sends. PostgreSQL's protocol ends every
request with a Sync or a Flush (or it is a simple Query): those are counted, and at the n-th something happens, before
the server has seen it, or after the server has done it and before the program learns of it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit, urlunsplit

_SSL_REQUEST = 80877103
_PASSWORD = b"p"
_FAREWELL = b"X"  # Terminate: who says it waits until the server has closed the connection
_ENDS_A_REQUEST = (b"S", b"Q", b"H", _PASSWORD)  # Sync, simple Query, Flush; a password is answered by itself


class Moment(Enum):
    """When, relative to the counted request."""

    UNSENT = "the server has not seen the request"
    UNANSWERED = "the server has done it, the program has not heard"


@dataclass
class Proxy:
    """Counts requests over all connections, and breaks at the chosen one."""

    url: str
    at: int | None = None
    moment: Moment = Moment.UNSENT
    on_fault: Callable[[], None] = lambda: None
    requests: int = 0
    broken: bool = False
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def arm(self, at: int | None, moment: Moment, on_fault: Callable[[], None] = lambda: None) -> None:
        """Break at the `at`-th request from now on; that connection is closed then."""
        self.at, self.moment, self.on_fault = at, moment, on_fault
        self.requests, self.broken = 0, False

    def _strikes(self) -> bool:
        self.requests += 1
        return self.requests == self.at

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = urlsplit(self.url)
        upstream_reader, upstream = await asyncio.open_connection(address.hostname, address.port)
        self._writers += [writer, upstream]
        held, answered = asyncio.Event(), asyncio.Event()
        answers = asyncio.create_task(_pass_on(upstream_reader, writer, held, answered))
        try:
            await _pass_greeting(reader, upstream)
            request = b""
            while True:
                kind, message = await _read_message(reader)
                request += message
                if kind == _FAREWELL:
                    upstream.write(request)
                    return
                if kind not in _ENDS_A_REQUEST:
                    continue
                struck = kind != _PASSWORD and self._strikes()
                if struck and self.moment is Moment.UNANSWERED:
                    held.set()
                if not (struck and self.moment is Moment.UNSENT):
                    upstream.write(request)
                    await upstream.drain()
                if struck:
                    if self.moment is Moment.UNANSWERED:
                        await answered.wait()  # the server has done it as soon as it begins to answer
                    self.broken = True
                    self.on_fault()
                    return
                request = b""
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            answers.cancel()
            for each in (upstream, writer):
                each.close()


async def _pass_greeting(reader: asyncio.StreamReader, upstream: asyncio.StreamWriter) -> None:
    while True:
        length = await reader.readexactly(4)
        rest = await reader.readexactly(int.from_bytes(length) - 4)
        upstream.write(length + rest)
        if int.from_bytes(rest[:4]) != _SSL_REQUEST:
            return


async def _read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(int.from_bytes(head[1:]) - 4)


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, held: asyncio.Event, answered: asyncio.Event
) -> None:
    """Pass answers on, until one is to be held back."""
    try:
        while data := await reader.read(65536):
            if held.is_set():
                answered.set()
                return
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy in front of the server at `url`, and the URL at which programs find it."""
    proxy = Proxy(url)
    server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)  # noqa: SLF001 - the two are one thing
    port = server.sockets[0].getsockname()[1]
    parts = urlsplit(url)
    credentials = parts.netloc.rpartition("@")[0]
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}"))
    finally:
        server.close()
        for writer in proxy._writers:  # noqa: SLF001 - as above
            writer.close()
        await server.wait_closed()
