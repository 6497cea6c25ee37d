"""Watching a process and its database for as long as a soak lasts."""

import asyncio
import statistics
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import asyncpg

_LONGEST_IDLE = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - state_change)), 0)::float FROM pg_stat_activity
 WHERE state LIKE 'idle in transaction%'
"""
_MEGABYTE = 1024**2
_HOUR_S = 3600
AWAY = (OSError, asyncpg.InterfaceError, asyncpg.PostgresError)
"""What is met where the database is killed or frozen."""


@dataclass
class Watch:
    """The longest pause inside a transaction, and how much memory the server takes, from the beginning to the end."""

    database_url: str
    pid: int
    every_s: float = 0.5
    longest_idle_s: float = 0.0
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Seconds, and megabytes."""

    async def go_on(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self.memory.append((asyncio.get_running_loop().time(), self._megabytes()))
            with suppress(*AWAY):  # the database is, now and then
                connection = await asyncpg.connect(self.database_url)
                try:
                    self.longest_idle_s = max(self.longest_idle_s, await connection.fetchval(_LONGEST_IDLE))
                finally:
                    connection.terminate()
            await asyncio.sleep(self.every_s)

    @property
    def megabytes_per_hour(self) -> float:
        """How fast the memory grows in the second half, when everything that is kept for reuse is there.

        It is the median of the slopes between any two minutes (Theil and Sen): Python takes memory by the megabyte, and
        one more of these in half an hour is a step, and no slope. Two or more are one.
        """
        settled = self.memory[len(self.memory) // 2 :]
        minutes = [settled[first : first + self._a_minute] for first in range(0, len(settled), self._a_minute)]
        means = [tuple(map(statistics.fmean, zip(*minute, strict=True))) for minute in minutes]
        slopes = [(more - less) / (later - sooner) for (sooner, less), (later, more) in combinations(means, 2)]
        return statistics.median(slopes) * _HOUR_S if slopes else 0.0

    @property
    def _a_minute(self) -> int:
        return max(1, round(60 / self.every_s))

    def _megabytes(self) -> float:
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Anonymous:"):
                return int(line.split()[1]) * 1024 / _MEGABYTE
        return 0.0
