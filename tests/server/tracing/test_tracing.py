"""Spans lead from a change through the outbox to its mail, and hold nothing personal; tracing is off by default."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.server.workbench import Workbench

from contract_notify import TemporaryFailure
from contract_server.mail.models import OutboxMail
from contract_server.settings import Settings, SettingsError, load_settings
from contract_server.settings import settings as settings_module
from contract_server.tracing import TRACING

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CANARY = "canary@example.jp"
IMPORTS_OF_A_SERVER = """
import sys, contract_server.web.app, contract_server.worker.sweep
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""


@pytest.fixture
def exported() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    with TRACING.exporting(enabled=True, processor=SimpleSpanProcessor(exporter)):
        yield exporter


def only(exported: InMemorySpanExporter, name: str) -> ReadableSpan:
    (span,) = (span for span in exported.get_finished_spans() if span.name == name)
    return span


async def test_the_span_of_a_mail_is_a_child_of_the_one_that_caused_it(
    bench: Workbench, exported: InMemorySpanExporter
) -> None:
    with TRACING.span("cause", CALLER):
        await bench.terminated_contract()
    await bench.mail_relay().drain()
    cause, mail = only(exported, "cause"), only(exported, "send mail")
    assert cause.parent is not None
    assert mail.parent is not None
    assert cause.context is not None
    assert mail.parent.span_id == cause.context.span_id
    assert f"{cause.parent.trace_id:032x}" == CALLER.split("-")[1]
    assert {span.context.trace_id for span in (cause, mail) if span.context} == {cause.parent.trace_id}


async def test_a_span_of_a_mail_tells_the_outcome_and_no_person(
    bench: Workbench, exported: InMemorySpanExporter
) -> None:
    await bench.terminated_contract()
    mail = await OutboxMail.get()
    bench.delivery.fail_next(TemporaryFailure(f"{mail.recipient} is busy"))
    await bench.mail_relay().drain()
    span = only(exported, "send mail")
    assert span.attributes == {"kind": mail.kind, "attempt": 1, "outcome": "TemporaryFailure"}
    assert mail.recipient not in span.to_json()


def test_no_text_of_an_exception_is_recorded(exported: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match=CANARY), TRACING.span("fails"):
        raise ValueError(CANARY)
    assert CANARY not in only(exported, "fails").to_json()


@pytest.mark.parametrize("parent", ["", "x", CALLER.upper() * 2, "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_what_is_no_traceparent_begins_a_new_trace(exported: InMemorySpanExporter, parent: str) -> None:
    with TRACING.span("alone", parent):
        pass
    assert only(exported, "alone").parent is None


async def test_while_tracing_is_off_there_is_no_span(bench: Workbench) -> None:
    with TRACING.span("none", CALLER) as span:
        TRACING.annotate(outcome="none")
        await bench.terminated_contract()
    assert (span, TRACING.traceparent(), (await OutboxMail.get()).traceparent) == (None, None, None)


def test_while_tracing_is_off_nothing_of_it_is_imported() -> None:
    shown = subprocess.run([sys.executable, "-c", IMPORTS_OF_A_SERVER], check=True, capture_output=True, text=True)  # noqa: S603 - ours
    assert shown.stdout == "[]\n"


def test_without_the_extra_it_cannot_be_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_module, "is_installed", lambda: False)
    monkeypatch.setenv("TRACING", "true")
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/x")
    monkeypatch.setenv("ENVIRONMENT", "development")
    load_settings.cache_clear()
    with pytest.raises(SettingsError, match=r"^TRACING: 'true' does not fit; expected contract-server\[otel\]"):
        load_settings()
    load_settings.cache_clear()
    assert Settings.model_fields["tracing"].default is False
