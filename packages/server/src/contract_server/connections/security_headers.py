"""Security headers of every response."""

from collections.abc import Iterable, Sequence

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_HEADERS_OF_TLS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}

Header = tuple[bytes, bytes]


class SecurityHeaders:
    """The headers of every response that sets none of the same name itself, encoded once."""

    def __init__(self, *, tls: bool) -> None:
        headers = _HEADERS | (_HEADERS_OF_TLS if tls else {})
        self.all = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
        self._names = frozenset(name for name, _ in self.all)

    def added_to(self, headers: Iterable[Header]) -> Sequence[Header]:
        """Return the headers of a response with those that it lacks."""
        names = {name for name, _ in headers}
        if self._names.isdisjoint(names):  # as for every response of the API
            return (*headers, *self.all)
        return (*headers, *(header for header in self.all if header[0] not in names))
