"""Time passes by the test clock, and nothing that falls due on the way is done: as while no worker runs."""

from datetime import datetime, timedelta

import asyncpg

_PASS = """
INSERT INTO test_clock (id, moved_by) VALUES (1, $1)
    ON CONFLICT (id) DO UPDATE SET moved_by = test_clock.moved_by + excluded.moved_by
"""
_PRESENT = (
    "SELECT clock_timestamp() + coalesce((SELECT moved_by FROM test_clock), 0) * interval '1 microsecond' AS present"
)


async def present(connection: asyncpg.Connection) -> datetime:
    """The instant by which contracts are judged now."""
    instant: datetime = await connection.fetchval(_PRESENT)
    return instant


async def pass_time(connection: asyncpg.Connection, distance: timedelta) -> None:
    """Let that much time pass."""
    await connection.execute(_PASS, distance // timedelta(microseconds=1))
