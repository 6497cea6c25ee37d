"""The bytes of a request that are not its body, bounded while they come.

The application sees a request when its head is complete. Until then, and in the trailers of a chunked body, httptools
joins what has come of a line to what comes next: a line of 100 MB took 53 s of CPU, and its memory.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from contract_server.headers import LONGEST_HEADERS
from contract_server.web.body_limit import LARGEST_QUERY_STRING

LONGEST_HEAD = 128 * 1024
"""More than the address, the headers and the framing of a body that the application accepts: it refuses by name."""

assert LONGEST_HEAD > LARGEST_QUERY_STRING + LONGEST_HEADERS  # noqa: S101 - both are constants


class BoundedHeadProtocol(HttpToolsProtocol):
    """Reads no further in a request whose head, framing and trailers are too long."""

    _received = 0

    def on_message_begin(self) -> None:
        """Begin to count; what has come of this request with the end of the one before is let pass."""
        super().on_message_begin()
        self._received = 0

    def on_body(self, body: bytes) -> None:
        """Leave the body out: the application bounds it."""
        super().on_body(body)
        self._received -= len(body)

    def data_received(self, data: bytes) -> None:
        """Read on, or refuse: with an answer where the head is incomplete, or by leaving the rest unread."""
        self._received += len(data)
        super().data_received(data)
        if self._received <= LONGEST_HEAD or self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.send_400_response(f"The headers are too long: {LONGEST_HEADERS // 1024} KiB are accepted.")
        else:
            self.flow.pause_reading()
