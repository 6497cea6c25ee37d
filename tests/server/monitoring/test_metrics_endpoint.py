"""Metrics count requests and the backlog, and contain no personal data and no client input."""

import asyncio
import math
import re
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from inspect import signature
from itertools import product
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from tests.conftest import migrated_database, new_database, seeded_database
from tests.server.asgi import production_with_no_database
from tests.server.in_process import development_settings, served
from tests.server.running import (
    ACTIVE_CONTRACT,
    PASSWORD,
    Client,
    command,
    free_port,
    running,
    start,
    start_worker,
    stop_process,
    until_ready,
)
from tests.server.web.connections import Connection

from contract_notify import KINDS
from contract_server import metrics
from contract_server.cli.exit_status import Status
from contract_server.connections.http_protocol import HEAD_TIMEOUT_S
from contract_server.development.demo.people import CONTRACTS, OPERATOR_EMAIL, OPERATOR_NAME
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.headers import LONGEST_HEADER, LONGEST_HEADERS, LONGEST_URL, MOST_HEADERS
from contract_server.monitoring.metrics_endpoint import MetricsPort
from contract_server.services import build_services

ROOT = Path(__file__).parents[3]
PACKAGES = ("contract_rules", "contract_notify", "contract_server")
CANARY = "canary"
TERMINATE = """
mutation Canary_operation ($id: ID!, $key: String) {
  canary_alias: terminateContract(input: { contractId: $id, idempotencyKey: $key }) {
    __typename ... on Problem { code } } }
"""
VIEWER = "query { viewer { id } }"


