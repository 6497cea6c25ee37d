"""Metrics of requests and refusals. Every label is a name of the schema, never a text of the client."""

from functools import cache
from itertools import product
from types import TracebackType
from typing import Any, Self

import strawberry
from graphql import GraphQLSchema
from prometheus_client import Counter
from strawberry.types.field import StrawberryField

from contract_server import metrics
from contract_server.graphql.context import RequestContext, RequestInfo
from contract_server.graphql.execution.documents import PreparedOperation
from contract_server.graphql.http.request import RequestRefused
from contract_server.graphql.strawberry_internals import get_error_type, get_exception_types
from contract_server.tracing import TRACING

UNKNOWN = "unknown"
MALFORMED = "malformed"
INTERNAL = "internal_server_error"
OTHER = "other"
CODES = frozenset(
    {
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "SECOND_FACTOR_NEEDED",
        "BAD_USER_INPUT",
        "RATE_LIMITED",
        "INTERNAL_SERVER_ERROR",
    }
)


class RequestMetrics:
    """Count one request on exit, as an internal error unless another outcome was set."""

    __slots__ = ("operation", "outcome")

    def __init__(self) -> None:
        self.operation = UNKNOWN
        self.outcome = INTERNAL

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Count the request, unless its HTTP status refuses it: `count_malformed` counts these."""
        if not isinstance(error, RequestRefused):
            _requests(self.operation, self.outcome).inc()
            TRACING.annotate(operation=self.operation, outcome=self.outcome)

    def set_operation(self, operation: PreparedOperation | None) -> None:
        """Record the first field of the operation."""
        if operation is not None:
            self.operation = operation.first_field

    def set_outcome(self, errors: list[dict[str, Any]], context: RequestContext) -> None:
        """Record the outcome by the errors and the refusal of the response."""
        if errors:
            code = errors[0]["extensions"]["code"]
            self.outcome = code.lower() if code in CODES else OTHER
        elif context.refusal:
            self.outcome = "refused"
            metrics.REFUSALS.labels(self.operation, context.refusal).inc()
        else:
            self.outcome = "answered"


@cache  # finding a counter takes longer than counting; the schema bounds their number
def _requests(operation: str, outcome: str) -> Counter:
    return metrics.REQUESTS.labels(operation, outcome)


def begin_at_zero(schema: GraphQLSchema) -> None:
    """Create the series of every field's errors at 0: Prometheus sees no increase in a series that begins at 1."""
    fields = [field for root in (schema.query_type, schema.mutation_type) if root for field in root.fields]
    for operation, outcome in product([*fields, UNKNOWN], (INTERNAL, OTHER)):
        _requests(operation, outcome)


def count_malformed() -> None:
    """Count a request that cannot be read."""
    _requests(UNKNOWN, MALFORMED).inc()


class CountingHandler(strawberry.ExceptionHandler):  # type: ignore[type-arg] # those of the wrapped handler
    """Wraps a handler of expected failures, and records the code of its problem for the metrics."""

    def __init__(self, handler: strawberry.ExceptionHandler[Any, Any]) -> None:
        self._handler = handler
        self.exception_type = get_exception_types(handler)
        self.error_type = get_error_type(handler)

    def handle(self, exception: Exception, *, field: StrawberryField, info: RequestInfo) -> object:
        problem: Any = self._handler.handle(exception, field=field, info=info)
        info.context.refusal = problem.code.value
        return problem
