"""A clock for tests of single modules."""

from datetime import datetime


class FakeClock:
    """Stands still at the instant that a test has set."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    @property
    def sql(self) -> str:
        """The instant as an SQL literal."""
        return f"timestamptz '{self.instant.isoformat()}'"

    async def now(self) -> datetime:
        """The instant that was set last."""
        return self.instant
