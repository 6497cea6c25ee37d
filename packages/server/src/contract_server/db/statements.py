"""SQL statements, for queries that the models cannot express or that run on every request.

They use the same connection as the models: that of the open transaction, or one of the pool.
"""

from typing import Any

from contract_server.db.transaction import current_connection


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
    count = status.rpartition(" ")[2]
    return int(count) if count.isdecimal() else 0
