"""What nobody expected: told without a word of its text, and logged where the request id finds it."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_server.db.availability import is_unavailable
from contract_server.graphql.errors import masked, unavailable
from contract_server.graphql.http.accept import answer_language
from contract_server.headers import RequestHeaders
from contract_server.logs import get_logger

log = get_logger(__name__)


class UnhandledErrorMiddleware:
    """Answers 500, or 503 where the database is out of reach, when the application fails before it has answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer it if nobody else does."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered = False

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            if answered:
                raise
            language = answer_language(RequestHeaders.of(scope).get(b"accept-language"))
            if is_unavailable(error):
                response = JSONResponse({"errors": [unavailable(language)]}, 503, {"Retry-After": "5"})
            else:
                log.error("request failed", exc_info=error)  # noqa: TRY400 - our formatter takes the exception itself
                response = JSONResponse({"errors": [masked(language)]}, 500)
            await response(scope, receive, send)
