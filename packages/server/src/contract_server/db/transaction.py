"""The one way of making a transaction.

Tortoise's own `in_transaction()` leaves its pooled connection behind when the task is cancelled, or the server
fails, while BEGIN is under way; and an executor that cancels sibling resolvers does cancel. After ten such
requests a pool of ten is empty for ever. This wrapper gives the connection back in every case.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContextPooled
from tortoise.connection import get_connection, get_connections
from tortoise.transactions import in_transaction  # noqa: TID251 - this is the place that may


@asynccontextmanager
async def transaction() -> AsyncIterator[BaseDBAsyncClient]:
    """Everything inside is committed together, or, when it raises or is cancelled, not at all.

    Models and queries inside use the transaction by themselves. A transaction inside another is a savepoint.
    """
    context = in_transaction("default")
    try:
        client = await context.__aenter__()
    except BaseException:
        if isinstance(context, TransactionContextPooled):
            await _give_back(context)
        raise
    failure: BaseException | None = None
    try:
        yield client
    except BaseException as error:
        failure = error
        raise
    finally:
        await context.__aexit__(type(failure) if failure else None, failure, None)


async def _give_back(context: TransactionContextPooled) -> None:
    """Release what `__aenter__` had acquired when BEGIN did not come to its end."""
    if hasattr(context, "token"):
        get_connections().reset(context.token)
    connection = getattr(context.client, "_connection", None)
    pool = getattr(context.client._parent, "_pool", None)  # noqa: SLF001 - Tortoise offers no public way
    if connection is not None and pool is not None:
        await pool.release(connection)


def current_connection() -> BaseDBAsyncClient:
    """The connection that queries go to now: the open transaction's, or one of the pool."""
    return get_connection("default")
