"""GraphQL over HTTP.

`application/json` answers a well-formed request with 200, whatever comes of it; `application/graphql-response+json`
says 400 where nothing was executed. Requests that are malformed are refused by their HTTP status in either.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
import strawberry
from graphql import DocumentNode, ExecutionResult, OperationType, get_operation_ast
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from contract_server.demo.time_travel import TimeTravel
from contract_server.graphql.context import RequestContext
from contract_server.graphql.deadline import seconds_allowed
from contract_server.graphql.errors import DatabaseUnavailable, tell, too_slow, unavailable
from contract_server.graphql.execution import DocumentRefused, Executor
from contract_server.graphql.http_request import METHODS, GraphQLRequest, RequestRefused, read_request
from contract_server.graphql.language import negotiate
from contract_server.graphql.negotiation import MediaType, answer_type
from contract_server.logs import get_logger
from contract_server.services import Services

log = get_logger(__name__)

_RETRY = {"Retry-After": "5"}


class GraphQLView:
    """Serves the schema."""

    def __init__(self, schema: strawberry.Schema, services: Services, time_travel: TimeTravel | None) -> None:
        self._executor = Executor(schema, introspection=services.settings.shows_schema)
        self._services = services
        self._time_travel = time_travel

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            media_type = _negotiated(request)
            return await self._run(request, await read_request(request), media_type)
        except RequestRefused as refused:
            error = {"message": refused.message, "extensions": {"code": "BAD_USER_INPUT"}}
            return _response({"errors": [error]}, refused.status, headers=refused.headers)

    async def _run(self, request: Request, asked: GraphQLRequest, media_type: MediaType) -> Response:
        language = negotiate(request.headers.get("accept-language", ""))
        # resolvers set cookies on it
        reply = Response()
        del reply.headers["content-length"]
        context = RequestContext(self._services, request, reply, self._time_travel)
        try:
            try:
                document = self._executor.prepare(asked.query)
                result = await self._execute(document, asked, context)
            except DocumentRefused as refused:
                result = ExecutionResult(None, refused.errors)
            errors = [tell(error, language) for error in result.errors or ()]
        except DatabaseUnavailable:
            return _response({"errors": [unavailable(language)]}, 503, media_type, _RETRY)
        except TimeoutError:
            log.warning("request took too long")
            return _response({"errors": [too_slow(language)]}, 503, media_type, _RETRY)
        response = _response(*_outcome(result, errors, media_type), media_type)
        response.raw_headers.extend(reply.raw_headers)
        return response

    async def _execute(self, document: DocumentNode, asked: GraphQLRequest, context: RequestContext) -> ExecutionResult:
        operation = get_operation_ast(document, asked.operation_name)
        reads = operation is None or operation.operation is OperationType.QUERY
        if context.request.method == "GET" and not reads:
            raise RequestRefused(405, "GET is for queries. Send mutations by POST.", {"Allow": "POST"})
        async with asyncio.timeout(seconds_allowed(operation, self._services.settings.request_deadline)):
            return await self._executor.execute(document, asked, context)


def _negotiated(request: Request) -> MediaType:
    """How the answer is to be written.

    Raises:
        RequestRefused: 405 or 406.
    """
    if request.method not in METHODS:
        raise RequestRefused(405, "GraphQL is asked by GET or POST.", {"Allow": ", ".join(METHODS)})
    media_type = answer_type(request.headers.get("accept"))
    if media_type is None:
        raise RequestRefused(406, f"Answers are written as {' or '.join(MediaType)}.")
    return media_type


def _outcome(
    result: ExecutionResult, errors: list[dict[str, Any]], media_type: MediaType
) -> tuple[dict[str, Any], int]:
    """The body and the status. Errors without a path are the request's own: nothing was executed, there is no data."""
    executed = result.data is not None or any("path" in error for error in errors)
    body = ({"data": result.data} if executed else {}) | ({"errors": errors} if errors else {})
    return body, 200 if executed or media_type is MediaType.JSON else 400


def _response(
    body: Mapping[str, Any],
    status: int,
    media_type: MediaType = MediaType.JSON,
    headers: Mapping[str, str] | None = None,
) -> Response:
    return Response(
        orjson.dumps(body),
        status,
        headers={
            "Content-Type": f"{media_type}; charset=utf-8",
            "Vary": "Accept, Accept-Language",
            **(headers or {}),
        },
    )
