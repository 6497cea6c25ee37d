"""The limits of failed log-ins.

Theory. The failures of others must not keep a person out, and no account may be guessed for long. So a device that has
logged in to the account has a budget of its own. All other devices share one budget a day for each account. When it is
used up, they are asked for the link in a mail, which makes the device a known one; nothing is locked. Sources have
budgets too, by all networks that a provider may have given to one customer. Failures of all sources together refuse
nothing: they delay the log-ins of unknown devices.

A window of a day can be followed by the next one at once, so two budgets must stay below the 100 guesses of NIST SP
800-63B.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from contract_server.accounts.client_address import networks
from contract_server.accounts.fair_queue import Requester
from contract_server.accounts.rate_limit import Limit
from contract_server.accounts.rate_limit_store import RateLimitStore
from contract_server.accounts.source_limits import SourceLimits
from contract_server.settings import Settings

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Budget:
    """What counts the failures of one log-in.

    Attributes:
        limits: The limits by key, narrow before wide.
        short_term: The key that a success clears.
        daily: The key that asks for the mailed link when its limit is reached.
        of_all: The key that delays when its limit is exceeded.
        requester: Whom the log-in counts for while it waits.
    """

    limits: Mapping[str, Limit]
    short_term: str
    daily: str
    of_all: str
    requester: Requester


class LogInLimits:
    """Finds the budget of a log-in."""

    def __init__(self, settings: Settings, rate_limits: RateLimitStore) -> None:
        window = settings.log_in_window
        self._short_term = Limit(settings.log_in_failures_per_account, window)
        self._daily = Limit(settings.log_in_failures_of_unknown_devices, DAY, growing=False)
        self._per_source = SourceLimits(rate_limits, "log in", Limit(settings.log_in_failures_per_source, window))
        self._of_all = Limit(settings.log_in_failures_of_all, window, growing=False, refuses=False)
        self._rate_limits = rate_limits

    def find(self, email: str, client_address: str, device: str | None) -> Budget:
        """Return the budget of the device, or the one of unknown devices if it is None."""
        if device is not None:
            return self._of_device(email, device)
        return self._of_unknown_devices(email, client_address)

    async def clear(self, email: str) -> None:
        """Delete the account's failures from every device and source."""
        await self._rate_limits.clear_all_within(_account(email))

    def _of_device(self, email: str, device: str) -> Budget:
        short_term, daily = (self._key(email, "device", device, term) for term in ("short term", "daily"))
        limits = {short_term: self._short_term, daily: self._daily}
        return Budget(limits, short_term, daily, "", Requester(email, device, is_known_device=True))

    def _of_unknown_devices(self, email: str, client_address: str) -> Budget:
        sources = networks(client_address)
        short_term, daily = self._key(email, "source", sources[0]), self._key(email, "unknown devices")
        of_all = self._rate_limits.key("log in", "all")
        limits = {
            short_term: self._short_term,
            **self._per_source.of(client_address),
            daily: self._daily,
            of_all: self._of_all,
        }
        return Budget(limits, short_term, daily, of_all, Requester(email, sources[-1]))

    def _key(self, email: str, *parts: str) -> str:
        return self._rate_limits.key_within(_account(email), *parts)


def _account(email: str) -> tuple[str, ...]:
    return "log in", "account", email
