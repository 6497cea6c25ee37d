"""Security checks of every request and security headers of every response."""

from collections.abc import Collection

from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_server.headers import RequestHeaders
from contract_server.settings import Settings
from contract_server.web.body_limit import BodyLimit
from contract_server.web.cross_site import is_same_site
from contract_server.web.error_responses import error_response
from contract_server.web.host import KnownHosts
from contract_server.web.unhandled_errors import UnhandledErrorMiddleware

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_HEADERS_OF_TLS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def security_headers(*, tls: bool) -> list[tuple[bytes, bytes]]:
    """The headers of every response that sets none of the same name itself."""
    headers = _HEADERS | (_HEADERS_OF_TLS if tls else {})
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


class SecurityMiddleware:
    """Refuses cross-site, misdirected and oversized requests, and sets security headers on every response.

    Pages of other sites may use the API only if their origins are configured (CORS).
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        limited: ASGIApp = UnhandledErrorMiddleware(BodyLimit(app, settings.request_deadline))
        self._app = _with_cors(settings.cors_origins, limited) if settings.cors_origins else limited
        self._trusted_origins = frozenset(settings.cors_origins)
        self._hosts = KnownHosts(settings)
        self._headers = security_headers(tls=not settings.development)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; error responses get the headers too."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                names = {name for name, _ in headers}
                message["headers"] = [*headers, *(header for header in self._headers if header[0] not in names)]
            await send(message)

        await (self._refuse(scope) or self._app)(scope, receive, send_with_headers)

    def _refuse(self, scope: Scope) -> Response | None:
        refused = self._hosts.refuse(scope)
        if refused is None and not is_same_site(scope["method"], RequestHeaders.of(scope), self._trusted_origins):
            return error_response(403, "Requests from other sites are not accepted.", code="FORBIDDEN")
        return refused


def _with_cors(origins: Collection[str], app: ASGIApp) -> ASGIApp:
    """Allow pages of the origins to use the application. They are trusted like our own, sessions included."""
    return CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_credentials=True,
        allow_methods=["GET", "POST"],
        allow_headers=["Accept", "Accept-Language", "Authorization", "Content-Type", "X-Request-ID"],
        expose_headers=["X-Request-ID", "Retry-After"],
        max_age=600,
    )
