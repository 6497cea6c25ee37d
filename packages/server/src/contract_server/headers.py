"""The headers of a request, each found at once: one request is asked for ten of them, by all whom it passes."""

from starlette.types import Scope

LONGEST_HEADER = 8 * 1024
LONGEST_HEADERS = 32 * 1024
MOST_HEADERS = 100

_KEPT = "contract_server.headers"


class RequestHeaders:
    """What the client has said about its request. Of several headers of one name the first counts, as in Starlette."""

    __slots__ = ("_values",)

    def __init__(self, scope: Scope) -> None:
        self._values: dict[bytes, bytes] = dict(reversed(scope["headers"]))

    @classmethod
    def of(cls, scope: Scope) -> "RequestHeaders":
        """Those of this request; read once, and kept with it."""
        found: RequestHeaders | None = scope.get(_KEPT)
        if found is None:
            found = scope[_KEPT] = cls(scope)
        return found

    def get(self, name: bytes) -> str | None:
        """The header of that name, which is written in lower case; None where there is none."""
        value = self._values.get(name)
        return None if value is None else value.decode("latin-1")


def are_within_limits(scope: Scope) -> bool:
    """Whether no header of the request is too long, and all are neither too many nor too long together."""
    lengths = [len(name) + len(value) for name, value in scope["headers"]]
    return (
        len(lengths) <= MOST_HEADERS and sum(lengths) <= LONGEST_HEADERS and max(lengths, default=0) <= LONGEST_HEADER
    )
