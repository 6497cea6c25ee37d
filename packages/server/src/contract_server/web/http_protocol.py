"""A limit for the bytes of a request outside its body, checked while they arrive.

The application sees a request only when its head is complete. Until then, and in the trailers of a chunked body,
httptools joins every new piece of a line to the pieces before it: a line of 100 MB took 53 s of CPU, and its memory.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from contract_server.headers import LONGEST_HEADERS
from contract_server.web.body_limit import LARGEST_QUERY_STRING

LONGEST_HEAD = 128 * 1024
"""Above the application's own limits for address, headers and framing, whose error messages are better."""

assert LONGEST_HEAD > LARGEST_QUERY_STRING + LONGEST_HEADERS  # noqa: S101 - both are constants


class BoundedHeadProtocol(HttpToolsProtocol):
    """Stops reading a request whose head, framing and trailers are too long."""

    _received = 0

    def on_message_begin(self) -> None:
        """Begin to count; bytes that arrived together with the end of the previous request do not count."""
        super().on_message_begin()
        self._received = 0

    def on_body(self, body: bytes) -> None:
        """Do not count the body: the application limits it."""
        super().on_body(body)
        self._received -= len(body)

    def data_received(self, data: bytes) -> None:
        """Read on, or above the limit: answer 400 if the head is incomplete, else stop reading."""
        self._received += len(data)
        super().data_received(data)
        if self._received <= LONGEST_HEAD or self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.send_400_response(f"The headers are too long: {LONGEST_HEADERS // 1024} KiB are accepted.")
        else:
            self.flow.pause_reading()
