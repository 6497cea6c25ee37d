"""GraphQL over HTTP."""

import orjson
from asgi_correlation_id.context import correlation_id
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.types import ExecutionResult

from contract_rules import Language
from contract_server.db.availability import is_unavailable
from contract_server.demo.time_travel import TimeTravel
from contract_server.graphql.context import RequestContext
from contract_server.graphql.language import negotiate
from contract_server.graphql.schema import Schema
from contract_server.logs import get_logger
from contract_server.services import Services

log = get_logger(__name__)

_UNAVAILABLE = {
    Language.JA: "ただいまサービスをご利用いただけません。しばらくしてから、もう一度お試しください。",
    Language.EN: "The service is not available at the moment. Please try again shortly.",
}
_INTERNAL = {
    Language.JA: "サーバーで問題が発生しました。お問い合わせの際は requestId をお知らせください。",
    Language.EN: "Something went wrong on our side. When you contact us, please quote the requestId.",
}


class DatabaseUnavailable(Exception):
    """The database cannot be reached; it passes by itself."""


class GraphQLView(GraphQL[RequestContext, None]):
    """Serves the schema; tells expected failures, masks the others, and logs those."""

    def __init__(self, schema: Schema, services: Services, time_travel: TimeTravel | None) -> None:
        super().__init__(schema, graphql_ide=None, subscription_protocols=())
        self._services = services
        self._time_travel = time_travel

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> RequestContext:
        """What resolvers can ask for."""
        assert isinstance(request, Request)  # noqa: S101 - there are no web sockets here
        assert isinstance(response, Response)  # noqa: S101 - nor here
        return RequestContext(self._services, request, response, self._time_travel)

    async def run(self, request, context=..., root_value=...):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as in Strawberry
        """Answer one request; 503 where the database is out of reach."""
        try:
            return await super().run(request)
        except DatabaseUnavailable:
            return self._unavailable(request)

    async def process_result(
        self, request: Request, result: ExecutionResult, strict: bool = False
    ) -> GraphQLHTTPResponse:
        """The answer, with every error told in a way that gives nothing away."""
        language = negotiate(request.headers.get("accept-language", ""))
        answer: GraphQLHTTPResponse = {"data": result.data}
        if result.errors:
            answer["errors"] = [self._told(error, language) for error in result.errors]
        return answer

    def encode_json(self, data: object) -> bytes:
        """JSON in UTF-8."""
        return orjson.dumps(data)

    def _told(self, error: GraphQLError, language: Language) -> dict[str, object]:
        cause = error.original_error
        while isinstance(cause, GraphQLError):
            error, cause = cause, cause.original_error
        if cause is not None and is_unavailable(cause):
            raise DatabaseUnavailable from cause
        if cause is None or not error.path:
            told = dict(error.formatted)
            told["extensions"] = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
            return told
        log.error("resolver failed", exc_info=cause, path=[str(part) for part in error.path or ()])
        return {
            "message": _INTERNAL[language],
            "path": error.path,
            "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": correlation_id.get()},
        }

    def _unavailable(self, request: Request) -> Response:
        language = negotiate(request.headers.get("accept-language", ""))
        error = {"message": _UNAVAILABLE[language], "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
        return JSONResponse({"errors": [error]}, status_code=503, headers={"Retry-After": "5"})
