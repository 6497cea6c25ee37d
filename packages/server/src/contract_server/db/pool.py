"""How many connections to the database this process uses."""

from dataclasses import dataclass
from typing import Any

from contract_server.db.transaction import current_connection


@dataclass(frozen=True, slots=True)
class PoolUse:
    """The pool at one moment. When all that it may have are in use, requests begin to wait for each other."""

    in_use: int
    idle: int
    limit: int


def pool_use() -> PoolUse | None:
    """The pool as it is now; None as long as nobody has asked the database for anything."""
    pool: Any = getattr(current_connection(), "_pool", None)  # Tortoise offers no public way
    if pool is None:
        return None
    idle = pool.get_idle_size()
    return PoolUse(in_use=pool.get_size() - idle, idle=idle, limit=pool.get_max_size())
