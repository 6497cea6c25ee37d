"""What is done every ten minutes: delete what has expired, by index, and close the chain of the audit trail.

No reader accepts an expired row meanwhile.
"""

import time
from collections.abc import Awaitable, Callable, Sequence

EVERY_S = 600.0


class Expiry:
    """Deletes expired rows of several tables."""

    def __init__(self, deletions: Sequence[Callable[[], Awaitable[None]]]) -> None:
        self._deletions = deletions
        self._next_at = 0.0

    async def delete_if_due(self) -> None:
        """Delete expired rows, unless this process did so a moment ago."""
        if time.monotonic() >= self._next_at:
            await self.delete()

    async def delete(self) -> None:
        """Delete expired rows now."""
        for delete in self._deletions:
            await delete()
        self._next_at = time.monotonic() + EVERY_S
