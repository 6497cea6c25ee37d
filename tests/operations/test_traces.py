"""One trace leads from a client's request through the server and the outbox to the worker, over real processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.conftest import seeded_database
from tests.faults.waiting import until
from tests.server.running import ACTIVE_CONTRACT, TERMINATE, free_port, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
EMAIL = "active@example.jp"


class Collector:
    """Receives spans by OTLP over HTTP."""

    def __init__(self) -> None:
        self.spans: dict[str, Span] = {}
        self.received = b""

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b"":
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = await reader.readexactly(length)
            self.received += body
            self.keep(ExportTraceServiceRequest.FromString(body))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def keep(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans |= {span.name: span for span in scope.spans if span.trace_id.hex() == TRACE}


@asynccontextmanager
async def collecting(port: int) -> AsyncIterator[Collector]:
    collector = Collector()
    async with await asyncio.start_server(collector.receive, "127.0.0.1", port):
        yield collector


async def test_one_trace_leads_from_the_request_to_the_mail(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    url, port = await seeded_database(postgres), free_port()
    async with (
        collecting(port) as collector,
        running(
            url,
            redis.url,
            tmp_path,
            TRACING="true",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
            OTEL_EXPORTER_OTLP_COMPRESSION="none",
            OTEL_BSP_SCHEDULE_DELAY="100",
        ) as service,
        service.client() as client,
    ):
        await client.log_in(EMAIL)
        client.http.headers["traceparent"] = f"00-{TRACE}-{CALLER}-01"
        await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
        await until(lambda: collector.spans.keys() >= {"POST /graphql", "send mail"})
    request, mail = collector.spans["POST /graphql"], collector.spans["send mail"]
    assert request.parent_span_id.hex() == CALLER
    assert mail.parent_span_id == request.span_id
    assert EMAIL.encode() not in collector.received
