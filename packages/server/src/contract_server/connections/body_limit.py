"""Limits for requests: the size of body, address and headers, and the time in which the body must arrive."""

import asyncio

from starlette.responses import Response
from starlette.types import Message, Receive, Scope

from contract_server.connections.error_responses import error_response, headers_too_long, url_too_long
from contract_server.headers import LONGEST_URL, RequestHeaders, are_within_limits

LARGEST_BODY = 64 * 1024


class BodyRefused(Exception):
    """The body, or what comes before it, exceeds a limit."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class ClientDisconnected(Exception):
    """The client closed the connection before the body was complete."""


async def read_body(scope: Scope, receive: Receive, timeout_s: float) -> bytes:
    """Read the whole body of a request; if it declares a length above the limit, refuse it without reading.

    Raises:
        BodyRefused: The request exceeds a limit, or does not arrive in time.
        ClientDisconnected: The connection ended before the body was complete.
    """
    if refused := _refuse_unread(scope):
        raise BodyRefused(refused)
    try:
        async with asyncio.timeout(timeout_s):
            return await _read(receive)
    except TimeoutError:
        late = error_response(408, "The request did not arrive in time.", headers={"Connection": "close"})
        raise BodyRefused(late) from None


def _refuse_unread(scope: Scope) -> Response | None:
    if len(scope["raw_path"]) + len("?") + len(scope["query_string"]) > LONGEST_URL:
        return url_too_long()
    if not are_within_limits(scope):
        return headers_too_long()
    length = RequestHeaders.of(scope).get(b"content-length")
    if length is None:
        return None
    if not (length.isascii() and length.isdecimal()):
        return error_response(400, "Content-Length must be a number.")
    digits = length.lstrip("0") or "0"  # int() refuses strings of thousands of digits, leading zeros included
    if len(digits) > len(str(LARGEST_BODY)) or int(digits) > LARGEST_BODY:
        return _too_large()
    return None


def _too_large() -> Response:
    return error_response(413, f"The request is too large: {LARGEST_BODY // 1024} KiB are accepted.")


async def _read(receive: Receive) -> bytes:
    """Read the whole body; one longer than declared is refused too."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise BodyRefused(_too_large())
        if not message.get("more_body"):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """A channel that yields the body that was read, then the client's further messages."""
    unread = True

    async def replay() -> Message:
        nonlocal unread
        if unread:
            unread = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replay
