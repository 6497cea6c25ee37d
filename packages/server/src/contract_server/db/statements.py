"""SQL statements, for queries that the models cannot express or that run on every request.

They use the same connection as the models: that of the open transaction, or one of the pool.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

from contract_server.db.transaction import current_connection

_LOCK = "SELECT pg_advisory_xact_lock(hashtext($1))"
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext($1)) AS locked"


async def fetch(statement: str, *values: object) -> list[Any]:
    """Execute the statement and return its rows, whose values are accessible by column name.

    Raises:
        asyncpg.PostgresError: The database refused it.
    """
    client = current_connection()
    client.log.debug("%s", statement)
    async with client.acquire_connection() as connection:
        rows: list[Any] = await connection.fetch(statement, *values)
    return rows


async def execute(statement: str, *values: object) -> int:
    """Execute the statement and return the number of rows that it affected.

    Raises:
        asyncpg.PostgresError: The database refused it.
    """
    client = current_connection()
    client.log.debug("%s", statement)
    async with client.acquire_connection() as connection:
        status: str = await connection.execute(statement, *values)
    changed = status.rpartition(" ")[2]
    return int(changed) if changed.isdecimal() else 0


async def lock(name: str) -> None:
    """Take the lock of that name until the transaction ends, once no other session has it."""
    await fetch(_LOCK, f"contract_server.{name}")


async def try_lock(name: str) -> bool:
    """Take the lock of that name until the transaction ends; return whether no other session has it."""
    rows = await fetch(_TRY_LOCK, f"contract_server.{name}")
    return bool(rows[0]["locked"])


class Condition(NamedTuple):
    """A condition in SQL, with `{}` for each value."""

    sql: str
    values: tuple[object, ...]

    async def holds(self) -> bool:
        """Ask the database."""
        rows = await fetch(f"SELECT {with_places(self.sql, count(1))} AS holds", *self.values)
        return bool(rows[0]["holds"])


def with_places(condition: str, places: Iterator[int]) -> str:
    """The condition with its values at the next places of a statement."""
    return condition.format(*(f"${next(places)}" for _ in range(condition.count("{}"))))
