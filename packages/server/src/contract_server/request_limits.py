"""Requests in progress: a few of one key at once, some more in a queue, the rest refused.

A place is taken before any connection to the database, so that one session, or one contract, cannot occupy the pool.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
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

    @asynccontextmanager
    async def place(self, key: Hashable) -> AsyncIterator[None]:
        """Take a place of the key for the block, and wait for it if need be.

        Raises:
            RateLimited: Too many requests wait already.
        """
        queue = self._queues.get(key) or self._queues.setdefault(key, _Queue(IN_FLIGHT))
        if queue.requests >= IN_FLIGHT + QUEUED:
            raise RateLimited(timedelta(seconds=1))
        queue.requests += 1
        try:
            async with queue:
                yield
        finally:
            queue.requests -= 1
            if not queue.requests:
                del self._queues[key]


class _Queue(asyncio.Semaphore):
    """The requests of one key, in flight and waiting."""

    requests = 0
