"""The worker's loops, which go on after every error, above all after a restart of the database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from contract_server.db.availability import is_transient, lacks_schema
from contract_server.logs import get_logger

log = get_logger(__name__)

PAUSE_S = 1.0


@asynccontextmanager
async def loops(name: str, *works: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run each work again and again for the duration of the block; at its end, cancel them and wait for their end."""
    tasks = [asyncio.create_task(_repeat(name, work)) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _repeat(name: str, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception as error:
            if is_transient(error) or lacks_schema(error):
                log.warning("loop paused: database unavailable", loop=name, exc_info=error)
            else:
                log.exception("loop failed", loop=name)
        await asyncio.sleep(PAUSE_S)
