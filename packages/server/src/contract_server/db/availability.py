"""Tell a database that is unavailable or busy, which passes, from a defect, which does not."""

import asyncio

import asyncpg
from tortoise.exceptions import DBConnectionError

_OUT_OF_REACH = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    DBConnectionError,  # where `engine` finds the connection lost
)

_CONTENDED = (
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)


def is_unavailable(error: BaseException | None) -> bool:
    """Return whether `error` or its cause means that the server is away, restarting or full."""
    return _caused_by(error, _OUT_OF_REACH)


def is_contended(error: BaseException | None) -> bool:
    """Return whether `error` or its cause is a conflict with a concurrent transaction: another try may succeed."""
    return _caused_by(error, _CONTENDED)


def _caused_by(error: BaseException | None, kinds: tuple[type[BaseException], ...]) -> bool:
    while error is not None:
        if isinstance(error, kinds):
            return True
        error = error.__cause__
    return False


def lacks_schema(error: BaseException | None) -> bool:
    """Return whether `error` or its cause is a missing table or column: migrations are pending."""
    while error is not None:
        if isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
            return True
        error = error.__cause__
    return False
