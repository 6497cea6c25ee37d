"""Tortoise's PostgreSQL client on a pool of ours.

asyncpg raises `InterfaceError` and `InternalClientError` both for a lost connection and for wrong use of its API. The
connection tells them apart: after wrong use it is still open. Only a lost connection becomes Tortoise's
`DBConnectionError`, which `availability` knows.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    PoolConnectionWrapper,
    TransactionContextPooled,
)
from tortoise.exceptions import DBConnectionError

from contract_server.db.hosts import Hosts
from contract_server.db.pool import NOT_OF_THE_SERVER, ConnectionPool
from contract_server.db.resources import Resources

_ARGUMENTS = {"dsn", "timeout", "server_settings", "statement_cache_size", "command_timeout"}

ROLLBACK_LIMIT_S = 1.0
"""How long a rollback waits for a cancelled statement. Then the connection is closed."""


def _means_loss(error: BaseException | None, connection: Any) -> bool:  # noqa: ANN401 - asyncpg ships no types
    """Whether asyncpg raised the error because the connection is lost."""
    return isinstance(error, NOT_OF_THE_SERVER) and bool(connection.is_closed())


def _examine(error: BaseException | None, connection: Any, resources: Resources) -> None:  # noqa: ANN401 - as above
    """Remember a lack of resources, and raise `DBConnectionError` if the connection is lost."""
    resources.note(error)
    if _means_loss(error, connection):
        raise DBConnectionError("the connection to the database is lost") from error


@contextmanager
def _examined(connection: Any, resources: Resources) -> Iterator[None]:  # noqa: ANN401 - as above
    try:
        yield
    except Exception as error:
        _examine(error, connection, resources)
        raise


class _OfThePool(PoolConnectionWrapper[Any]):
    """A lent connection. It is closed after a cancellation, because its statement may still be running."""

    client: "Client"

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:  # noqa: ANN401 - as Tortoise has it
        if isinstance(error, asyncio.CancelledError | TimeoutError):
            await self.client.discard(self.connection)
            return
        await super().__aexit__(kind, error, traceback)
        _examine(error, self.connection, self.client.resources)


class _OfTheTransaction(ConnectionWrapper[Any]):
    client: "_Transaction"

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:  # noqa: ANN401 - as Tortoise has it
        await super().__aexit__(kind, error, traceback)
        _examine(error, self.connection, self.client.resources)


class _ThroughPooler(_OfThePool):
    """A lent connection whose session is the same for one transaction only: each use of it is one."""

    async def __aenter__(self) -> Any:  # noqa: ANN401 - asyncpg ships no types
        connection = await super().__aenter__()
        self._transaction = connection.transaction()
        try:
            await self._transaction.start()
            await connection.execute(self.client.preamble)
        except BaseException:
            await self.client.discard(connection)
            raise
        return connection

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:  # noqa: ANN401 - as Tortoise has it
        try:
            with _examined(self.connection, self.client.resources):
                if error is None:
                    await self._transaction.commit()
                elif not isinstance(error, asyncio.CancelledError | TimeoutError):
                    await self._transaction.rollback()
        finally:
            await super().__aexit__(kind, error, traceback)


class Client(AsyncpgDBClient):
    """Tortoise's client on that pool."""

    def __init__(self, *, preamble: str = "", **settings: Any) -> None:  # noqa: ANN401 - as Tortoise has it
        """Set what begins each transaction; it is set where a pooler keeps no settings of a session."""
        super().__init__(**settings)
        self.preamble = preamble
        self.resources = Resources()

    async def create_pool(self, **settings: Any) -> Any:  # noqa: ANN401 - asyncpg's own
        """Make the pool. Its connections are opened as they are needed, by the URL alone."""
        arguments = {name: value for name, value in settings.items() if name in _ARGUMENTS}
        keeps_statements = arguments.get("statement_cache_size") != 0
        return ConnectionPool(settings["max_size"], Hosts(**arguments).connect, keeps_statements=keeps_statements)

    def acquire_connection(self) -> PoolConnectionWrapper[Any]:
        """Lend a connection of the pool."""
        return (_ThroughPooler if self.preamble else _OfThePool)(self, self._pool_init_lock)

    async def discard(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg ships no types
        """Close a lent connection, which may be in any state, instead of returning it."""
        if isinstance(self._pool, ConnectionPool):
            await self._pool.discard(connection)

    def _in_transaction(self) -> TransactionContextPooled:
        return TransactionContextPooled(_Transaction(self), self._pool_init_lock)


class _Transaction(TransactionWrapper):
    """A transaction of that client, or a savepoint of one."""

    def __init__(self, parent: "Client | _Transaction") -> None:
        super().__init__(parent)
        self.resources: Resources = parent.resources

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        return _OfTheTransaction(self._lock, self)

    def _in_transaction(self) -> NestedTransactionContext:
        return NestedTransactionContext(_Transaction(self))

    async def begin(self) -> None:
        with _examined(self._connection, self.resources):
            await super().begin()
            if isinstance(self._parent, Client) and self._parent.preamble:
                await self._connection.execute(self._parent.preamble)

    async def commit(self) -> None:
        with _examined(self._connection, self.resources):
            await super().commit()

    async def rollback(self) -> None:
        with _examined(self._connection, self.resources):
            async with asyncio.timeout(ROLLBACK_LIMIT_S):
                await super().rollback()


client_class = Client
