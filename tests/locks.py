"""Who waits for a lock in a test's database, of which the database tells nobody."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

PATIENCE_S = 60

# `pg_stat_activity` would say so as well, but inside a transaction always the same
WAITING = """
    SELECT DISTINCT pid FROM pg_locks
     WHERE NOT granted AND pid IN (
        SELECT pid FROM pg_locks JOIN pg_database AS here ON here.oid = database
         WHERE here.datname = current_database())
"""


async def until_a_lock_is_awaited(fetch: Callable[[str], Awaitable[Sequence[object]]], *, count: int = 1) -> None:
    """Return when so many wait for a lock, as whoever `fetch` asks sees it; fail where they do not."""
    async with asyncio.timeout(PATIENCE_S):
        while len(await fetch(WAITING)) < count:
            await asyncio.sleep(0.01)
