"""Use of the connection pool."""

from dataclasses import dataclass
from typing import Any

from contract_server.db.transaction import current_connection


@dataclass(frozen=True, slots=True)
class PoolUse:
    """Connections of the pool at one moment. If all are in use, further requests wait."""

    in_use: int
    idle: int
    limit: int


def pool_use() -> PoolUse | None:
    """Return the pool's present use; None before the first query."""
    pool: Any = getattr(current_connection(), "_pool", None)  # Tortoise offers no public way
    if pool is None:
        return None
    idle = pool.get_idle_size()
    return PoolUse(in_use=pool.get_size() - idle, idle=idle, limit=pool.get_max_size())
