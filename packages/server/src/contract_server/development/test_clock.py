"""Moving the test clock, which `contract_server.clock` reads."""

from datetime import datetime, timedelta

from tortoise.connection import get_connection

from contract_server.clock import TestClock, TestClockRow


class MovableClock(TestClock):
    """The test clock and its controls. All instances share one row, and it moves forward only."""

    async def moved_by(self) -> timedelta:
        """How far the clock stands ahead of real time."""
        row = await TestClockRow.first()
        return row.moved_by if row else timedelta()

    async def move_to(self, instant: datetime) -> None:
        """Move the clock forward so that it shows `instant` or later; do nothing if it is further ahead."""
        await get_connection("default").execute_query(
            "INSERT INTO test_clock (id, moved_by)"
            " VALUES (1, ceil(extract(epoch FROM $1::timestamptz - clock_timestamp()) * 1000000))"
            " ON CONFLICT (id) DO UPDATE SET moved_by = greatest(test_clock.moved_by, excluded.moved_by)",
            [instant],
        )

    async def reset(self) -> None:
        """Return to real time."""
        await TestClockRow.all().delete()
