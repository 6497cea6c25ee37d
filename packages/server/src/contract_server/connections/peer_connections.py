"""The open connections of each peer, and their limit."""

from collections import Counter

from contract_server import metrics
from contract_server.accounts.client_address import ClientAddresses, describe_peer, networks
from contract_server.logs import get_logger
from contract_server.settings import Settings

log = get_logger(__name__)


class PeerConnections:
    """Counts the open connections of each address, or network for IPv6. Trusted proxies have no limit."""

    def __init__(self, settings: Settings) -> None:
        self._addresses = ClientAddresses(settings)
        self._limit = settings.connections_per_peer
        self._open: Counter[str] = Counter()
        self._logged: set[str] = set()

    def admit(self, peer: str | None) -> bool:
        """Count a new connection, or refuse it at the limit; the first refusal of a peer is logged."""
        source = self._source(peer)
        if self._open[source] >= self._limit and not self._addresses.trusts(peer):
            self._report(source, peer)
            return False
        self._open[source] += 1
        return True

    def release(self, peer: str | None) -> None:
        """Uncount an admitted connection; after its last one, a peer's next refusal is logged again."""
        source = self._source(peer)
        self._open[source] -= 1
        if not self._open[source]:
            del self._open[source]
            self._logged.discard(source)

    def _source(self, peer: str | None) -> str:
        return networks(self._addresses.of(peer, ()))[0]

    def _report(self, source: str, peer: str | None) -> None:
        metrics.CONNECTIONS_REFUSED.inc()
        if source not in self._logged:
            self._logged.add(source)
            log.warning("connections refused: peer at its limit", peer=describe_peer(peer), limit=self._limit)
