"""Limits of the networks that a request may come from: that of its address, and wider ones of the same customer."""

from dataclasses import replace

from contract_server.accounts.client_address import networks
from contract_server.accounts.rate_limit import Limit
from contract_server.accounts.rate_limit_store import RateLimitStore

FACTORS = (1, 2, 4)  # a wider network may belong to more people


class SourceLimits:
    """Limits one kind of request by its sources."""

    def __init__(self, rate_limits: RateLimitStore, kind: str, limit: Limit) -> None:
        self._rate_limits = rate_limits
        self._kind = kind
        self._limits = [replace(limit, tries=limit.tries * factor) for factor in FACTORS]

    def of(self, client_address: str) -> dict[str, Limit]:
        """Return the limit of each network of a client, by its key."""
        keys = [self._rate_limits.key(self._kind, "source", source) for source in networks(client_address)]
        return dict(zip(keys, self._limits, strict=False))  # an IPv4 address has no wider network
