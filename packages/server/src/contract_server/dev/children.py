"""The parts of a development environment, each as something that starts, ends and can be stopped."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from contract_server.dev.embedded import EmbeddedServer
from contract_server.dev.errors import DevelopmentError
from contract_server.dev.guard import Guard

_STOP_LIMIT = 25.0  # seconds for an orderly end, as the API grants requests that are under way; then a kill
_CHUNK = 65536


class Child(Protocol):
    """Something that a supervisor keeps running."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def where(self) -> str:
        """Where it is to be found, once it has started."""

    async def start(self) -> None:
        """Start it, again if it has ended; `DevelopmentError` where that fails."""

    async def ended(self) -> int:
        """Wait for its end; the exit status, negative for a signal."""

    async def stop(self) -> None:
        """End it in good order; nothing where it has ended already."""

    async def kill(self) -> None:
        """End it at once."""


class ServerChild:
    """A database server that a supervisor keeps running."""

    def __init__(self, server: EmbeddedServer, where: str) -> None:
        self._server = server
        self._where = where
        self.name = server.name

    @property
    def where(self) -> str:
        """Its port, and where its data is."""
        return f"127.0.0.1:{self._server.port}, {self._where}"

    async def start(self) -> None:
        """Start the server without holding up its siblings."""
        await asyncio.to_thread(self._server.start)

    async def ended(self) -> int:
        """Wait for the server's end."""
        return await asyncio.to_thread(self._server.wait)

    async def stop(self) -> None:
        """Stop the server, after the end of a start that is under way."""
        await asyncio.to_thread(self._server.stop)

    async def kill(self) -> None:
        """End the server as a crash would."""
        await asyncio.to_thread(self._server.kill)


class ProgramChild:
    """A program that a supervisor keeps running, with its output passed on line by line.

    It has a session of its own: a Ctrl-C in the terminal reaches the supervisor alone, which then ends its
    children in the right order. Programs that it has started itself end with it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        where: str,
        environment: Mapping[str, str],
        relay: Callable[[str, str], None],
    ) -> None:
        """Nothing happens before `start`.

        Args:
            name: What people call it.
            command: The program and its arguments.
            where: Where it is to be found.
            environment: All of its environment variables.
            relay: Takes its name and one line of its output, as they come.
        """
        self.name = name
        self.where = where
        self._command = command
        self._environment = environment
        self._relay = relay
        self._process: asyncio.subprocess.Process | None = None
        self._guard: Guard | None = None
        self._relaying: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the program."""
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        except OSError as error:
            raise DevelopmentError(f"{self.name} cannot be run: {error.strerror}") from None
        self._guard = Guard(self._process.pid, signal.SIGTERM)
        if self._process.stdout:
            self._relaying = asyncio.create_task(self._relay_lines(self._process.stdout))

    async def ended(self) -> int:
        """Wait for the program's end, and for its last lines."""
        if self._process is None:
            return 0
        status = await self._process.wait()
        await self._bury()
        return status

    async def stop(self) -> None:
        """Ask the program to end, and wait until it has."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            # not `terminate()`: it first asks whether the program has ended, and takes its status from whoever waits
            os.kill(self._process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_LIMIT)
        except TimeoutError:
            self._kill_group()
            await self._process.wait()
        await self._bury()

    async def kill(self) -> None:
        """End the program and all that it started."""
        self._kill_group()

    async def _bury(self) -> None:
        self._kill_group()
        if self._relaying:
            await asyncio.wait({self._relaying})
        if self._guard:
            self._guard.release()

    def _kill_group(self) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _relay_lines(self, output: asyncio.StreamReader) -> None:
        unfinished = b""
        while chunk := await output.read(_CHUNK):
            *lines, unfinished = (unfinished + chunk).split(b"\n")
            for line in lines:
                self._relay(self.name, line.decode(errors="replace"))
        if unfinished:
            self._relay(self.name, unfinished.decode(errors="replace"))
