"""The clock that decides deadlines: the database's time, so that no machine's own clock can move one.

`clock_timestamp()` is read, never `now()`: `now()` stands still from the start of a transaction, so that a
transaction that waited for a lock over midnight would decide with yesterday.

Processes of production read `DatabaseClock`, processes of development `TestClock`, and `services.py` makes that choice.
`TestClock` and its row are therefore here; moving it is `development/test_clock.py`, which production never imports.
"""

import math
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from tortoise import fields
from tortoise.connection import get_connection
from tortoise.models import Model


class Clock(Protocol):
    """Source of the current instant."""

    @property
    def sql(self) -> str:
        """SQL expression of the current instant, for statements that need the instant of their own execution."""
        ...

    async def now(self) -> datetime:
        """The current instant, with a time zone; in a transaction, read it after all waits for locks."""
        ...


class DatabaseClock:
    """Real time, from the database."""

    sql = "clock_timestamp()"

    async def now(self) -> datetime:
        """The database's current instant."""
        return await _read(self.sql)


class CoarseClock:
    """Real time to the second: the database is asked once a second, so that an answer in a flood costs nothing."""

    def __init__(self) -> None:
        self._now = datetime.min.replace(tzinfo=UTC)
        self._read_again_at = -math.inf

    async def now(self) -> datetime:
        """The instant, at most a second ago."""
        if time.monotonic() >= self._read_again_at:
            self._now = await DatabaseClock().now()
            self._read_again_at = time.monotonic() + 1
        return self._now


class TestClockRow(Model):
    """The one row that says how far the test clock stands ahead; a restart forgets nothing."""

    id = fields.SmallIntField(primary_key=True, generated=False, default=1)
    moved_by = fields.TimeDeltaField(default=timedelta())

    class Meta:
        """Where the row is kept."""

        table = "test_clock"


class TestClock:
    """The database's time plus an offset that the API and the worker share. Development only."""

    __test__ = False  # pytest must not collect it

    sql = "(clock_timestamp() + coalesce((SELECT moved_by FROM test_clock), 0) * interval '1 microsecond')"

    async def now(self) -> datetime:
        """The moved instant; the clock keeps ticking."""
        return await _read(self.sql)


async def _read(instant_in_sql: str) -> datetime:
    rows = await get_connection("default").execute_query_dict(f"SELECT {instant_in_sql} AS now")
    now: datetime = rows[0]["now"]
    return now.astimezone(UTC)
