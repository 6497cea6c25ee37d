"""Looking into a database beside the product."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg


@asynccontextmanager
async def looking_into(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of one's own, closed whatever happens."""
    connection = await asyncpg.connect(database_url)
    try:
        yield connection
    finally:
        await connection.close()
