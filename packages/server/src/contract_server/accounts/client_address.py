"""The address of a client: the peer's, or the one that trusted proxies forward.

Any client can send `X-Forwarded-For`. The header counts only if a trusted proxy delivered the request. It is read from
its end, where that proxy has written, back to the first address that is not trusted.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from contract_server.settings import Settings

Address = IPv4Address | IPv6Address

_PREFIXES = (64, 56, 48)  # what providers give to one customer, who can choose all other bits


class ClientAddresses:
    """Finds the address of a request's client."""

    def __init__(self, settings: Settings) -> None:
        self._trusted = [ip_network(network) for network in settings.trusted_proxies]

    def of(self, peer: str | None, forwarded_for: Iterable[str]) -> str:
        """Return the client's address.

        Args:
            peer: The address at the other end of the connection; None on a Unix socket.
            forwarded_for: The values of every `X-Forwarded-For` header, in order.
        """
        client = _parse(peer or "")
        hops = [hop for header in forwarded_for for hop in header.split(",")]
        while hops and client is not None and self._is_trusted(client):
            hop = _parse(hops.pop())
            if hop is None:
                break
            client = hop
        return "unknown" if client is None else str(client)

    def trusts(self, peer: str | None) -> bool:
        """Whether the peer is a trusted proxy."""
        address = _parse(peer or "")
        return address is not None and self._is_trusted(address)

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def describe_peer(peer: str | None) -> str:
    """Describe a peer in a log line, without the address of a person: public addresses may belong to one."""
    address = _parse(peer or "")
    if address is None:
        return "unknown"
    return "a public address" if address.is_global else str(address)


def _parse(text: str) -> Address | None:
    """Parse an address; an IPv4 address mapped into IPv6 becomes IPv4 again."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


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
