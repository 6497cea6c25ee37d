"""The spans of this process, if tracing is on."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

    from contract_server.tracing.opentelemetry import Recorder

_NO_SPAN = nullcontext()


def is_installed() -> bool:
    """Whether the extra `otel` is installed."""
    return find_spec("opentelemetry") is not None and find_spec("opentelemetry.sdk") is not None


class Tracing:
    """Records spans while it is on."""

    def __init__(self) -> None:
        self._recorder: Recorder | None = None

    @contextmanager
    def exporting(self, *, enabled: bool, processor: "SpanProcessor | None" = None) -> Iterator[None]:
        """Record spans during the block if enabled, and export them as the variables `OTEL_*` say."""
        if not enabled:
            yield
            return
        from contract_server.tracing.opentelemetry import Recorder  # noqa: PLC0415 - needs the extra

        self._recorder = recorder = Recorder(processor)
        try:
            yield
        finally:
            self._recorder = None
            recorder.close()

    def span(self, name: str, parent: str | None = None, **attributes: str | int) -> AbstractContextManager[Any]:
        """Record the block as a span: a child of the current one, or of one that another process has named.

        Args:
            name: What is done.
            parent: A `traceparent` (W3C) from a header or a row; ignored where it is not one.
            attributes: Values of the program's own.
        """
        return _NO_SPAN if self._recorder is None else self._recorder.span(name, parent, attributes)

    def annotate(self, **attributes: str | int) -> None:
        """Add attributes to the current span."""
        if self._recorder is not None:
            self._recorder.annotate(attributes)

    def traceparent(self) -> str | None:
        """The current span in the form that is stored or sent."""
        return None if self._recorder is None else self._recorder.traceparent()


TRACING = Tracing()
