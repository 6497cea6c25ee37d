"""Traces by OpenTelemetry: one trace from a request through the outbox to the worker that sends the mail.

Tracing is off by default, and nothing of OpenTelemetry is imported then. Names and attributes of spans come from the
program, as the labels of metrics do, and no exception is recorded: its text may be personal.
"""

from contract_server.tracing.tracing import TRACING, is_installed

__all__ = ["TRACING", "is_installed"]
