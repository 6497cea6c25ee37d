"""Tortoise's own PostgreSQL client, with a pool that asks the server nothing when a connection comes back.

asyncpg's pool undoes, at each release, whatever a borrower may have left behind: a task and a request to the server,
which take longer than most of our statements. Our borrowers leave nothing behind but, when they are cancelled or
fail, a transaction or a statement under way, and that can be seen without asking. Who sets something for a session,
or takes a lock of one, takes it back by themselves.
"""

from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from tortoise.backends.asyncpg.client import AsyncpgDBClient

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
    """Hands out the connection that came back last, with the statements that it has prepared."""

    async def release(self, connection: PoolConnectionProxy, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as asyncpg has it
        """Take a connection back; where anything about it is out of the ordinary, as asyncpg does."""
        # asyncpg offers no public way to any of this; what it does itself, step by step, is `Pool.release`
        holder, borrowed = connection._holder, connection._con  # noqa: SLF001
        if borrowed is None or holder._pool is not self or not self._is_clean(holder, borrowed):  # noqa: SLF001
            await super().release(connection, timeout=timeout)
            return
        borrowed._on_release()  # noqa: SLF001
        holder._timeout = None  # noqa: SLF001
        holder._release()  # noqa: SLF001
        holder._setup_inactive_callback()  # noqa: SLF001

    def _is_clean(self, holder: Any, connection: Any) -> bool:  # noqa: ANN401 - asyncpg ships no types
        protocol = connection._protocol  # noqa: SLF001
        return not (
            connection.is_closed()
            or connection.is_in_transaction()
            or connection._top_xact is not None  # noqa: SLF001
            or connection._listeners  # noqa: SLF001
            or connection._log_listeners  # noqa: SLF001
            or protocol._is_cancelling()  # noqa: SLF001
            or protocol.queries_count >= self._max_queries
            or holder._generation != self._generation  # noqa: SLF001
        )


class Client(AsyncpgDBClient):
    """Tortoise's client on that pool."""

    async def create_pool(self, **settings: Any) -> asyncpg.Pool:  # noqa: ANN401 - asyncpg's own
        """The pool, opened."""
        return await QuietPool(**_DEFAULTS | settings)


client_class = Client
