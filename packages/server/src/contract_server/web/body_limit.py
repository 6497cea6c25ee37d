"""Nothing larger, slower or longer than a request of this API needs is read."""

import asyncio
from datetime import timedelta

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_server.headers import LONGEST_HEADER, LONGEST_HEADERS, MOST_HEADERS, RequestHeaders, are_within_limits
from contract_server.web.error_responses import refusal

LARGEST_BODY = 64 * 1024
LARGEST_QUERY_STRING = 16 * 1024


class _TooLarge(Exception):
    """The body is larger than any request needs."""


class _ClientGone(Exception):
    """The client left before it had said all."""


class BodyLimit:
    """Hands a request on when its whole body has come, within the limit and in time."""

    def __init__(self, app: ASGIApp, patience: timedelta) -> None:
        self._app = app
        self._patience = patience.total_seconds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, or refuse it; what is declared too large is refused before it is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = _refused_unread(scope)
        if refused is None:
            try:
                async with asyncio.timeout(self._patience):
                    body = await _read(receive)
            except _TooLarge:
                refused = _too_large()
            except TimeoutError:
                refused = refusal(408, "The request did not arrive in time.", headers={"Connection": "close"})
            except _ClientGone:
                return
        await (refused(scope, receive, send) if refused else self._app(scope, _replay(body, receive), send))


def _refused_unread(scope: Scope) -> Response | None:
    if len(scope["query_string"]) > LARGEST_QUERY_STRING:
        return refusal(414, f"The address is too long: {LARGEST_QUERY_STRING // 1024} KiB are accepted.")
    if not are_within_limits(scope):
        return refusal(
            431,
            f"The headers are too long: {LONGEST_HEADER // 1024} KiB are accepted in one,"
            f" {LONGEST_HEADERS // 1024} KiB and {MOST_HEADERS} lines in all. Send fewer and shorter ones.",
        )
    length = RequestHeaders.of(scope).get(b"content-length")
    if length is None:
        return None
    if not (length.isascii() and length.isdecimal()):
        return refusal(400, "Content-Length must be a number.")
    digits = length.lstrip("0") or "0"  # Python refuses to read thousands of digits, zeros among them
    if len(digits) > len(str(LARGEST_BODY)) or int(digits) > LARGEST_BODY:
        return _too_large()
    return None


def _too_large() -> Response:
    return refusal(413, f"The request is too large: {LARGEST_BODY // 1024} KiB are accepted.")


async def _read(receive: Receive) -> bytes:
    """The whole body, whatever length was declared.

    Raises:
        _TooLarge: More came than is accepted.
        _ClientGone: Less came than was begun.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGone
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise _TooLarge
        if not message.get("more_body"):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body that was read, then whatever the client does."""
    unread = True

    async def replay() -> Message:
        nonlocal unread
        if unread:
            unread = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replay
