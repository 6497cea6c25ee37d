"""Counting requests and refusals, under names that the schema has: what clients write is never a label."""

from functools import cache
from itertools import product
from types import TracebackType
from typing import Any, Self

import strawberry
from graphql import GraphQLSchema
from prometheus_client import Counter
from strawberry.schema.exception_handlers import get_error_type, get_exception_types
from strawberry.types.field import StrawberryField

from contract_server import metrics
from contract_server.graphql.context import RequestContext, RequestInfo
from contract_server.graphql.execution.documents import PreparedOperation
from contract_server.graphql.http.request import RequestRefused

UNKNOWN = "unknown"
MALFORMED = "malformed"
DEFECT = "internal_server_error"
UNFORESEEN = "other"
CODES = frozenset({"UNAUTHENTICATED", "FORBIDDEN", "BAD_USER_INPUT", "RATE_LIMITED", "INTERNAL_SERVER_ERROR"})


class RequestMetrics:
    """One request, which is counted at the end of the block; as a defect of ours unless somebody says otherwise."""

    __slots__ = ("operation", "outcome")

    def __init__(self) -> None:
        self.operation = UNKNOWN
        self.outcome = DEFECT

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Count, but for a request that is refused by its HTTP status: whoever answers that counts it."""
        if not isinstance(error, RequestRefused):
            _requests(self.operation, self.outcome).inc()

    def asks(self, operation: PreparedOperation | None) -> None:
        """Note what is asked for, by the first field of the operation."""
        if operation is not None:
            self.operation = operation.first_field

    def answered(self, errors: list[dict[str, Any]], context: RequestContext) -> None:
        """Note what came of it."""
        if errors:
            code = errors[0]["extensions"]["code"]
            self.outcome = code.lower() if code in CODES else UNFORESEEN
        elif context.refusal:
            self.outcome = "refused"
            metrics.REFUSALS.labels(self.operation, context.refusal).inc()
        else:
            self.outcome = "answered"


@cache  # finding the counter takes longer than counting; there are as many as the schema has fields, times outcomes
def _requests(operation: str, outcome: str) -> Counter:
    return metrics.REQUESTS.labels(operation, outcome)


def begin_at_zero(schema: GraphQLSchema) -> None:
    """Have a series for every field's defects before the first: Prometheus sees no increase in one that begins at 1."""
    fields = [field for root in (schema.query_type, schema.mutation_type) if root for field in root.fields]
    for operation, outcome in product([*fields, UNKNOWN], (DEFECT, UNFORESEEN)):
        _requests(operation, outcome)


def count_malformed() -> None:
    """Count a request of which nobody can say what it asks for."""
    _requests(UNKNOWN, MALFORMED).inc()


class Counted(strawberry.ExceptionHandler):  # type: ignore[type-arg] # of whatever it wraps
    """A handler of expected failures that notes for the tally what it answers with."""

    def __init__(self, handler: strawberry.ExceptionHandler[Any, Any]) -> None:
        self._handler = handler
        self.exception_type = get_exception_types(handler)
        self.error_type = get_error_type(handler)

    def handle(self, exception: Exception, *, field: StrawberryField, info: RequestInfo) -> object:
        """The problem that the caller can act on."""
        problem: Any = self._handler.handle(exception, field=field, info=info)
        info.context.refusal = problem.code.value
        return problem
