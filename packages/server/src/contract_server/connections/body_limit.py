"""Limits for requests: the size of body, address and headers, and the time in which the body must arrive."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_server.connections.error_responses import error_response, headers_too_long, url_too_long
from contract_server.headers import LONGEST_URL, RequestHeaders, are_within_limits

LARGEST_BODY = 64 * 1024

LimitOf = Callable[[Scope], Awaitable[int]]
"""The largest body, in bytes, of a request that declares more than `LARGEST_BODY`."""


async def usual_limit(_: Scope) -> int:
    """The limit of every request, whatever it declares."""
    return LARGEST_BODY


class BodyLimit:
    """Reads the whole body within the limits, then calls the application with it."""

    def __init__(self, app: ASGIApp, timeout: timedelta, limit_of: LimitOf = usual_limit) -> None:
        self._app = app
        self._timeout = timeout.total_seconds()
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request; if it declares a length above the limit, refuse it without reading the body."""
        refused, limit = _refuse_unread(scope), LARGEST_BODY
        if refused is None and (declared := _declared_length(scope)) > limit:
            limit = await self._limit_of(scope)
            refused = _too_large(limit) if declared > limit else None
        if refused is None:
            try:
                async with asyncio.timeout(self._timeout):
                    body = await _read(receive, limit)
            except _TooLarge:
                refused = _too_large(limit)
            except TimeoutError:
                refused = error_response(408, "The request did not arrive in time.", headers={"Connection": "close"})
            except _ClientDisconnected:
                return
        await (refused(scope, receive, send) if refused else self._app(scope, _replay(body, receive), send))


_MOST_DIGITS = 20  # enough to exceed each limit; int() refuses strings of thousands of digits


class _TooLarge(Exception):
    """The body exceeds the limit."""


class _ClientDisconnected(Exception):
    """The client closed the connection before the body was complete."""


def _refuse_unread(scope: Scope) -> Response | None:
    if len(scope["raw_path"]) + len("?") + len(scope["query_string"]) > LONGEST_URL:
        return url_too_long()
    if not are_within_limits(scope):
        return headers_too_long()
    length = RequestHeaders.of(scope).get(b"content-length")
    if length is not None and not (length.isascii() and length.isdecimal()):
        return error_response(400, "Content-Length must be a number.")
    return None


def _declared_length(scope: Scope) -> int:
    """The length that a request declares in digits; 0 if it declares none."""
    digits = (RequestHeaders.of(scope).get(b"content-length") or "").lstrip("0")
    return int(digits[:_MOST_DIGITS] or "0")


def _too_large(limit: int) -> Response:
    return error_response(413, f"The request is too large: {limit // 1024} KiB are accepted.")


async def _read(receive: Receive, limit: int) -> bytes:
    """Read the whole body; one longer than declared is refused too."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientDisconnected
        body += message.get("body", b"")
        if len(body) > limit:
            raise _TooLarge
        if not message.get("more_body"):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A channel that yields the body that was read, then the client's further messages."""
    unread = True

    async def replay() -> Message:
        nonlocal unread
        if unread:
            unread = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replay
