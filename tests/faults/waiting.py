"""Waiting for what another process does: it is asked again and again, because it tells nobody when it is done."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

PATIENCE_S = 60


async def until(happened: Callable[[], bool | Awaitable[bool]]) -> None:
    """Return when it has happened; fail where it does not."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = happened()
            if await answer if inspect.isawaitable(answer) else answer:
                return
            await asyncio.sleep(0.05)
