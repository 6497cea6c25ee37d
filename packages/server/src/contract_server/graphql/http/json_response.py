"""A JSON response. It exists before its body, so that resolvers can set cookies on it."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from contract_server.graphql.http.accept import MediaType

_HEADERS = {
    media_type: [(b"content-type", f"{media_type}; charset=utf-8".encode()), (b"vary", b"Accept, Accept-Language")]
    for media_type in MediaType
}


class GraphQLResponse(Response):
    """A response whose constant headers are encoded once, not for every request."""

    def __init__(self, media_type: MediaType = MediaType.JSON) -> None:
        self.status_code = 200
        self.body = b""
        self.background = None
        self.raw_headers = list(_HEADERS[media_type])

    def with_body(
        self, body: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None
    ) -> "GraphQLResponse":
        """Complete this response."""
        self.status_code = status
        self.body = orjson.dumps(body)
        self.raw_headers.append((b"content-length", b"%d" % len(self.body)))
        self.raw_headers += [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        return self
