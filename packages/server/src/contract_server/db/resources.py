"""Whether the database has the disk and memory that changes need.

On a full disk, a change succeeds as long as it fits into pages that its tables have. So neither the server's state nor
a small write shows what is wrong. A failure is remembered instead, until a write that needs new pages has succeeded.
"""

import os

from contract_server.db.availability import lacks_resources
from contract_server.db.statements import execute

PROBE_BYTES = 1 << 20

# random bytes, because they are stored compressed; no client sees the large object, which ends with its statement
_TAKE_NEW_PAGES = "SELECT lo_unlink(lo_from_bytea(0, $1))"


class Resources:
    """What this process knows of the resources of one database."""

    def __init__(self) -> None:
        self.ran_out = False

    def note(self, error: BaseException | None) -> None:
        """Remember a statement that failed for lack of resources."""
        if error is not None and lacks_resources(error):
            self.ran_out = True

    async def require(self) -> None:
        """Take new pages, if a statement ran out of resources since that last succeeded.

        Raises:
            asyncpg.PostgresError: There are none.
        """
        if self.ran_out:
            self.ran_out = False  # first, so that a failure of a concurrent statement counts
            try:
                await execute(_TAKE_NEW_PAGES, os.urandom(PROBE_BYTES))
            except BaseException:
                self.ran_out = True
                raise
