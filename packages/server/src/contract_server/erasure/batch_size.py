"""How many members one transaction of an erasure deletes: as many as it deletes in about a tenth of a second.

Each transaction has fixed work, so large batches erase faster. But its contracts are locked, others compete with it,
and a slow disk must not bring it near the statement timeout. The time of each transaction tells what the database does
beside the work of others. There is a minimum, because smaller transactions are hardly shorter.
"""

LEAST = 10_000
AIM_S = 0.1
"""How long a transaction should take, in seconds."""


class BatchSize:
    """The members that the next transaction deletes at most."""

    def __init__(self, most: int) -> None:
        self._most = self.rows = most

    def adapt(self, deleted: int, seconds: float) -> None:
        """Adapt to a transaction that has deleted so many members in that time. Few members tell nothing."""
        if deleted >= LEAST:
            self.rows = min(self._most, max(LEAST, int(deleted / seconds * AIM_S)))

    def restart(self) -> None:
        """Go back to the minimum after a failure: the transaction may have taken too long."""
        self.rows = min(self._most, LEAST)
