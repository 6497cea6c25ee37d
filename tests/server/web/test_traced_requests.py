"""A request is a span with its method, operation, outcome and status, and nothing else of it."""

from collections.abc import Iterator

import httpx
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.server.asgi import client_of

from contract_server.settings import Settings
from contract_server.tracing import TRACING
from contract_server.web.app import create_app

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CANARY = "canary@example.jp"


@pytest.fixture
def exported() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    with TRACING.exporting(enabled=True, processor=SimpleSpanProcessor(exporter)):
        yield exporter


@pytest.fixture
def traced(production_settings: Settings) -> httpx.AsyncClient:
    return client_of(create_app(production_settings.model_copy(update={"tracing": True})))


async def test_a_request_is_a_part_of_its_callers_trace(
    traced: httpx.AsyncClient, exported: InMemorySpanExporter
) -> None:
    query = {"query": "{ timeline(requestedOn: 1) { requestedOn } }"}
    headers = {"traceparent": CALLER, "tracestate": f"vendor={CANARY}"}
    await traced.post("/graphql", json=query, headers=headers)
    (span,) = exported.get_finished_spans()
    assert span.parent is not None
    assert (span.name, f"{span.parent.span_id:016x}") == ("POST /graphql", CALLER.split("-")[2])
    assert span.attributes is not None
    assert span.attributes.keys() == {"operation", "outcome", "http.response.status_code"}
    assert CANARY not in span.to_json()


async def test_no_path_but_the_apis_is_recorded(traced: httpx.AsyncClient, exported: InMemorySpanExporter) -> None:
    await traced.get(f"/{CANARY}?email={CANARY}")
    (span,) = exported.get_finished_spans()
    assert (span.name, span.attributes) == ("GET page", {"http.response.status_code": 404})
    assert CANARY not in span.to_json()
