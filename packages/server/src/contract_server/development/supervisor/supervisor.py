"""Keep the processes of a development environment running, and stop all of them on a signal."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

from contract_server.development.errors import DevelopmentError
from contract_server.development.supervisor.processes import ManagedProcess

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONGEST_PAUSE = 30.0
_STABLE_AFTER = 30.0  # after this time a process counts as healthy; its next pause is the shortest again


class Supervisor:
    """Start processes, restart those that end, and stop them in reverse order.

    As a context manager: Ctrl-C (SIGINT), SIGTERM or SIGHUP cancel the block, which is then left quietly once
    all processes have ended. A second signal kills all of them.
    """

    def __init__(self, show: Callable[[str], None], *, shortest_pause: float = 1.0) -> None:
        """Print lines for people with `show`; wait `shortest_pause` seconds before the first restart."""
        self._show = show
        self._shortest_pause = shortest_pause
        self._processes: list[ManagedProcess] = []
        self._watches: list[asyncio.Task[None]] = []
        self._ending = False
        self._stop_requested = False
        self._killing: asyncio.Task[None] | None = None
        self._block: asyncio.Task[Any] | None = None

    async def start(
        self, process: ManagedProcess, *, ready: Callable[[], Coroutine[Any, Any, None]] | None = None
    ) -> None:
        """Start a process and keep it running from then on.

        Args:
            process: What to start.
            ready: Returns when the process works. A process that ends before that is not restarted.

        Raises:
            DevelopmentError: The process did not start, or ended before it was ready.
        """
        self._processes.append(process)
        await process.start()
        self._show(f"{process.name:<10} {process.where}")
        if ready is not None:
            await self._await_ready(process, ready())
        self._watches.append(asyncio.create_task(self._keep_running(process)))

    async def run(self, process: ManagedProcess) -> None:
        """Run a process to its end.

        Raises:
            DevelopmentError: It did not start, or it failed.
        """
        self._processes.append(process)
        await process.start()
        if status := await process.ended():
            raise DevelopmentError(f"{process.name} failed ({describe_end(status)})")
        self._processes.remove(process)

    async def serve(self) -> None:
        """Wait until a stop signal arrives."""
        await asyncio.gather(*self._watches)

    async def __aenter__(self) -> Self:
        """Handle signals from now on."""
        self._block = asyncio.current_task()
        for number in _STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Stop every process; a cancellation by a signal ends here."""
        self._ending = True
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        for process in reversed(self._processes):
            await process.stop()
        if self._killing:
            await self._killing
        if self._stop_requested and self._block and kind is asyncio.CancelledError:
            self._block.uncancel()
            return True
        return False

    def _on_signal(self) -> None:
        if not self._ending:
            self._ending = self._stop_requested = True
            self._show("stopping (Ctrl-C once more to hurry)")
            if self._block:
                self._block.cancel()
        elif self._killing is None:
            self._killing = asyncio.create_task(self._kill_all())

    async def _kill_all(self) -> None:
        await asyncio.gather(*(process.kill() for process in self._processes), return_exceptions=True)

    async def _await_ready(self, process: ManagedProcess, ready: Coroutine[Any, Any, None]) -> None:
        becoming_ready = asyncio.create_task(ready)
        ending = asyncio.create_task(process.ended())
        try:
            await asyncio.wait({becoming_ready, ending}, return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                raise DevelopmentError(f"{process.name} ended ({describe_end(ending.result())}) before it was ready")
            await becoming_ready
        finally:
            for task in (becoming_ready, ending):
                task.cancel()
            await asyncio.gather(becoming_ready, ending, return_exceptions=True)

    async def _keep_running(self, process: ManagedProcess) -> None:
        clock = asyncio.get_running_loop().time
        pause = self._shortest_pause
        while True:
            began = clock()
            status = await process.ended()
            if clock() - began >= _STABLE_AFTER:
                pause = self._shortest_pause
            self._show(f"{process.name} ended ({describe_end(status)}); starting it again in {pause:g} s")
            pause = await self._start_again(process, pause)

    async def _start_again(self, process: ManagedProcess, pause: float) -> float:
        """Wait and start the process until that succeeds, with growing pauses; return the next pause."""
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                await process.start()
            except DevelopmentError as error:
                self._show(f"{error}; trying again in {pause:g} s")
            else:
                self._show(f"{process.name:<10} {process.where}, again")
                return pause


async def together(*starts: Coroutine[Any, Any, None]) -> None:
    """Start several processes concurrently; the first failure cancels the others."""
    try:
        async with asyncio.TaskGroup() as group:
            for start in starts:
                group.create_task(start)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


def describe_end(status: int) -> str:
    """Describe an exit status in words."""
    return f"exit status {status}" if status >= 0 else f"signal {-status}, {signal.strsignal(-status)}"
