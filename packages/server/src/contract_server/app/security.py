"""What holds for every request and every response, whatever it is about."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 64 * 1024

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_SAFE_SITES = (None, "same-origin", "none")


class SecurityMiddleware:
    """Refuses what other sites send and what is too large, and sets the headers that browsers go by."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self._app = app
        self._headers = _HEADERS | ({"Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = _refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        body = await _read_body(receive)
        if body is None:
            await _too_large()(scope, receive, send_with_headers)
            return
        await self._app(scope, _replay(body, receive), send_with_headers)


def _refusal(scope: Scope) -> Response | None:
    headers = Headers(scope=scope)
    # following a link to a page is no misuse of it; everything else would act with the visitor's session
    follows_link = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
    if _comes_from_another_site(headers) and not follows_link:
        return _error(403, "Requests from other sites are not accepted.")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        return _too_large()
    return None


def _comes_from_another_site(headers: Headers) -> bool:
    """No `Sec-Fetch-Site` and no `Origin`: not a browser, and no session that it would send against its will."""
    site = headers.get("sec-fetch-site")
    if site not in _SAFE_SITES:
        return True
    origin = headers.get("origin")
    return site is None and origin is not None and urlsplit(origin).netloc != headers.get("host")


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body; None when it is larger than it may be."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            return None
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


def _too_large() -> Response:
    return _error(413, f"The request is too large: {LARGEST_BODY // 1024} KiB are accepted.")


def _error(status: int, message: str) -> Response:
    return JSONResponse(
        {"errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]}, status_code=status
    )
