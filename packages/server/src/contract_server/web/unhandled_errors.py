"""Unexpected errors: the client gets no details, and the log entry carries the request id."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_server.db.availability import is_transient
from contract_server.graphql.errors import masked, unavailable
from contract_server.graphql.http.accept import answer_language
from contract_server.headers import RequestHeaders
from contract_server.logs import get_logger

log = get_logger(__name__)


class UnhandledErrorMiddleware:
    """Answers 500 if the application fails before it has answered, or 503 if the database is unavailable."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; an error after the response has begun is raised again."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_and_remember(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_remember)
        except Exception as error:
            if has_begun:
                raise
            language = answer_language(RequestHeaders.of(scope).get(b"accept-language"))
            if is_transient(error):
                response = JSONResponse({"errors": [unavailable(language)]}, 503, {"Retry-After": "5"})
            else:
                log.error("request failed", exc_info=error)  # noqa: TRY400 - our formatter takes the exception itself
                response = JSONResponse({"errors": [masked(language)]}, 500)
            await response(scope, receive, send)
