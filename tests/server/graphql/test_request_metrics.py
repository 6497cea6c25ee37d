"""A request is counted once, by names of the schema and by its outcome."""

from typing import Any

import pytest
from tests.server.graphql.without_database import context_of

from contract_server import metrics
from contract_server.graphql.execution.executor import Executor
from contract_server.graphql.http.request import RequestRefused
from contract_server.graphql.request_metrics import RequestMetrics, begin_at_zero, count_malformed
from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core


def count(operation: str, outcome: str) -> float:
    labels = {"operation": operation, "outcome": outcome}
    return metrics.REGISTRY.get_sample_value("contract_requests_total", labels) or 0


def error(code: str) -> dict[str, Any]:
    return {"message": "", "extensions": {"code": code}}


@pytest.mark.parametrize(
    ("errors", "refusal", "outcome"),
    [
        ([], None, "answered"),
        ([], "STALE_CONTRACT", "refused"),
        ([error("FORBIDDEN"), error("BAD_USER_INPUT")], None, "forbidden"),
        ([error("A_CODE_OF_NO_LIST")], None, "other"),
    ],
)
def test_a_request_is_counted_by_its_outcome(errors: list[dict[str, Any]], refusal: str | None, outcome: str) -> None:
    context = context_of()
    context.refusal = refusal
    before = count("unknown", outcome)
    with RequestMetrics() as request_metrics:
        request_metrics.set_outcome(errors, context)
    assert count("unknown", outcome) == before + 1


def test_a_request_that_ends_with_an_exception_is_counted_as_an_internal_error() -> None:
    before = count("policy", "internal_server_error")
    operation = Executor(build_schema(development=False), introspection=False).prepare("{ policy { name } }")
    request_metrics = RequestMetrics()
    request_metrics.set_operation(operation.operation(None))
    with pytest.raises(ZeroDivisionError), request_metrics:
        _ = 1 / 0
    assert count("policy", "internal_server_error") == before + 1


def test_a_malformed_request_is_counted_once() -> None:
    before = count("unknown", "malformed"), count("unknown", "internal_server_error")
    with pytest.raises(RequestRefused), RequestMetrics():
        raise RequestRefused(400, "malformed")
    count_malformed()
    assert (count("unknown", "malformed"), count("unknown", "internal_server_error")) == (before[0] + 1, before[1])


def test_every_field_has_a_series_before_its_first_error() -> None:
    begin_at_zero(core(build_schema(development=False)))
    for operation in ("health", "terminateContract", "unknown"):
        labels = {"operation": operation, "outcome": "internal_server_error"}
        assert metrics.REGISTRY.get_sample_value("contract_requests_total", labels) is not None
