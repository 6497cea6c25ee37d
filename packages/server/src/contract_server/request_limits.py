"""Requests in progress: a few of one key at once, some more in a queue, the rest refused.

A place is taken before any connection to the database, so that one session, or one contract, cannot occupy the pool.
"""

import asyncio
from collections.abc import Hashable
from datetime import timedelta

IN_FLIGHT = 2
QUEUED = 20


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
