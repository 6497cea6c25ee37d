"""Where a request comes from: the peer's address, or what proxies of our own say about it.

Anybody can write `X-Forwarded-For`. It counts only where a trusted proxy has handed the request over, and is read
from its end, where that proxy has written, back to the first address that is not one of ours.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from contract_server.settings import Settings

Address = IPv4Address | IPv6Address

_ONE_HOME = 64  # bits of an IPv6 address that a provider gives to one customer, who may choose all others


class Sources:
    """Tells sources apart."""

    def __init__(self, settings: Settings) -> None:
        self._trusted = [ip_network(network) for network in settings.trusted_proxies]

    def of(self, peer: str | None, forwarded_for: Iterable[str]) -> str:
        """The source of a request, as the limits count it.

        Args:
            peer: The address at the other end of the connection; None where there is none, on a Unix socket.
            forwarded_for: The values of every `X-Forwarded-For` header, in their order.
        """
        source = _parse(peer or "")
        hops = [hop for header in forwarded_for for hop in header.split(",")]
        while hops and source is not None and self._is_ours(source):
            said = _parse(hops.pop())
            if said is None:
                break
            source = said
        return "unknown" if source is None else _household(source)

    def _is_ours(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _parse(text: str) -> Address | None:
    """An address; an IPv4 address that is wrapped in IPv6 is the same one."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _household(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), _ONE_HOME), strict=False))
