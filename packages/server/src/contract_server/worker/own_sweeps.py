"""Sweeps without ticks: Redis may be away, hang, or be told by others that every tick is taken.

Redis carries the ticks so that one of many workers sweeps at a time. It is no condition of a sweep: sweeps at the same
time do no harm. So a worker that gets no tick for a while sweeps by itself, unless another worker has swept meanwhile.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from contract_server.channel import Channel
from contract_server.clock import DatabaseClock
from contract_server.monitoring.health import last_sweep

EVERY_SECONDS = 5
SILENCE_S = 15.0


async def was_swept_lately() -> bool:
    """Whether any worker has swept lately."""
    last = await last_sweep()
    return last is not None and (await DatabaseClock().now() - last).total_seconds() < SILENCE_S


class OwnSweeps:
    """Sweeps every few seconds while no tick comes, and tells so once."""

    def __init__(
        self,
        sweep: Callable[[], Awaitable[None]],
        *,
        was_swept: Callable[[], Awaitable[bool]] = was_swept_lately,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sweep = sweep
        self._was_swept = was_swept
        self._now = now
        self._sleep = sleep
        self._channel = Channel("ticks")
        self._last_tick = now()
        self._active = False
        self._error: str | None = None

    def tick(self) -> None:
        """Record a tick, which ends the sweeps of this loop."""
        self._last_tick = self._now()
        self._active, self._error = False, None
        self._channel.resume()

    def redis_failed(self, error: Exception) -> None:
        """Record why there may be no tick."""
        self._error = type(error).__name__

    async def serve(self) -> None:
        """Sweep for as long as no tick comes."""
        while True:
            await self._sleep(EVERY_SECONDS)
            self._active = self._now() - self._last_tick >= SILENCE_S and (self._active or not await self._was_swept())
            if self._active:
                self._channel.pause(reason="no tick; this worker sweeps by itself", redis=self._error)
                await self._sweep()
