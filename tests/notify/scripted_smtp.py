"""A mail server that does what a test tells it, at the stage where the test wants it."""

import asyncio
import base64
import ssl
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from contract_notify.delivery.replies import Stage

CERTIFICATE = Path(__file__).with_name("loopback.pem")


@dataclass
class Line:
    """The line to the client, as a fault finds it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self.writer.drain()

    async def hear(self) -> str:
        line = await self.reader.readline()
        if not line:
            raise ConnectionResetError
        return line.decode().rstrip("\r\n")


Fault = Callable[[Line], Awaitable[None]]


def answers(*lines: str) -> Fault:
    async def fault(line: Line) -> None:
        await line.say(*lines)

    return fault


def answers_and_closes(*lines: str) -> Fault:
    async def fault(line: Line) -> None:
        await line.say(*lines)
        raise ConnectionResetError

    return fault


def drips(*lines: str) -> Fault:
    """The answer in as many packets as it has bytes."""

    async def fault(line: Line) -> None:
        for byte in "".join(f"{each}\r\n" for each in lines).encode():
            line.writer.write(bytes([byte]))
            await line.writer.drain()
            await asyncio.sleep(0)

    return fault


async def closes(_line: Line) -> None:
    raise ConnectionResetError


async def hangs(line: Line) -> None:
    await line.reader.read()
    raise ConnectionResetError


async def begins_and_hangs(line: Line) -> None:
    line.writer.write(b"250 o")
    await hangs(line)


@dataclass(frozen=True)
class Accepted:
    """A mail for which this server has taken responsibility."""

    mail_from: str
    rcpt_to: str
    content: bytes
    encrypted: bool
    user: str | None


class ScriptedSmtp:
    """Each fault happens once, at the next conversation that reaches its stage; otherwise all goes well."""

    def __init__(self, *, extensions: tuple[str, ...] = ("STARTTLS", "AUTH PLAIN"), implicit_tls: bool = False) -> None:
        self.port = 0
        self.connections = 0
        self.accepted: list[Accepted] = []
        self.commands: list[str] = []
        self.reached = asyncio.Event()
        """Set when a fault begins."""
        self.at_quit = answers("221 bye")
        self._extensions = extensions
        self._implicit_tls = implicit_tls
        self._faults: defaultdict[Stage, deque[tuple[Fault, bool]]] = defaultdict(deque)
        self._conversations: set[asyncio.Task[None]] = set()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(CERTIFICATE)

    def at(self, stage: Stage, fault: Fault, *, mail_is_accepted: bool = True) -> None:
        """Order a fault; at the final dot, say whether the server keeps the mail nevertheless."""
        self._faults[stage].append((fault, mail_is_accepted))

    @property
    def has_faults(self) -> bool:
        """Whether a fault that was ordered has not happened yet."""
        return any(self._faults.values())

    def recover(self) -> None:
        """Forget the faults that have not happened yet: all goes well from now on."""
        self._faults.clear()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ScriptedSmtp"]:
        tls = self._tls if self._implicit_tls else None
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for conversation in self._conversations:
                conversation.cancel()
            await asyncio.gather(*self._conversations, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        self.connections += 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._converse(Line(reader, writer))
        finally:
            # no `wait_closed()`: after a failed STARTTLS asyncio never tells it
            writer.transport.abort()

    async def _converse(self, line: Line) -> None:
        await self._answer(line, Stage.CONNECT, "220 scripted")
        encrypted, user, mail_from, rcpt_to = self._implicit_tls, None, "", ""
        while True:
            command = await line.hear()
            self.commands.append(command)
            match command.split(" ", 1):
                case ["EHLO", _]:
                    offered = [each for each in self._extensions if not (encrypted and each == "STARTTLS")]
                    lines = ["scripted", *offered, "SIZE 1000000"]
                    await self._answer(line, Stage.EHLO, *(f"250-{each}" for each in lines[:-1]), f"250 {lines[-1]}")
                case ["STARTTLS"]:
                    await self._answer(line, Stage.STARTTLS, "220 go ahead")
                    await line.writer.start_tls(self._tls)
                    encrypted = True
                case ["AUTH", credentials]:
                    await self._answer(line, Stage.AUTH, "235 welcome")
                    user = base64.b64decode(credentials.removeprefix("PLAIN ")).split(b"\0")[1].decode()
                case ["MAIL", rest]:
                    await self._answer(line, Stage.MAIL, "250 ok")
                    mail_from = rest
                case ["RCPT", rest]:
                    await self._answer(line, Stage.RCPT, "250 ok")
                    rcpt_to = rest
                case ["DATA"]:
                    await self._answer(line, Stage.DATA, "354 go on")
                    content = await self._content(line)
                    mail = Accepted(mail_from, rcpt_to, content, encrypted, user)
                    await self._decide(line, mail)
                case ["QUIT"]:
                    await self.at_quit(line)
                    return
                case _:
                    await line.say("500 what?")

    async def _content(self, line: Line) -> bytes:
        lines: list[bytes] = []
        while (each := await line.reader.readuntil(b"\r\n")) != b".\r\n":
            lines.append(each.removeprefix(b"."))
        return b"".join(lines)

    async def _decide(self, line: Line, mail: Accepted) -> None:
        fault, mail_is_accepted = self._next(Stage.DOT, "250 accepted")
        if mail_is_accepted:
            self.accepted.append(mail)
        await fault(line)

    async def _answer(self, line: Line, stage: Stage, *lines: str) -> None:
        answer, _ = self._next(stage, *lines)
        await answer(line)

    def _next(self, stage: Stage, *lines: str) -> tuple[Fault, bool]:
        if not self._faults[stage]:
            return answers(*lines), True
        self.reached.set()
        return self._faults[stage].popleft()
