"""POST to addresses that other companies have chosen, without being led into the own network.

The host is resolved once, each of its addresses is checked, and the connection goes to a checked address: a name that
resolves to another address a moment later gains nothing. Redirects are not followed. Only the status of the answer is
read.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from contract_server.settings import Settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 2_000
TIMEOUT_S = 15.0
_LONGEST_LINE = 8 * 1024
_MOST_LINES = 200
_STATUS = slice(9, 12)  # behind "HTTP/1.1 "
_CARRIES_IPV4 = tuple(ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class InvalidUrl(ValueError):
    """A URL to which nothing may be sent; the message says what to write."""


class ForbiddenAddress(Exception):
    """The host has an address in a private network that is not listed."""

    def __init__(self) -> None:
        super().__init__("expected a public address; WEBHOOK_NETWORKS lists private ones to which webhooks may be sent")


class NotDelivered(Exception):
    """There was no answer that can be read."""


class OutgoingHttp:
    """Sends POST requests to public addresses, and to those of listed networks."""

    def __init__(self, allowed: Sequence[Network] = (), *, development: bool = False) -> None:
        """In development, `http` to this machine is allowed too."""
        self._allowed = (*allowed, *(_LOOPBACK if development else ()))
        self._schemes = {"https", "http"} if development else {"https"}

    @classmethod
    def by(cls, settings: Settings) -> "OutgoingHttp":
        """Send to what the settings allow."""
        return cls(settings.webhook_networks, development=settings.development)

    def require(self, url: str) -> SplitResult:
        """Check the form of a URL, and the address if its host is one: a name is resolved for each request.

        Raises:
            InvalidUrl: It is not https with a host, or has more than host, port, path and query.
            ForbiddenAddress: The host is an address that may not be reached.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise InvalidUrl("expected a URL such as https://example.jp/hook") from None
        plain = url.isascii() and url.isprintable() and " " not in url and parts.username is None and not parts.fragment
        if parts.scheme not in self._schemes or not parts.hostname or not plain or port == 0:
            raise InvalidUrl("expected an https URL such as https://example.jp/hook, without user and fragment")
        if len(url) > LONGEST_URL:
            raise InvalidUrl(f"expected a URL of at most {LONGEST_URL:,} characters")
        self._require_allowed(_literal_addresses(parts))
        return parts

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a request, and return the status of the answer.

        Raises:
            InvalidUrl: The URL is not of the form.
            ForbiddenAddress: The host may not be reached.
            NotDelivered: There was no answer.
        """
        parts = self.require(url)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                address = await self._resolve(parts)
                return await _exchange(address, parts, _request(parts, body, headers))
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise NotDelivered(type(error).__name__) from None

    async def _resolve(self, parts: SplitResult) -> str:
        """Return an address of the host, all of whose addresses may be reached."""
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
        addresses = [str(address[0]) for *_, address in found]
        self._require_allowed(addresses)
        return addresses[0]

    def _require_allowed(self, addresses: Iterable[str]) -> None:
        if not all(self._may_reach(ip_address(address.partition("%")[0])) for address in addresses):
            raise ForbiddenAddress

    def _may_reach(self, address: Address) -> bool:
        address = getattr(address, "ipv4_mapped", None) or address
        if any(address in network for network in self._allowed):
            return True
        return address.is_global and not address.is_multicast and not any(address in each for each in _CARRIES_IPV4)


def _literal_addresses(parts: SplitResult) -> list[str]:
    """The address that the host is, in any notation; none if the host is a name."""
    try:
        found = socket.getaddrinfo(parts.hostname, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return []
    return [str(address[0]) for *_, address in found]


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _request(parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> bytes:
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    lines = {"Host": parts.netloc, **headers, "Content-Length": str(len(body)), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


@cache
def _tls() -> ssl.SSLContext:
    """The certificates of this machine, which take some milliseconds to load."""
    return ssl.create_default_context()


async def _exchange(address: str, parts: SplitResult, request: bytes) -> int:
    tls = {"ssl": _tls(), "server_hostname": parts.hostname} if parts.scheme == "https" else {}
    reader, writer = await asyncio.open_connection(address, _port(parts), limit=_LONGEST_LINE, **tls)  # type: ignore[arg-type] # both
    try:
        writer.write(request)
        await writer.drain()
        return await _read_status(reader)
    finally:
        writer.transport.abort()


async def _read_status(reader: asyncio.StreamReader) -> int:
    """Read the status of the first answer that is not an interim one."""
    for _ in range(_MOST_LINES):
        line = await reader.readuntil(b"\n")
        if line.startswith(b"HTTP/1."):
            status = int(line[_STATUS])
            if status >= 200:  # noqa: PLR2004 - below are interim answers
                return status
    raise ValueError("too many lines")
