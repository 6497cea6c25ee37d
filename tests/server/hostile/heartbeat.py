"""How long one request holds the event loop, in CPU of its thread: other programs on the machine do not count."""

import asyncio
import time
from collections.abc import Coroutine

LONGEST_HOLD = 0.250  # seconds


async def longest_hold(request: Coroutine[object, object, object]) -> float:
    """Run the request beside a heartbeat. Returns the most CPU, in seconds, between two beats."""
    loop = asyncio.get_running_loop()
    longest, last = 0.0, time.thread_time()
    next_beat: asyncio.Handle

    def beat() -> None:
        nonlocal longest, last, next_beat
        now = time.thread_time()
        longest, last = max(longest, now - last), now
        next_beat = loop.call_later(0.001, beat)

    next_beat = loop.call_soon(beat)
    try:
        await loop.create_task(request)
    finally:
        next_beat.cancel()
    return max(longest, time.thread_time() - last)
