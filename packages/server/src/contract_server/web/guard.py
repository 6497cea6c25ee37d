"""The guard of every HTTP request, read from top to bottom.

It gives the request an id, refuses hosts and sites that may not ask, reads the body within the limits, and answers
unexpected errors. Every response carries the id and the security headers. One object does all of it, because each layer
of middleware costs more than its own work.
"""

from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid4

from contract_server import logs
from contract_server.connections.body_limit import BodyLimit, LimitOf, usual_limit
from contract_server.connections.error_responses import error_response
from contract_server.connections.security_headers import SecurityHeaders
from contract_server.headers import RequestHeaders
from contract_server.settings import Settings
from contract_server.web.cross_site import is_same_site
from contract_server.web.host import KnownHosts
from contract_server.web.unhandled_errors import response_to

LONGEST_REQUEST_ID = 64
HEADERS_OF_CLIENTS = (
    "Accept",
    "Accept-Language",
    "Apollo-Require-Preflight",
    "Authorization",
    "Content-Type",
    "Traceparent",
    "X-Request-ID",
)
"""The headers that pages of trusted origins may send."""

_SCOPE_KEY = "contract_server.sender"


class Guard:
    """Stands before the application.

    Pages of other sites may use the API only if their origins are configured (CORS).
    """

    def __init__(self, app: ASGIApp, settings: Settings, limit_of: LimitOf = usual_limit) -> None:
        self._app = app
        self._hosts = KnownHosts(settings)
        self._trusted_origins = frozenset(settings.cors_origins)
        self._security_headers = SecurityHeaders(tls=not settings.development)
        self._with_body = BodyLimit(app, settings.request_deadline, limit_of)
        self._answer_with_cors: ASGIApp = _with_cors(settings, self._answer) if settings.cors_origins else self._answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = RequestHeaders.of(scope)
        request_id = _request_id(headers)
        logs.request_id.set(request_id)
        sender = scope[_SCOPE_KEY] = _Sender(send, self._security_headers, request_id)
        answer = self._refuse(scope, headers) or self._answer_with_cors
        await answer(scope, receive, sender.send)

    def _refuse(self, scope: Scope, headers: RequestHeaders) -> Response | None:
        refused = self._hosts.refuse(scope)
        if refused is None and not is_same_site(scope["method"], headers, self._trusted_origins):
            return error_response(403, "Requests from other sites are not accepted.", code="FORBIDDEN")
        return refused

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body and call the application; an error after the response has begun is raised again."""
        try:
            await self._with_body(scope, receive, send)
        except Exception as error:
            if scope[_SCOPE_KEY].has_begun:
                raise
            await response_to(error, RequestHeaders.of(scope))(scope, receive, send)


class _Sender:
    """Sends the response of one request, with the headers of every response."""

    __slots__ = ("_request_id", "_security_headers", "_send", "has_begun")

    def __init__(self, send: Send, security_headers: SecurityHeaders, request_id: str) -> None:
        self._send = send
        self._security_headers = security_headers
        self._request_id = request_id
        self.has_begun = False

    async def send(self, message: Message) -> None:
        """Send one message."""
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = self._security_headers.added_to(message.get("headers", ()))
            message["headers"] = [*headers, (b"x-request-id", self._request_id.encode())]
        await self._send(message)


def _request_id(headers: RequestHeaders) -> str:
    """The id that the client sent, or a new one."""
    sent = headers.get(b"x-request-id")
    return sent if sent is not None and _is_request_id(sent) else uuid4().hex


def _is_request_id(text: str) -> bool:
    """Whether a client's own request id is safe to log: short, and only letters, digits, hyphens, underscores."""
    return 1 <= len(text) <= LONGEST_REQUEST_ID and text.replace("-", "").replace("_", "").isalnum() and text.isascii()


def _with_cors(settings: Settings, app: ASGIApp) -> ASGIApp:
    """Allow pages of the origins to use the application. They are trusted like our own, sessions included."""
    return CORSMiddleware(
        app,
        allow_origins=settings.cors_origins,
        allow_credentials=True,
        allow_methods=["GET", "POST"],
        allow_headers=[*HEADERS_OF_CLIENTS, *settings.cors_headers],
        expose_headers=["X-Request-ID", "Retry-After"],
        max_age=600,
    )
