"""Tortoise's PostgreSQL client, with a pool that sends nothing to the server when a connection is taken or returned.

asyncpg's pool resets every connection that is returned: a task and a request to the server, which take longer than
most of our statements. Our code leaves nothing behind but, after a cancellation or a failure, an open transaction or
a running statement, and both are visible without a request. Code that changes a session, or takes a lock of one,
undoes it itself.

The pool hands out idle connections only. Between the server's last message and the end of the stream, a connection is
neither closed nor idle. Such a connection is dropped, and the next one is taken.

asyncpg raises `InterfaceError` and `InternalClientError` both for a lost connection and for wrong use of its API. The
connection tells them apart: after wrong use it is still open. Only a lost connection becomes Tortoise's
`DBConnectionError`, which `availability` knows.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    PoolConnectionWrapper,
    TransactionContextPooled,
)
from tortoise.exceptions import DBConnectionError

from contract_server.logs import get_logger

log = get_logger(__name__)

RELEASE_LIMIT_S = 1.0
"""How long a rollback, and the return of a connection, wait for a cancelled statement. Then it is dropped."""

_NOT_OF_THE_SERVER = (asyncpg.InterfaceError, asyncpg.InternalClientError)
_NOTHING = "SELECT"

# as `asyncpg.create_pool` sets them, which makes pools of its own class alone
_DEFAULTS: dict[str, Any] = {
    "init_size": None,
    "max_queries": 50_000,
    "max_inactive_connection_lifetime": 300.0,
    "connect": None,
    "setup": None,
    "init": None,
    "reset": None,
    "record_class": asyncpg.Record,
}


class QuietPool(asyncpg.Pool):  # type: ignore[misc] # asyncpg ships no types
    """Hands out the idle connection that was returned last, with the statements that it has prepared."""

    async def acquire(self, *, timeout: float | None = None) -> PoolConnectionProxy:  # noqa: ASYNC109 - as asyncpg has it
        """Take an idle connection. Drop every connection on the way that is not idle.

        Raises:
            DBConnectionError: There is none, and no new one can be made.
        """
        while True:
            try:
                connection = await super().acquire(timeout=timeout)
            except _NOT_OF_THE_SERVER as error:
                raise DBConnectionError("the database gives no connection") from error
            try:
                await connection.executemany(_NOTHING, ())  # sends nothing; refused unless the protocol is idle
            except BaseException as error:
                with suppress(asyncpg.InterfaceError):  # the pool has it back already
                    connection.terminate()
                if not isinstance(error, _NOT_OF_THE_SERVER):
                    raise
            else:
                return connection

    async def release(self, connection: PoolConnectionProxy, *, timeout: float | None = RELEASE_LIMIT_S) -> None:  # noqa: ASYNC109 - as asyncpg has it
        """Return a connection. One that is not clean is reset as asyncpg does it, or else dropped."""
        # asyncpg has no public way to do this; its own steps are in `Pool.release`
        holder, borrowed = connection._holder, connection._con  # noqa: SLF001
        if borrowed is None or not self._is_clean(holder, borrowed):
            try:
                await super().release(connection, timeout=timeout)
            except Exception as error:  # asyncpg has dropped it: no fault of the statement before
                log.warning("connection dropped: its reset failed", exc_info=error)
            return
        borrowed._on_release()  # noqa: SLF001
        holder._release()  # noqa: SLF001
        holder._setup_inactive_callback()  # noqa: SLF001

    def _is_clean(self, holder: Any, connection: Any) -> bool:  # noqa: ANN401 - asyncpg ships no types
        protocol = connection._protocol  # noqa: SLF001
        return not (
            connection.is_closed()
            or connection.is_in_transaction()
            or connection._top_xact is not None  # noqa: SLF001
            or connection._listeners  # noqa: SLF001
            or protocol._is_cancelling()  # noqa: SLF001
            or protocol.queries_count >= self._max_queries
            or holder._generation != self._generation  # noqa: SLF001
        )


def _means_loss(error: BaseException | None, connection: Any) -> bool:  # noqa: ANN401 - asyncpg ships no types
    """Whether asyncpg raised the error because the connection is lost."""
    if not isinstance(error, _NOT_OF_THE_SERVER):
        return False
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:  # lost while it was lent: the pool has it back already
        return True


@contextmanager
def _loss_raised(connection: Any) -> Iterator[None]:  # noqa: ANN401 - as above
    try:
        yield
    except _NOT_OF_THE_SERVER as error:
        if _means_loss(error, connection):
            raise DBConnectionError("the connection to the database is lost") from error
        raise


class _RaisesLoss:
    """What `acquire_connection` returns, raising `DBConnectionError` for a lost connection."""

    connection: Any

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:  # noqa: ANN401 - as Tortoise has it
        lost = _means_loss(error, self.connection)  # asked before the connection is returned
        await super().__aexit__(kind, error, traceback)  # type: ignore[misc] # of the class beside it
        if lost:
            raise DBConnectionError("the connection to the database is lost") from error


class _OfThePool(_RaisesLoss, PoolConnectionWrapper[Any]):
    pass


class _OfTheTransaction(_RaisesLoss, ConnectionWrapper[Any]):
    pass


class Client(AsyncpgDBClient):
    """Tortoise's client on that pool."""

    async def create_pool(self, **settings: Any) -> asyncpg.Pool:  # noqa: ANN401 - asyncpg's own
        """Open the pool."""
        try:
            return await QuietPool(**_DEFAULTS | settings)
        except _NOT_OF_THE_SERVER as error:
            raise DBConnectionError("the database gives no connection") from error

    def acquire_connection(self) -> PoolConnectionWrapper[Any]:
        """Lend a connection of the pool."""
        return _OfThePool(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContextPooled:
        return TransactionContextPooled(_Transaction(self), self._pool_init_lock)


class _Transaction(TransactionWrapper):
    """A transaction of that client, or a savepoint of one."""

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        return _OfTheTransaction(self._lock, self)

    def _in_transaction(self) -> NestedTransactionContext:
        return NestedTransactionContext(_Transaction(self))

    async def begin(self) -> None:
        with _loss_raised(self._connection):
            await super().begin()

    async def commit(self) -> None:
        with _loss_raised(self._connection):
            await super().commit()

    async def rollback(self) -> None:
        with _loss_raised(self._connection):
            async with asyncio.timeout(RELEASE_LIMIT_S):  # waits for a cancelled statement, as a return does
                await super().rollback()


client_class = Client
