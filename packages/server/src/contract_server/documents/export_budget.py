"""How often, and how many at once, the registered information of one contract is exported."""

from datetime import datetime, timedelta
from uuid import UUID

from contract_server.accounts.rate_limit import Limit
from contract_server.accounts.rate_limit_store import RateLimitStore, TooManyAttempts
from contract_server.clock import CoarseClock
from contract_server.request_limits import InFlight, RateLimited

EXPORTS = 10
_A_DAY = Limit(EXPORTS, timedelta(days=1), growing=False)


class TooManyExports(RateLimited):
    """The exports of a day are used up; the next one is possible at `retry_at`, in real time."""

    def __init__(self, retry_at: datetime, now: datetime) -> None:
        super().__init__(retry_at - now)
        self.retry_at = retry_at


class ExportBudget(InFlight):
    """Counts the exports of a contract, by all servers together. This server sends few of one contract at once."""

    def __init__(self, rate_limits: RateLimitStore) -> None:
        super().__init__()
        self._rate_limits = rate_limits
        self._clock = CoarseClock()

    async def take(self, contract_id: UUID) -> None:
        """Count one export.

        Raises:
            TooManyExports: The budget is used up.
        """
        try:
            await self._rate_limits.begin({self._rate_limits.key("export", str(contract_id)): _A_DAY})
        except TooManyAttempts as refusal:
            raise TooManyExports(refusal.retry_at, await self._clock.now()) from None
