"""The one clock. Deadlines are judged by the database's time, so that no machine's own clock can move one.

`clock_timestamp()` is read, never `now()`: the latter stands still from the start of a transaction, and a
transaction that waited for a lock over midnight would decide with yesterday.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from tortoise import fields
from tortoise.connection import get_connection
from tortoise.models import Model


class Clock(Protocol):
    """Tells the instant by which contracts are judged."""

    @property
    def sql(self) -> str:
        """The same as an expression, for statements that need the instant at which they are carried out."""
        ...

    async def now(self) -> datetime:
        """The current instant, aware; inside a transaction, read after whatever was awaited before."""
        ...


class DatabaseClock:
    """Real time, as the database tells it."""

    sql = "clock_timestamp()"

    async def now(self) -> datetime:
        """The database's current instant."""
        return await _read(self.sql)


class TestClockRow(Model):
    """The one row that says how far the test clock stands ahead; a restart forgets nothing."""

    id = fields.SmallIntField(primary_key=True, generated=False, default=1)
    moved_by = fields.TimeDeltaField(default=timedelta())

    class Meta:
        """Where the row is kept."""

        table = "test_clock"


class TestClock:
    """The database's time, moved forward by an amount that API and worker share. Development only."""

    __test__ = False  # not a test, whatever pytest makes of the name

    sql = "(clock_timestamp() + coalesce((SELECT moved_by FROM test_clock), 0) * interval '1 microsecond')"

    async def now(self) -> datetime:
        """The moved instant. The clock keeps ticking."""
        return await _read(self.sql)

    async def moved_by(self) -> timedelta:
        """How far the clock stands ahead of real time."""
        row = await TestClockRow.first()
        return row.moved_by if row else timedelta()

    async def move_to(self, instant: datetime) -> None:
        """Set the clock forward, so that it shows `instant` or later from now on; never backward."""
        await get_connection("default").execute_query(
            "INSERT INTO test_clock (id, moved_by)"
            " VALUES (1, ceil(extract(epoch FROM $1::timestamptz - clock_timestamp()) * 1000000))"
            " ON CONFLICT (id) DO UPDATE SET moved_by = greatest(test_clock.moved_by, excluded.moved_by)",
            [instant],
        )

    async def reset(self) -> None:
        """Back to real time."""
        await TestClockRow.all().delete()


class FakeClock:
    """Stands still where a test puts it."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    @property
    def sql(self) -> str:
        """The instant, written out."""
        return f"timestamptz '{self.instant.isoformat()}'"

    async def now(self) -> datetime:
        """The instant that was set last."""
        return self.instant


async def _read(instant_in_sql: str) -> datetime:
    rows = await get_connection("default").execute_query_dict(f"SELECT {instant_in_sql} AS now")
    now: datetime = rows[0]["now"]
    return now.astimezone(UTC)
