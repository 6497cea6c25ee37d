"""Telling a database that is out of reach, which passes, from a defect, which does not."""

import asyncio

import asyncpg
from tortoise.exceptions import DBConnectionError

_OUT_OF_REACH = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    DBConnectionError,
)


def is_unavailable(error: BaseException | None) -> bool:
    """Whether `error`, or what caused it, says that the server is away, restarting or full."""
    while error is not None:
        if isinstance(error, _OUT_OF_REACH):
            return True
        error = error.__cause__
    return False
