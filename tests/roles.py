"""The roles of the tests' databases, and a database's URL for one of them."""

from urllib.parse import urlsplit

import asyncpg

from contract_server.db.roles import DatabaseRole

_PASSWORD = "roles"
_CREATE = "CREATE ROLE {} LOGIN PASSWORD '{}'"


async def create_roles(url: str) -> None:
    """Create those roles of the database's server that are missing."""
    connection = await asyncpg.connect(url)
    try:
        known = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        for role in DatabaseRole:
            if role not in known:
                await connection.execute(_CREATE.format(role, _PASSWORD))
    finally:
        await connection.close()


def as_role(url: str, role: DatabaseRole) -> str:
    """The URL of the same database for a role."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{role}:{_PASSWORD}@{parts.netloc.rpartition('@')[2]}").geturl()
