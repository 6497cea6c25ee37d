"""The headers of a request in a dictionary, because every request is asked for about ten of them."""

from starlette.types import Scope

LONGEST_URL = 8 * 1024
LONGEST_HEADER = 8 * 1024
LONGEST_HEADERS = 32 * 1024
MOST_HEADERS = 100

_SCOPE_KEY = "contract_server.headers"


class RequestHeaders:
    """Request headers by name. Of several headers of one name the first counts, as in Starlette."""

    __slots__ = ("_values",)

    def __init__(self, scope: Scope) -> None:
        self._values: dict[bytes, bytes] = dict(reversed(scope["headers"]))

    @classmethod
    def of(cls, scope: Scope) -> "RequestHeaders":
        """The headers of a request, parsed once and cached in its scope."""
        headers: RequestHeaders | None = scope.get(_SCOPE_KEY)
        if headers is None:
            headers = scope[_SCOPE_KEY] = cls(scope)
        return headers

    def get(self, name: bytes) -> str | None:
        """The value of a header, whose name must be in lower case; None if it is missing."""
        value = self._values.get(name)
        return None if value is None else value.decode("latin-1")


def are_within_limits(scope: Scope) -> bool:
    """Whether the length of each header, the number of headers and their total length are within the limits."""
    lengths = [len(name) + len(value) for name, value in scope["headers"]]
    return (
        len(lengths) <= MOST_HEADERS and sum(lengths) <= LONGEST_HEADERS and max(lengths, default=0) <= LONGEST_HEADER
    )
