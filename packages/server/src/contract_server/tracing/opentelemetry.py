"""Spans are recorded and exported by OpenTelemetry's SDK; the only module that imports it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_SERVICE = Resource({"service.name": "contract-server"})
_W3C = TraceContextTextMapPropagator()


class Recorder:
    """Records spans, and exports them from a thread of its own."""

    def __init__(self, processor: SpanProcessor | None = None) -> None:
        resource = _SERVICE.merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor or BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("contract_server")

    def span(self, name: str, parent: str | None, attributes: Mapping[str, str | int]) -> AbstractContextManager[Span]:
        """Begin a span. The parent's `tracestate` is not read: it is free text."""
        context = _W3C.extract({"traceparent": parent}) if parent else None
        return self._tracer.start_as_current_span(
            name, context, attributes=attributes, record_exception=False, set_status_on_exception=False
        )

    def annotate(self, attributes: Mapping[str, str | int]) -> None:
        """Add attributes to the current span."""
        get_current_span().set_attributes(attributes)

    def traceparent(self) -> str | None:
        """The current span, as W3C writes it."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get("traceparent")

    def close(self) -> None:
        """Export what is left."""
        self._provider.shutdown()
