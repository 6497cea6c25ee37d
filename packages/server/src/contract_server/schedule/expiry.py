"""What is done every ten minutes: delete what has expired, by index, and close the chain of the audit trail.

No reader accepts an expired row meanwhile.
"""

import time
from collections.abc import Awaitable, Callable, Sequence

from contract_server.db.availability import is_unavailable
from contract_server.logs import get_logger

log = get_logger(__name__)

EVERY_S = 600.0

Deletion = Callable[[], Awaitable[None]]


class Expiry:
    """Deletes expired rows of several tables. A deletion that fails delays no other."""

    def __init__(self, deletions: Sequence[Deletion], *, in_each_sweep: Sequence[Deletion] = ()) -> None:
        self._deletions = deletions
        self._in_each_sweep = in_each_sweep
        self._next_at = 0.0

    async def delete_if_due(self) -> None:
        """Delete what expires in each sweep, and the rest unless this process did so a moment ago."""
        await _run_each(self._in_each_sweep)
        if time.monotonic() >= self._next_at:
            await self.delete()

    async def delete(self) -> None:
        """Delete expired rows now."""
        self._next_at = time.monotonic() + EVERY_S
        await _run_each(self._deletions)


async def _run_each(deletions: Sequence[Deletion]) -> None:
    for delete in deletions:
        try:
            await delete()
        except Exception as error:
            if is_unavailable(error):
                raise
            log.exception("expired rows not deleted", deletion=getattr(delete, "__qualname__", ""))
