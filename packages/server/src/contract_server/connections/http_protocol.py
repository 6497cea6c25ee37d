"""The limits of a connection: its number among those of one peer, and the size and time of each request's head.

The application sees a request only when its head is complete. Until then, and in the trailers of a chunked body,
httptools joins every new piece of a line to the pieces before it: a line of 100 MB took 53 s of CPU, and its memory.
A connection that sends nothing holds a descriptor for as long as it likes.
"""

import asyncio
from typing import Any

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from contract_server.connections.error_responses import error_response, headers_too_long, url_too_long
from contract_server.connections.peer_connections import PeerConnections
from contract_server.connections.security_headers import SecurityHeaders
from contract_server.headers import LONGEST_HEADERS, LONGEST_URL
from contract_server.settings import Settings

LONGEST_HEAD = LONGEST_URL + LONGEST_HEADERS + 2 * 1024
"""Above the application's own limits by method, version and line ends; what lies between, the application refuses."""

HEAD_TIMEOUT_S = 10.0
"""How long the head of a request may take: the first from the connection on, a later one from its first byte on."""

_TOO_MANY_CONNECTIONS = "There are too many connections from this address. Close some, or use those that are open."
_RETRY = {"Retry-After": "10"}
_CLOSE = (b"connection", b"close")


class LimitedConfig(uvicorn.Config):
    """The configuration of a server, with the limits of its connections."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        *,
        head_timeout: float = HEAD_TIMEOUT_S,
        **rest: Any,  # noqa: ANN401 - uvicorn's own
    ) -> None:
        super().__init__(
            app,
            http=LimitedProtocol,
            timeout_keep_alive=settings.keep_alive.total_seconds(),  # type: ignore[arg-type] # passed to `call_later`
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            **rest,
        )
        self.head_timeout = head_timeout
        self.peers = PeerConnections(settings)
        self.security_headers = SecurityHeaders(tls=not settings.development).all


class LimitedProtocol(HttpToolsProtocol):
    """Refuses connections beyond a peer's limit, and heads, framing and trailers that are too long or too slow."""

    config: LimitedConfig
    url = b""
    _received = 0  # bytes of this request outside its body
    _is_admitted = False
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        """Begin to wait for the first head, unless the peer has too many connections."""
        super().connection_made(transport)
        self._is_admitted = self.config.peers.admit(self._peer)
        if self._is_admitted:
            self._time_head()
        else:
            self._refuse(error_response(429, _TOO_MANY_CONNECTIONS, code="RATE_LIMITED", headers=_RETRY))

    def connection_lost(self, exc: Exception | None) -> None:
        """Free the connection's place among those of its peer."""
        super().connection_lost(exc)
        self._stop_timing()
        if self._is_admitted:
            self.config.peers.release(self._peer)

    def data_received(self, data: bytes) -> None:
        """Read on while the head, the framing and the trailers are within the limit."""
        self._received += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not is_idle(self):
            self._stop_timing()
        elif self._head_timer is None:
            self._time_head()
        if self._received > LONGEST_HEAD:
            self._refuse_head("")

    def on_message_begin(self) -> None:
        """Begin to count; bytes that arrived together with the end of the previous request do not count."""
        super().on_message_begin()
        self._received = 0

    def on_body(self, body: bytes) -> None:
        """Do not count the body: the application limits it."""
        super().on_body(body)
        self._received -= len(body)

    def on_headers_complete(self) -> None:
        """Start the request, and drop its trailers: uvicorn would add them to its headers."""
        super().on_headers_complete()
        self.headers = []

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed, in the format and with the headers of every other answer."""
        self._refuse_head(msg)

    def on_response_complete(self) -> None:
        """Wait for the next request, of which a part may have arrived already."""
        super().on_response_complete()
        if self.scope is not self.cycle.scope and is_idle(self):
            self._time_head()

    @property
    def _is_in_head(self) -> bool:
        return self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope)

    @property
    def _peer(self) -> str | None:
        return self.client[0] if self.client else None

    def _time_head(self) -> None:
        self._head_timer = self.loop.call_later(self.config.head_timeout, self._on_head_timeout)

    def _stop_timing(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _on_head_timeout(self) -> None:
        """Give up after one more look at what has arrived: a busy event loop runs its timers before it reads."""
        self._head_timer = self.loop.call_later(0, self._give_up)

    def _give_up(self) -> None:
        """Close the connection; a client that has begun no request waits for no answer."""
        if self._is_in_head:
            self._refuse(error_response(408, "The headers did not arrive in time."))
        else:
            self.transport.close()

    def _refuse_head(self, problem: str) -> None:
        if len(self.url) > LONGEST_URL:
            self._refuse(url_too_long())
        elif self._received > LONGEST_HEAD:
            self._refuse(headers_too_long())
        else:
            self._refuse(error_response(400, problem))

    def _refuse(self, response: Response) -> None:
        """Answer and close; while an earlier request still waits for its own answer, only close after that one."""
        if not self._may_answer():
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        headers = (*self.server_state.default_headers, *response.raw_headers, *self.config.security_headers, _CLOSE)
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.transport.write(STATUS_LINE[response.status_code] + lines + b"\r\n" + bytes(response.body))
        self.transport.close()

    def _may_answer(self) -> bool:
        """Whether the next answer on this connection belongs to what is being read."""
        return is_idle(self) or (self.cycle.more_body and not self.cycle.response_started and not self.pipeline)


def is_idle(connection: Any) -> bool:  # noqa: ANN401 - uvicorn's protocols share no class
    """Whether no request is in progress on a connection."""
    idle: bool = connection.cycle is None or connection.cycle.response_complete
    return idle
