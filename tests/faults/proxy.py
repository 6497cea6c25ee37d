"""A PostgreSQL connection that breaks exactly where a test wants it to, in every way that a connection can break.

The proxy stands between a program and the server and reads what the program sends. PostgreSQL's protocol ends every
request with a Sync or a Flush (or it is a simple Query): those are counted, and at the n-th something happens, before
the server has seen it, or after the server has done it and before the program learns of it.
"""

import asyncio
import socket
import struct
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


class Ending(Enum):
    """What the program sees of a connection that breaks."""

    CLOSED = "the end of the stream"
    FATAL = "FATAL 57P01, and nothing more until the test closes the connection"
    SILENCE = "half a message, and nothing more until the test closes the connection"
    RESET = "a TCP reset"


STRUCK = "struck"
"""The `application_name` that the program is told of together with FATAL or with half a message."""


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4) + body


_NEWS = _message(b"S", b"application_name\0" + STRUCK.encode() + b"\0")
_FATAL = _message(
    b"E", b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0RProcessInterrupts\0\0"
)


@dataclass(eq=False)
class _Line:
    """The two sides of one connection."""

    program: asyncio.StreamWriter
    server: asyncio.StreamWriter
    answers: asyncio.Task[None]

    def strike(self, ending: Ending) -> None:
        """Pass no more answers on, and break."""
        self.answers.cancel()
        match ending:
            case Ending.CLOSED:
                self.program.close()
            case Ending.FATAL:
                self.program.write(_NEWS + _FATAL)
            case Ending.SILENCE:
                self.program.write(_NEWS + _FATAL[: len(_FATAL) // 2])
            case Ending.RESET:
                found = self.program.get_extra_info("socket")
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.program.transport.abort()


@dataclass
class Proxy:
    """Counts requests over all connections, and breaks at the chosen one."""

    url: str
    at: int | None = None
    moment: Moment = Moment.UNSENT
    ending: Ending = Ending.CLOSED
    on_fault: Callable[[], None] = lambda: None
    requests: int = 0
    broken: bool = False
    _lines: list[_Line] = field(default_factory=list)
    _let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def arm(
        self,
        at: int | None,
        moment: Moment = Moment.UNSENT,
        on_fault: Callable[[], None] = lambda: None,
        ending: Ending = Ending.CLOSED,
    ) -> None:
        """Break at the `at`-th request from now on; that connection ends then."""
        self.at, self.moment, self.on_fault, self.ending = at, moment, on_fault, ending
        self.requests, self.broken = 0, False
        self._let_go.clear()

    def strike(self, ending: Ending, client_port: int | None = None) -> None:
        """Break the connection whose port, as the server sees it, is `inet_client_port()`; without one, break all."""
        self._let_go.clear()
        for line in self._lines:
            if client_port in (None, line.server.get_extra_info("sockname")[1]):
                line.strike(ending)

    def let_go(self) -> None:
        """Close the connections that are broken and still open."""
        self._let_go.set()
        for line in self._lines:
            if line.answers.done() or line.answers.cancelling():
                line.program.close()

    def _strikes(self) -> bool:
        self.requests += 1
        return self.requests == self.at

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = urlsplit(self.url)
        upstream_reader, upstream = await asyncio.open_connection(address.hostname, address.port)
        held, answered = asyncio.Event(), asyncio.Event()
        answers = asyncio.create_task(_pass_on(upstream_reader, writer, held, answered))
        line = _Line(writer, upstream, answers)
        self._lines.append(line)
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
                    line.strike(self.ending)
                    await self._let_go_or_left(reader)
                    return
                request = b""
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._lines.remove(line)
            answers.cancel()
            for each in (upstream, writer):
                each.close()

    async def _let_go_or_left(self, reader: asyncio.StreamReader) -> None:
        """Wait until the test closes the connection, or the program does."""
        if self.ending in (Ending.FATAL, Ending.SILENCE):
            waiting = [asyncio.ensure_future(each) for each in (self._let_go.wait(), reader.read())]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for each in waiting:
                each.cancel()


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
    """Pass answers on, and the end of the stream, until one is to be held back."""
    try:
        while data := await reader.read(65536):
            if held.is_set():
                answered.set()
                return
            writer.write(data)
            await writer.drain()
        writer.close()
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
        for line in proxy._lines:  # noqa: SLF001 - as above
            line.program.close()
            line.server.close()
        await server.wait_closed()
