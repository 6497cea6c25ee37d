"""Keeps the parts of a development environment running, and ends all of them when it is told to."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

from contract_server.dev.children import Child
from contract_server.dev.errors import DevelopmentError

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONGEST_PAUSE = 30.0
_STABLE_AFTER = 30.0  # a child that lived this long was well; the next pause is the shortest again


class Supervisor:
    """Starts children, starts them again when they die, and ends them in reverse order.

    Used as a context manager: Ctrl-C (SIGINT), SIGTERM or SIGHUP cancel whatever goes on inside the block,
    and the block is left quietly once no child is left. At a second signal all are killed at once.
    """

    def __init__(self, say: Callable[[str], None], *, shortest_pause: float = 1.0) -> None:
        """`say` takes one line for people; `shortest_pause` are the seconds before a first new start."""
        self._say = say
        self._shortest_pause = shortest_pause
        self._children: list[Child] = []
        self._watches: list[asyncio.Task[None]] = []
        self._ending = False
        self._told_to_stop = False
        self._hurrying: asyncio.Task[None] | None = None
        self._block: asyncio.Task[Any] | None = None

    async def start(self, child: Child, *, ready: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Start a child and keep it running from then on.

        Args:
            child: What to start.
            ready: Returns when the child does its work. A child that ends before that is not started again.

        Raises:
            DevelopmentError: The child did not start, or ended before it was ready.
        """
        self._children.append(child)
        await child.start()
        self._say(f"{child.name:<10} {child.where}")
        if ready is not None:
            await self._await_ready(child, ready())
        self._watches.append(asyncio.create_task(self._keep_running(child)))

    async def run(self, child: Child) -> None:
        """Run a child that does one thing and ends.

        Raises:
            DevelopmentError: It did not start, or it failed.
        """
        self._children.append(child)
        await child.start()
        if status := await child.ended():
            raise DevelopmentError(f"{child.name} failed ({describe_end(status)})")
        self._children.remove(child)

    async def serve(self) -> None:
        """Go on until a signal comes."""
        await asyncio.gather(*self._watches)

    async def __aenter__(self) -> Self:
        """Listen to signals from now on."""
        self._block = asyncio.current_task()
        for number in _STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """End every child; a block that was cancelled by a signal has been left in good order."""
        self._ending = True
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        for child in reversed(self._children):
            await child.stop()
        if self._hurrying:
            await self._hurrying
        if self._told_to_stop and self._block and kind is asyncio.CancelledError:
            self._block.uncancel()
            return True
        return False

    def _on_signal(self) -> None:
        if not self._ending:
            self._ending = self._told_to_stop = True
            self._say("stopping (Ctrl-C once more to hurry)")
            if self._block:
                self._block.cancel()
        elif self._hurrying is None:
            self._hurrying = asyncio.create_task(self._kill_all())

    async def _kill_all(self) -> None:
        await asyncio.gather(*(child.kill() for child in self._children), return_exceptions=True)

    async def _await_ready(self, child: Child, ready: Coroutine[Any, Any, None]) -> None:
        becoming_ready = asyncio.create_task(ready)
        ending = asyncio.create_task(child.ended())
        try:
            await asyncio.wait({becoming_ready, ending}, return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                raise DevelopmentError(f"{child.name} ended ({describe_end(ending.result())}) before it was ready")
            await becoming_ready
        finally:
            for task in (becoming_ready, ending):
                task.cancel()
            await asyncio.gather(becoming_ready, ending, return_exceptions=True)

    async def _keep_running(self, child: Child) -> None:
        clock = asyncio.get_running_loop().time
        pause = self._shortest_pause
        while True:
            began = clock()
            status = await child.ended()
            if clock() - began >= _STABLE_AFTER:
                pause = self._shortest_pause
            self._say(f"{child.name} ended ({describe_end(status)}); starting it again in {pause:g} s")
            pause = await self._start_again(child, pause)

    async def _start_again(self, child: Child, pause: float) -> float:
        """Wait, start the child, and wait longer whenever that fails; the pause before the next time."""
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                await child.start()
            except DevelopmentError as error:
                self._say(f"{error}; trying again in {pause:g} s")
            else:
                self._say(f"{child.name:<10} {child.where}, again")
                return pause


async def together(*starts: Coroutine[Any, Any, None]) -> None:
    """Start several children at the same time; the first failure gives up the others."""
    try:
        async with asyncio.TaskGroup() as group:
            for start in starts:
                group.create_task(start)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


def describe_end(status: int) -> str:
    """An exit status in words."""
    return f"exit status {status}" if status >= 0 else f"signal {-status}, {signal.strsignal(-status)}"
