"""Transactions that always release their connection.

Tortoise's `in_transaction()` leaks its pooled connection if the task is cancelled, or the server fails, during BEGIN.
graphql-core cancels sibling resolvers, so this happens. After ten such requests, a pool of ten is empty forever. This
wrapper releases the connection in every case.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContextPooled
from tortoise.connection import get_connection, get_connections
from tortoise.transactions import in_transaction  # noqa: TID251 - wrapped here

_after_commit: ContextVar[list[Callable[[], None]] | None] = ContextVar("after_commit", default=None)


@asynccontextmanager
async def transaction() -> AsyncIterator[BaseDBAsyncClient]:
    """Commit everything inside together, or nothing if it raises or is cancelled.

    Models and queries inside use the transaction automatically. A nested transaction is a savepoint.
    """
    context = in_transaction("default")
    try:
        client = await context.__aenter__()
    except BaseException:
        if isinstance(context, TransactionContextPooled):
            await _discard(context)
        raise
    failure: BaseException | None = None
    calls: list[Callable[[], None]] = []
    token = _after_commit.set(calls)
    try:
        yield client
    except BaseException as error:
        failure = error
        raise
    finally:
        try:
            await context.__aexit__(type(failure) if failure else None, failure, None)
        finally:
            _after_commit.reset(token)
    for call in calls:
        after_commit(call)  # of a savepoint: once the transaction around it is committed


def after_commit(call: Callable[[], None]) -> None:
    """Make a call once the open transaction has been committed, and never if it is rolled back; without one, now."""
    calls = _after_commit.get()
    if calls is None:
        call()
    else:
        calls.append(call)


async def _discard(context: TransactionContextPooled) -> None:
    """Close the connection that `__aenter__` acquired before BEGIN failed."""
    if hasattr(context, "token"):
        get_connections().reset(context.token)
    connection = getattr(context.client, "_connection", None)
    pool = getattr(context.client._parent, "_pool", None)  # noqa: SLF001 - Tortoise offers no public way
    if connection is not None and pool is not None:
        await pool.discard(connection)


def current_connection() -> BaseDBAsyncClient:
    """The connection that queries use now: that of the open transaction, or the pool."""
    return get_connection("default")


def direct_connection() -> BaseDBAsyncClient:
    """The pool of connections without a pooler, for what needs a session: LISTEN, its locks, temporary tables."""
    return get_connection("direct")