class Scrape:
    """One response of `/metrics`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._samples: list[Sample] = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]

    def value(self, name: str, **labels: str) -> float:
        """Return the value of a series; 0 if it does not exist."""
        return next((sample.value for sample in self._samples if (sample.name, sample.labels) == (name, labels)), 0.0)

    def requests(self, operation: str, outcome: str) -> float:
        return self.value("contract_requests_total", operation=operation, outcome=outcome)

    def series(self) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
        return {(sample.name, tuple(sorted(sample.labels.items()))) for sample in self._samples}


async def scraped(address: str) -> Scrape:
    async with httpx.AsyncClient(timeout=30) as client:
        return await read(client, f"{address}/metrics")


async def read(client: httpx.AsyncClient, url: str = "/metrics") -> Scrape:
    response = await client.get(url)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    return Scrape(response.text)


@pytest.mark.parametrize(
    ("query", "operation", "outcome"),
    [
        ("{ testClock { now } }", "testClock", "answered"),
        ("{ ...F } fragment F on Query { ... on Query { timeline { requestedOn } } }", "timeline", "answered"),
        ("query A { testClock { now } } query B { timeline { requestedOn } }", "unknown", "bad_user_input"),
        ("{ contracts { nodes { id } } }", "contracts", "unauthenticated"),
        ("{ noSuchField }", "unknown", "bad_user_input"),
        ("{", "unknown", "bad_user_input"),
    ],
)
async def test_a_request_is_counted_by_its_first_field_and_by_what_came_of_it(
    client: Client, query: str, operation: str, outcome: str
) -> None:
    before = await read(client.http)
    await client.post(query)
    after = await read(client.http)
    assert after.requests(operation, outcome) == before.requests(operation, outcome) + 1


async def test_a_request_that_is_malformed_is_counted_once(client: Client) -> None:
    before = await read(client.http)
    assert (await client.http.post("/graphql", content=b"{}")).status_code == 415
    assert (await client.http.get("/graphql", params={"query": "mutation { logOut { ok } }"})).status_code == 405
    after = await read(client.http)
    assert after.requests("unknown", "malformed") == before.requests("unknown", "malformed") + 2


async def test_a_refusal_is_counted_by_its_reason(client: Client) -> None:
    await client.log_in("active@example.jp")
    before = await read(client.http)
    for _ in range(3):
        await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
    after = await read(client.http)
    labels = {"operation": "terminateContract", "reason": "ALREADY_TERMINATED"}
    assert after.value("contract_refusals_total", **labels) == before.value("contract_refusals_total", **labels) + 2
    for outcome, more in (("answered", 1), ("refused", 2)):
        counted = before.requests("terminateContract", outcome)
        assert after.requests("terminateContract", outcome) == counted + more


async def test_what_alerts_wait_for_is_there_at_zero_before_it_happens(client: Client) -> None:
    series = (await read(client.http)).series()
    for operation, outcome in product(
        ("unknown", "terminateContract", "contracts"), ("internal_server_error", "other")
    ):
        assert ("contract_requests_total", (("operation", operation), ("outcome", outcome))) in series
    for kind in KINDS:
        assert ("contract_mails_total", (("kind", kind), ("outcome", "given_up"))) in series


async def test_clients_cannot_make_the_metrics_grow(client: Client) -> None:
    async def anything() -> None:
        word = f"x{secrets.token_hex(8)}"
        await client.post(f"query {word} {{ {word}: testClock {{ {word}: now }} }}")
        await client.post(f"{{ {word} }}")
        await client.http.post("/graphql", json={"query": "{ testClock { now } }", "operationName": word})
        await client.http.get(f"/{word}", headers={"X-Request-ID": word})

    await anything()
    before = await read(client.http)
    for _ in range(10):
        await anything()
    assert (await read(client.http)).series() == before.series()


async def test_a_scrape_says_when_the_database_is_away_and_guesses_nothing(tmp_path: Path) -> None:
    settings = development_settings(f"postgresql://postgres@127.0.0.1:{free_port()}/none", tmp_path)
    async with served(settings) as client:
        scrape = await read(client)
    assert scrape.value("contract_database_reachable") == 0
    for name in ("contract_oldest_unsent_mail_seconds", "contract_sweep_age_seconds"):
        assert math.isnan(scrape.value(name))


async def test_a_request_that_the_database_could_not_answer_is_counted_as_that(tmp_path: Path) -> None:
    settings = development_settings(f"postgresql://postgres@127.0.0.1:{free_port()}/none", tmp_path)
    async with served(settings) as client:
        before = await read(client)
        assert (await client.post("/graphql", json={"query": "{ testClock { now } }"})).status_code == 503
        after = await read(client)
    assert after.requests("testClock", "unavailable") == before.requests("testClock", "unavailable") + 1


async def test_a_scrape_of_a_server_that_waits_for_its_migrations_says_the_same(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    async with served(development_settings(await new_database(postgres), tmp_path)) as client:
        assert (await read(client)).value("contract_database_reachable") == 0


async def test_a_scrape_tells_the_pool_as_it_is_without_the_scrape(client: Client) -> None:
    await client.ask(VIEWER)
    scrape = await read(client.http)
    assert scrape.value("contract_database_reachable") == 1
    assert scrape.value("contract_pool_connections", state="in_use") == 0
    assert scrape.value("contract_pool_connections", state="idle") >= 1
    assert scrape.value("contract_pool_connections", state="limit") == 10


def production(database_url: str, redis_url: str, **more: str) -> dict[str, str]:
    return {
        "ENVIRONMENT": "production",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SMTP_URL": "smtp://127.0.0.1:1?starttls=never",
        "PUBLIC_URL": "https://keiyaku.example.jp",
        "MAIL_SENDER": "no-reply@example.jp",
        "SECRET_KEY": secrets.token_hex(32),
        "LEDGER_DIR": "/srv/contract-ledger",
        **more,
    }


async def test_in_production_the_metrics_are_on_their_own_port_and_nowhere_else(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    port, metrics_port = free_port(), free_port()
    variables = production(await migrated_database(postgres), redis.url, METRICS_PORT=str(metrics_port))
    server = start(variables, tmp_path / "server.log", "serve", "--port", str(port))
    try:
        await until_ready(f"http://127.0.0.1:{port}")
        async with httpx.AsyncClient() as client:
            for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Host": f"127.0.0.1:{metrics_port}"}):
                answer = await client.get(f"http://127.0.0.1:{port}/metrics", headers=headers)
                assert answer.status_code == 404
            assert (await client.get(f"http://127.0.0.1:{metrics_port}/graphql")).status_code == 404
        scrape = await scraped(f"http://127.0.0.1:{metrics_port}")
        assert scrape.value("contract_database_reachable") == 1
        assert scrape.value("contract_sweep_age_seconds") == math.inf
    finally:
        await stop_process(server)


@asynccontextmanager
async def connected_to_a_metrics_port(head_timeout: float = 60) -> AsyncIterator[Connection]:
    """A connection to a metrics port without a database."""
    settings = production_with_no_database().model_copy(update={"metrics_port": free_port()})
    services = build_services(settings)
    async with MetricsPort(settings, head_timeout=head_timeout).serving(services):
        reader, writer = await asyncio.open_connection("127.0.0.1", settings.metrics_port)
        yield Connection(reader, writer)
        writer.close()
    await services.close()


BEGUN = b"GET /metrics HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (BEGUN + b"X-A: " + b"a" * LONGEST_HEADER + b"\r\n\r\n", 431),
        (BEGUN + b"".join(b"X-%d: a\r\n" % number for number in range(MOST_HEADERS)) + b"\r\n", 431),
        (BEGUN + b"X-A: " + b"a" * 10 * LONGEST_HEADERS, 431),
        (b"GET /" + b"a" * LONGEST_URL + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", 413),
    ],
    ids=["a long header", "many headers", "a head without an end", "a long address", "a long body"],
)
async def test_the_metrics_port_has_the_limits_of_the_main_one(request_: bytes, status: int) -> None:
    async with connected_to_a_metrics_port() as connection:
        await connection.send(request_)
        assert await connection.status() == status


async def test_the_metrics_port_waits_for_a_head_no_longer_than_the_main_one() -> None:
    assert signature(MetricsPort).parameters["head_timeout"].default == HEAD_TIMEOUT_S
    async with connected_to_a_metrics_port(head_timeout=0.2) as idle:
        assert await idle.rest() == b""
    async with connected_to_a_metrics_port(head_timeout=0.2) as slow:
        await slow.send(BEGUN)
        await slow.end()


@pytest.mark.parametrize("process", [("serve", "--port", f"{free_port()}"), ("worker",)], ids=["serve", "worker"])
async def test_a_metrics_port_that_is_taken_stops_the_start_in_one_line(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, process: tuple[str, ...]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        variables = production(await migrated_database(postgres), redis.url, METRICS_PORT=str(port))
        status, output, errors = await command(variables, *process)
    assert (status, output) == (Status.MISCONFIGURED, "")
    assert errors.startswith(f"contract-server: METRICS_PORT: 127.0.0.1 port {port} cannot be listened on")
    assert errors.count("\n") == 1


async def test_neither_server_nor_worker_tells_of_any_person_or_what_a_client_wrote(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    async with running(await seeded_database(postgres), redis.url, tmp_path, worker=False) as service:
        metrics_port = free_port()
        worker = start_worker({**service.variables, "METRICS_PORT": str(metrics_port)}, tmp_path)
        try:
            async with service.client() as client:
                client.http.headers["X-Request-ID"] = "canary-request"
                await client.log_in("canary@example.jp", "canary-password")
                await client.log_in("active@example.jp")
                await client.ask(TERMINATE, id=ACTIVE_CONTRACT, key="canary-key")
                await client.post("{ canaryField }")
            await service.mails(1)
            of_worker = await once_a_sweep_has_ended(f"http://127.0.0.1:{metrics_port}")
            of_server = await scraped(service.base_url)
        finally:
            await stop_process(worker)
    assert of_worker.value("contract_mails_total", kind="termination_accepted", outcome="sent") == 1
    assert of_worker.value("contract_sweep_age_seconds") < 60
    assert of_server.value("contract_refusals_total", operation="logIn", reason="INVALID_CREDENTIALS") == 1
    told = (of_worker.text + of_server.text).casefold()
    for personal in personal_words():
        assert personal.casefold() not in told, personal


async def once_a_sweep_has_ended(address: str) -> Scrape:
    async with asyncio.timeout(30):
        while not (scrape := await scraped(address)).value("contract_sweep_duration_seconds_count"):
            await asyncio.sleep(0.1)
    return scrape


def personal_words() -> Iterator[str]:
    yield from (CANARY, PASSWORD, OPERATOR_EMAIL, OPERATOR_NAME, "@example.jp", ACTIVE_CONTRACT)
    for contract in CONTRACTS:
        yield from (contract.company, contract.contractor, contract.email, contract.address, contract.phone_number)


def test_every_series_that_the_operations_page_names_exists() -> None:
    page = (ROOT / "packages" / "server" / "docs" / "operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bcontract_[a-z_]+\b", page))
    series = {
        f"{family.name}{suffix}"
        for family in metrics.REGISTRY.collect()
        for suffix in ("", *({"counter": ("_total",), "histogram": ("_count",)}.get(family.type, ())))
    }
    assert {name for name in named if not name.startswith(PACKAGES)} <= series
    assert {name for name in series if name.startswith("contract_") and name.endswith("_total")} <= named
