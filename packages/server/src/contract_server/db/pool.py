"""The connection pool. It sends nothing to the server when a connection is taken or returned.

asyncpg's own pool runs a task and a request to the server for every connection that is returned, which takes longer
than most of our statements. Our code leaves nothing behind in a session but, after a cancellation or a failure, an open
transaction or a running statement. A connection in that state is closed, and the server ends both. Code that changes
a session, or takes a lock of one, undoes it itself.

The pool hands out idle connections only. Between the server's last message and the end of the stream, a connection is
neither closed nor idle. Such a connection is closed, and the next one is taken. asyncpg tells only when it is asked to
execute something, so it is asked to execute a statement no times at all, for which it sends nothing. That statement is
prepared once for each connection, because looking it up takes as long as the question.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
from tortoise.exceptions import DBConnectionError

from contract_server.db.transaction import current_connection

CLOSE_LIMIT_S = 1.0
"""How long closing a connection waits for its cancelled statement. Then the connection is cut off."""

NOT_OF_THE_SERVER = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises both for a lost connection and for wrong use of its API."""

Executemany = Callable[[Sequence[object]], Awaitable[None]]
"""Executes a statement once for each item, its values."""

_NOTHING = "SELECT"
_READ_ONLY = ("in_hot_standby", "default_transaction_read_only")  # settings that PostgreSQL reports unasked


@dataclass(frozen=True, slots=True)
class PoolUse:
    """Connections of the pool at one moment. If all are in use, further requests wait."""

    in_use: int
    idle: int
    limit: int


class ConnectionPool:
    """Lends the idle connection that was returned last, with the statements that it has prepared."""

    def __init__(self, limit: int, connect: Callable[[], Awaitable[Any]], *, keeps_statements: bool = True) -> None:
        """Set the most connections, how to open one, and whether its prepared statements stay, as no pooler's do."""
        self._limit = limit
        self._connect = connect
        self._keeps_statements = keeps_statements
        self._slots = asyncio.Semaphore(limit)
        self._open: dict[Any, Executemany] = {}  # each with what asks whether it is idle
        self._idle: list[Any] = []
        self._is_closed = False

    def use(self) -> PoolUse:
        """The present use."""
        idle = len(self._idle)
        return PoolUse(in_use=len(self._open) - idle, idle=idle, limit=self._limit)

    async def acquire(self) -> Any:  # noqa: ANN401 - asyncpg ships no types
        """Take an idle connection, or open one. If all are in use, wait for the next that is returned.

        Raises:
            DBConnectionError: The pool is closed, or asyncpg gives no connection.
        """
        self._require_open()
        await self._slots.acquire()
        try:
            return await self._idle_connection() or await self._new_connection()
        except BaseException as error:
            self._slots.release()
            if isinstance(error, NOT_OF_THE_SERVER):
                raise DBConnectionError("the database gives no connection") from error
            raise

    async def release(self, connection: Any) -> None:  # noqa: ANN401 - as above
        """Return a connection. One that is lost, in a transaction, or read-only is closed."""
        if self._is_closed or _is_unfit(connection):
            await self.discard(connection)
        else:
            self._idle.append(connection)
            self._slots.release()

    async def discard(self, connection: Any) -> None:  # noqa: ANN401 - as above
        """Close a connection instead of returning it, even if this task is cancelled meanwhile."""
        closing = asyncio.get_running_loop().create_task(self._close(connection))
        closing.add_done_callback(lambda _: self._slots.release())
        await asyncio.shield(closing)

    async def close(self) -> None:
        """Close every connection. Those in use are closed when they are returned."""
        self._is_closed = True
        for _ in range(self._limit):
            await self._slots.acquire()
        while self._idle:
            await self._close(self._idle.pop())

    def terminate(self) -> None:
        """Cut off every connection."""
        for connection in self._open:
            connection.terminate()

    async def _idle_connection(self) -> Any:  # noqa: ANN401 - as above
        """The idle connection that was returned last. Every other one on the way is closed."""
        while self._idle:
            connection = self._idle.pop()
            try:
                await self._open[connection](())
            except BaseException as error:
                del self._open[connection]
                connection.terminate()
                if not isinstance(error, NOT_OF_THE_SERVER):
                    raise
            else:
                return connection
        return None

    async def _new_connection(self) -> Any:  # noqa: ANN401 - as above
        self._require_open()
        connection = await self._connect()
        try:
            self._open[connection] = await self._executing_nothing(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _executing_nothing(self, connection: Any) -> Executemany:  # noqa: ANN401 - as above
        """Return a function that is refused unless the connection is idle."""
        if self._keeps_statements:
            executemany: Executemany = (await connection.prepare(_NOTHING)).executemany
            return executemany
        return partial(connection.executemany, _NOTHING)

    def _require_open(self) -> None:
        if self._is_closed:
            raise DBConnectionError("the connections to the database are closed")

    async def _close(self, connection: Any) -> None:  # noqa: ANN401 - as above
        with suppress(Exception):  # asyncpg has cut it off
            await connection.close(timeout=CLOSE_LIMIT_S)
        self._open.pop(connection, None)


def _is_unfit(connection: Any) -> bool:  # noqa: ANN401 - as above
    """Whether a connection must not serve again. One to a standby would refuse writes after the switchover, too."""
    reported = connection.get_settings()
    return (
        connection.is_closed()
        or connection.is_in_transaction()
        or any(getattr(reported, setting, "off") == "on" for setting in _READ_ONLY)
    )


def pool_use() -> PoolUse | None:
    """Return the pool's present use; None before the first query."""
    pool: ConnectionPool | None = getattr(current_connection(), "_pool", None)  # Tortoise offers no public way
    return None if pool is None else pool.use()
