"""The processes of a development environment: each can be started, awaited and stopped."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.embedded import EmbeddedServer
from contract_server.development.servers.watchdog import Watchdog

_STOP_LIMIT = 25.0  # seconds for a graceful end, as long as the API gives requests in progress; then a kill
_CHUNK = 65536


class ManagedProcess(Protocol):
    """A process that a supervisor keeps running."""

    @property
    def name(self) -> str:
        """Name for people."""

    @property
    def where(self) -> str:
        """Where it can be reached, once started."""

    async def start(self) -> None:
        """Start it, or start it again after its end; raise `DevelopmentError` on failure."""

    async def ended(self) -> int:
        """Wait for its end and return the exit status, negative for a signal."""

    async def stop(self) -> None:
        """Stop it gracefully; do nothing if it has ended."""

    async def kill(self) -> None:
        """Kill it."""


class DatabaseServer:
    """A database server as a managed process."""

    def __init__(self, server: EmbeddedServer, where: str) -> None:
        self._server = server
        self._where = where
        self.name = server.name

    @property
    def where(self) -> str:
        """Its port and its data directory."""
        return f"127.0.0.1:{self._server.port}, {self._where}"

    async def start(self) -> None:
        """Start the server without blocking the event loop."""
        await asyncio.to_thread(self._server.start)

    async def ended(self) -> int:
        """Wait for the server's end."""
        return await asyncio.to_thread(self._server.wait)

    async def stop(self) -> None:
        """Stop the server, after a start in progress has finished."""
        await asyncio.to_thread(self._server.stop)

    async def kill(self) -> None:
        """Kill the server, as a crash would."""
        await asyncio.to_thread(self._server.kill)


class Program:
    """A program as a managed process; its output is relayed line by line.

    It runs in its own session, so that Ctrl-C in the terminal reaches the supervisor alone, which stops the
    processes in the right order. Programs that it has started end with it.
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
        """Prepare the program; `start` runs it.

        Args:
            name: Name for people.
            command: The program and its arguments.
            where: Where it can be reached.
            environment: All of its environment variables.
            relay: Called with its name and each line of its output.
        """
        self.name = name
        self.where = where
        self._command = command
        self._environment = environment
        self._relay = relay
        self._process: asyncio.subprocess.Process | None = None
        self._watchdog: Watchdog | None = None
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
        self._watchdog = Watchdog(self._process.pid, signal.SIGTERM)
        if self._process.stdout:
            self._relaying = asyncio.create_task(self._relay_lines(self._process.stdout))

    async def ended(self) -> int:
        """Wait for the program's end and for the rest of its output."""
        if self._process is None:
            return 0
        status = await self._process.wait()
        await self._reap()
        return status

    async def stop(self) -> None:
        """Send SIGTERM and wait for the end; kill it after a time limit."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            # not `terminate()`: it polls the process first, and would take its exit status from the task that waits
            os.kill(self._process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_LIMIT)
        except TimeoutError:
            self._kill_group()
            await self._process.wait()
        await self._reap()

    async def kill(self) -> None:
        """Kill the program and the programs that it started."""
        self._kill_group()

    async def _reap(self) -> None:
        self._kill_group()
        if self._relaying:
            await asyncio.wait({self._relaying})
        if self._watchdog:
            self._watchdog.release()

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
