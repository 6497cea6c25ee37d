"""Requests in progress: a few of one key at once, some more in a queue, the rest refused; and not too many in all.

A place is taken before any connection to the database, so that one session, or one contract, cannot occupy the pool.
"""

import asyncio
import time
from collections.abc import Callable, Hashable
from datetime import timedelta

IN_FLIGHT = 2
QUEUED = 20

ALWAYS_ACCEPTED = 100
"""As many requests in progress are accepted however long they take: they show when the load is over."""

_SHARE = 1 / 32  # of the latest request in the smoothed duration


class RateLimited(Exception):
    """The budget is used up; another try makes sense after `retry_after`."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__()
        self.retry_after = retry_after


class InFlight:
    """Gives each key its places, in the order of the requests. A key without requests takes no memory."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, _Queue] = {}

    def place(self, key: Hashable) -> "_Place":
        """Take a place of the key for a block, and wait for it if need be.

        Raises:
            RateLimited: Too many requests wait already.
        """
        return _Place(self._queues, key)


class _Queue(asyncio.Semaphore):
    """The requests of one key, in flight and waiting."""

    requests = 0


class _Place:
    """One request; a class, because every request takes a place and `asynccontextmanager` takes twice as long."""

    __slots__ = ("_key", "_queue", "_queues")

    def __init__(self, queues: dict[Hashable, _Queue], key: Hashable) -> None:
        self._queues = queues
        self._key = key
        self._queue = queues.get(key) or queues.setdefault(key, _Queue(IN_FLIGHT))

    async def __aenter__(self) -> None:
        if self._queue.requests >= IN_FLIGHT + QUEUED:
            raise RateLimited(timedelta(seconds=1))
        self._queue.requests += 1
        try:
            await self._queue.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._queue.release()
        self._leave()

    def _leave(self) -> None:
        self._queue.requests -= 1
        if not self._queue.requests:
            del self._queues[self._key]


class Overloaded(Exception):
    """More requests are in progress than can be answered within the deadline."""


class Load:
    """The requests in progress, and how long such requests take now.

    While they take more than half of the deadline, further requests would probably exceed it, after a wait in vain.
    """

    def __init__(self, deadline: timedelta, clock: Callable[[], float] = time.monotonic) -> None:
        self._longest = deadline.total_seconds() / 2
        self._clock = clock
        self._in_progress = 0
        self._duration = 0.0  # in seconds, smoothed

    def require_capacity(self) -> None:
        """Check that one more request can be answered in time.

        Raises:
            Overloaded: It cannot.
        """
        if self._in_progress >= ALWAYS_ACCEPTED and self._duration > self._longest:
            raise Overloaded

    def begin(self) -> float:
        """Count a request, and return when it began."""
        self._in_progress += 1
        return self._clock()

    def end(self, began: float) -> None:
        """Uncount a request that began at that time."""
        self._in_progress -= 1
        self._duration += (self._clock() - began - self._duration) * _SHARE
