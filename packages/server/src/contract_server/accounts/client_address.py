"""The address of a client: the peer's, or the one that trusted proxies forward.

Any client can send `X-Forwarded-For`. The header counts only if a trusted proxy delivered the request. It is read from
its end, where that proxy has written, back to the first address that is not trusted. What is wrong with the header is
logged once a process, and once for each peer that is not trusted.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from contract_server.logs import get_logger
from contract_server.settings import Settings

log = get_logger(__name__)

Address = IPv4Address | IPv6Address

_PREFIXES = (64, 56, 48)  # what providers give to one customer, who can choose all other bits
_WITH_PORT = re.compile(r"([0-9.]+):\d{1,5}|\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?")
_LONGEST_SHAPE = 45  # characters, as many as the longest address has
_MOST_PEERS = 100  # of which it is remembered that they were logged


class ClientAddresses:
    """Finds the address of a request's client."""

    def __init__(self, settings: Settings) -> None:
        self._trusted = [ip_network(network) for network in settings.trusted_proxies]
        self._has_logged_a_value = False
        self._logged_peers: set[str] = set()

    def of(self, peer: str | None, forwarded_for: Iterable[str]) -> str:
        """Return the client's address.

        Args:
            peer: The address at the other end of the connection; None on a Unix socket.
            forwarded_for: The values of every `X-Forwarded-For` header, in order.
        """
        client = _parse(peer or "")
        hops = [hop for header in forwarded_for for hop in header.split(",")]
        if hops and not self.trusts(peer):
            self._log_peer(describe_peer(peer))
        while hops and client is not None and self._is_trusted(client):
            hop = _parse(text := hops.pop())
            if hop is None:
                self._log_value(text.strip())
                break
            client = hop
        return "unknown" if client is None else str(client)

    def trusts(self, peer: str | None) -> bool:
        """Whether the peer is a trusted proxy."""
        address = _parse(peer or "")
        return address is not None and self._is_trusted(address)

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _log_peer(self, peer: str) -> None:
        if peer not in self._logged_peers and len(self._logged_peers) < _MOST_PEERS:
            self._logged_peers.add(peer)
            log.warning("X-Forwarded-For ignored: its sender is not in TRUSTED_PROXIES", peer=peer)

    def _log_value(self, text: str) -> None:
        if text and not self._has_logged_a_value:
            self._has_logged_a_value = True
            log.warning("X-Forwarded-For not understood: expected an address, perhaps with a port", shape=_shape(text))


def describe_peer(peer: str | None) -> str:
    """Describe a peer in a log line, without the address of a person: public addresses may belong to one."""
    address = _parse(peer or "")
    if address is None:
        return "unknown"
    return "a public address" if address.is_global else str(address)


@lru_cache(maxsize=1_000)
def _parse(text: str) -> Address | None:
    """Parse an address, with or without a port; an IPv4 address mapped into IPv6 becomes IPv4 again.

    >>> [str(_parse(text)) for text in ("203.0.113.9:4711", "[2001:db8::1]:443", "[::1]", "::ffff:203.0.113.9")]
    ['203.0.113.9', '2001:db8::1', '::1', '203.0.113.9']
    """
    with_port = _WITH_PORT.fullmatch(text.strip())
    try:
        address = ip_address(with_port[1] or with_port[2] if with_port else text.strip())
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _shape(text: str) -> str:
    """What a value looks like, without what it says.

    >>> _shape("client-7.example")
    'aaaaaa-9.aaaaaaa'
    """
    return re.sub(r"\d", "9", re.sub(r"[^\W\d]", "a", text[:_LONGEST_SHAPE]))


def networks(address: str) -> list[str]:
    """The networks that rate limits count a client under, narrow before wide.

    >>> networks("2001:db8:1:2::9")
    ['2001:db8:1:2::/64', '2001:db8:1::/56', '2001:db8:1::/48']
    >>> networks("203.0.113.9")
    ['203.0.113.9']
    """
    parsed = _parse(address)
    if not isinstance(parsed, IPv6Address):
        return [address]
    return [str(IPv6Network((int(parsed), prefix), strict=False)) for prefix in _PREFIXES]
