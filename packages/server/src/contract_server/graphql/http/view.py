"""GraphQL over HTTP.

`application/json` answers a well-formed request with 200, even one that fails. `application/graphql-response+json`
answers 400 where nothing was executed. Malformed requests are refused by their HTTP status in both.
"""

import asyncio
from typing import Any

import strawberry
from graphql import ExecutionResult, GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from contract_server.audit.origin import set_origin
from contract_server.graphql.context import RequestContext, TimeTravel
from contract_server.graphql.errors import DatabaseUnavailable, format_error, rate_limited, too_slow, unavailable
from contract_server.graphql.execution.documents import PreparedDocument
from contract_server.graphql.execution.executor import DocumentRefused, Executor
from contract_server.graphql.execution.query_cost import OverBudget
from contract_server.graphql.http.accept import STATUS_BEFORE_EXECUTION, MediaType, answer_type
from contract_server.graphql.http.json_response import GraphQLResponse
from contract_server.graphql.http.large_requests import may_be_large
from contract_server.graphql.http.request import METHODS, GraphQLRequest, RequestRefused, read_request
from contract_server.graphql.permissions import require_recent_second_factor
from contract_server.graphql.request_metrics import RequestMetrics, begin_at_zero, count_malformed
from contract_server.graphql.strawberry_internals import core
from contract_server.headers import RequestHeaders
from contract_server.logs import get_logger
from contract_server.request_limits import InFlight, Load, Overloaded, RateLimited
from contract_server.services import Services

log = get_logger(__name__)

_RETRY = {"Retry-After": "5"}


class GraphQLView:
    """Serves the schema."""

    def __init__(self, schema: strawberry.Schema, services: Services, time_travel: TimeTravel | None) -> None:
        settings = services.settings
        self._executor = Executor(
            schema, introspection=settings.shows_schema, compile_operations=settings.compiled_operations
        )
        begin_at_zero(core(schema))
        self._services = services
        self._time_travel = time_travel
        self._in_flight = InFlight()
        self._load = Load(settings.request_deadline)
        self._deadline_seconds = settings.request_deadline.total_seconds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        media_type = MediaType.JSON
        try:
            media_type = _negotiated(request)
            services = self._services.service_accounts
            graphql_request = await read_request(request, lambda: may_be_large(request, services))
            return await self._run(request, graphql_request, media_type)
        except RequestRefused as refused:
            count_malformed()
            error = {"message": refused.message, "extensions": {"code": refused.code}}
            return GraphQLResponse(media_type).with_body({"errors": [error]}, refused.status, refused.headers)
        except OverBudget as over:
            count_malformed()
            body, status = _outcome(ExecutionResult(None), [dict(over.formatted)], media_type)
            return GraphQLResponse(media_type).with_body(body, status)

    async def _run(self, request: Request, graphql_request: GraphQLRequest, media_type: MediaType) -> Response:
        response = GraphQLResponse(media_type)
        context = RequestContext(self._services, request, response, self._time_travel)
        set_origin(context.origin)
        with RequestMetrics() as request_metrics:
            try:
                try:
                    self._load.require_capacity()
                    prepared = self._executor.prepare(graphql_request.query)
                    request_metrics.set_operation(prepared.operation(graphql_request.operation_name))
                    result = await self._execute(prepared, graphql_request, context)
                except DocumentRefused as refused:
                    result = ExecutionResult(None, refused.errors)
                except GraphQLError as refusal:
                    result = ExecutionResult(None, [refusal])
                errors = [format_error(error, context.language) for error in result.errors or ()]
                request_metrics.set_outcome(errors, context)
            except RateLimited as limited:
                request_metrics.outcome = "rate_limited"
                retry = {"Retry-After": f"{limited.retry_after.total_seconds():.0f}"}
                return GraphQLResponse(media_type).with_body({"errors": [rate_limited(context.language)]}, 429, retry)
            except Overloaded:
                request_metrics.outcome = "overloaded"
                return _later(unavailable(context.language), media_type)
            except DatabaseUnavailable:
                request_metrics.outcome = "unavailable"
                return _later(unavailable(context.language), media_type)
            except TimeoutError:
                request_metrics.outcome = "too_slow"
                log.warning("request took too long")
                return _later(too_slow(context.language), media_type)
        return response.with_body(*_outcome(result, errors, media_type))

    async def _execute(
        self, prepared: PreparedDocument, graphql_request: GraphQLRequest, context: RequestContext
    ) -> ExecutionResult:
        operation = prepared.operation(graphql_request.operation_name)
        if context.request.method == "GET" and operation and not operation.only_reads:
            raise RequestRefused(405, "GET is for queries. Send mutations by POST.", {"Allow": "POST"})
        async with asyncio.timeout(None if operation and not operation.has_deadline else self._deadline_seconds):
            if context.token is None:
                return await self._executor.execute(prepared, graphql_request, context)
            async with self._in_flight.place(context.token):
                if operation:
                    await require_recent_second_factor(operation.root_fields, context)
                began = self._load.begin()  # requests without a session may wait for passwords, not for the server
                try:
                    return await self._executor.execute(prepared, graphql_request, context)
                finally:
                    self._load.end(began)


def _later(error: dict[str, Any], media_type: MediaType) -> Response:
    """Answer that another try makes sense in some seconds."""
    return GraphQLResponse(media_type).with_body({"errors": [error]}, 503, _RETRY)


def _negotiated(request: Request) -> MediaType:
    """The media type of the response.

    Raises:
        RequestRefused: 405 or 406.
    """
    if request.method not in METHODS:
        raise RequestRefused(405, "Send GraphQL requests by GET or POST.", {"Allow": ", ".join(METHODS)})
    media_type = answer_type(RequestHeaders.of(request.scope).get(b"accept"))
    if media_type is None:
        raise RequestRefused(406, f"Responses are written as {' or '.join(MediaType)}. Accept one of them.")
    return media_type


def _outcome(
    result: ExecutionResult, errors: list[dict[str, Any]], media_type: MediaType
) -> tuple[dict[str, Any], int]:
    """The body and the status. Errors without a path belong to the request: nothing was executed, there is no data."""
    executed = result.data is not None or any("path" in error for error in errors)
    body = ({"data": result.data} if executed else {}) | ({"errors": errors} if errors else {})
    return body, 200 if executed else STATUS_BEFORE_EXECUTION[media_type]
