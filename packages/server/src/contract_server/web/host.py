"""The hosts that requests may be addressed to.

A page of another site can make its own name resolve to this server (DNS rebinding), and then counts as the same origin
to the browser. Its requests still carry its own name in `Host`.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import Scope

from contract_server.connections.error_responses import error_response
from contract_server.settings import Settings

_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""What orchestrators ask by address. It shows no data of a person and changes nothing."""


class KnownHosts:
    """Knows the host of `PUBLIC_URL`, and in development each address and each name of the loopback interface."""

    def __init__(self, settings: Settings) -> None:
        url = urlsplit(settings.public_url)
        self._usual = [url.netloc.encode()]  # what a browser sends, compared first
        self._public = url.hostname
        self._development = settings.development

    def refuse(self, scope: Scope) -> Response | None:
        """Return the answer to a request whose host is missing, ambiguous or unknown; None for all other requests."""
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if hosts == self._usual:
            return None
        if len(hosts) > 1 or (not hosts and scope["http_version"] == "1.1"):
            return error_response(400, "A request has exactly one Host header.")
        if scope["path"] in _PROBES or (hosts and self._knows(_name_of(hosts[0].decode("latin-1")))):
            return None
        return error_response(421, f"Requests need the host of PUBLIC_URL, {self._public}, in their Host header.")

    def _knows(self, name: str) -> bool:
        return name == self._public or (self._development and (_is_loopback_name(name) or _is_address(name)))


def _name_of(host: str) -> str:
    """The name without its port.

    >>> [_name_of(host) for host in ("Keiyaku.example.jp:443", "[::1]:8000", "[::1]", "a:b:c")]
    ['keiyaku.example.jp', '::1', '::1', 'a:b']
    """
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, _ = host.rpartition(":")
    return (name if colon else host).lower()


def _is_loopback_name(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost")


def _is_address(name: str) -> bool:
    """Whether the name is an address, which no DNS server resolves."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
