"""Statements written by hand, for the few paths that every request takes; everything else asks the models.

They go where the models' queries go: to the open transaction, or to a connection of the pool.
"""

from typing import Any

from contract_server.db.transaction import current_connection


async def fetch(statement: str, *values: object) -> list[Any]:
    """The rows that the statement returns, each of them readable by its columns' names.

    Raises:
        asyncpg.PostgresError: As the database says it.
    """
    client = current_connection()
    client.log.debug("%s", statement)
    async with client.acquire_connection() as connection:
        rows: list[Any] = await connection.fetch(statement, *values)
    return rows


async def execute(statement: str, *values: object) -> int:
    """How many rows the statement has inserted, changed or deleted, where it is not to return them.

    Raises:
        asyncpg.PostgresError: As the database says it.
    """
    client = current_connection()
    client.log.debug("%s", statement)
    async with client.acquire_connection() as connection:
        said: str = await connection.execute(statement, *values)
    return int(said.rpartition(" ")[2])
