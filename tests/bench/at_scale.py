"""What a long history costs: `make bench-scale`. A million contracts and ten million members, or SCALE times as many.

Each page, probe, command and sweep is timed on the same database. What recurs must cost what it costs with few.
"""

import asyncio
import logging
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
from pydantic import SecretStr
from tests.history import fill, record_terms
from tests.server.every_query import FILTERS, QUERIES
from tests.server.in_process import served
from tests.server.running import command

from contract_server.accounts.models import Account, Role
from contract_server.clock import DatabaseClock
from contract_server.contracts.models import Contract
from contract_server.db.connection import database
from contract_server.db.migrate import migrate
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.monitoring.backlog import read_backlog
from contract_server.monitoring.health import examine
from contract_server.services import Services, build_services
from contract_server.settings import EnvironmentName, Settings
from contract_server.worker.sweep import sweep_once

CONTRACTS = 1_000_000
MEMBERS_OF_EACH = 13  # of each that is not erased: ten million
ROUNDS = 9
COMMANDS = (
    ("due",),
    ("contracts", "list", "--limit", "100"),
    ("contracts", "list", "--on-hold"),
    ("erasures", "plan"),
    ("mails", "list"),
    ("erasures", "evidence", "--verify"),
    ("sweep",),
    ("doctor",),
)


async def measure(postgres: EmbeddedPostgres, folder: Path, scale: float) -> None:
    """Fill the database, then time everything."""
    settings = Settings(
        environment=EnvironmentName.DEVELOPMENT,
        database_url=SecretStr(postgres.url),
        mail_dir=folder / "mail",
        request_deadline=timedelta(minutes=5),
    )
    async with database(settings):
        await migrate(settings)
        await record_terms()
    connection = await asyncpg.connect(postgres.url)
    began = time.monotonic()
    await fill(connection, int(CONTRACTS * scale), MEMBERS_OF_EACH)
    members = await connection.fetchval("SELECT count(*) FROM member")
    await connection.close()
    report(f"{CONTRACTS * scale:,.0f} contracts, {members:,} members", time.monotonic() - began)
    async with database(settings):
        services = build_services(settings)
        for name, work in recurring(services).items():
            report(name, *await timed(work))
        await services.close()
    async with served(settings) as client:
        await time_requests(client, build_services(settings))
    for arguments in COMMANDS:
        began = time.monotonic()
        status, _, _ = await command(variables(settings, folder), *arguments)
        report(f"{' '.join(arguments)}: status {status}", time.monotonic() - began)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    sys.stdout.write(f"at most {peak} MiB in any command\n")


def recurring(services: Services) -> Mapping[str, Callable[[], Awaitable[object]]]:
    """What processes do again and again."""

    async def assess() -> None:
        await services.breaker.assess(await services.clock.now())

    return {
        "sweep": lambda: sweep_once(services),
        "expiry": services.expiry.delete,
        "metrics": lambda: read_backlog(services.clock),
        "health": lambda: examine(services.clock, services.breaker),
        "breaker": assess,
    }


async def time_requests(client: httpx.AsyncClient, services: Services) -> None:
    """Every query as an operator, and the lists with every filter."""
    operator, _ = await Account.get_or_create(
        email="operator@example.jp", defaults={"role": Role.OPERATOR, "name": "運用", "password_hash": ""}
    )
    _, token = await services.sessions.open(operator)
    contract = await Contract.filter(status="TERMINATED").first()
    assert contract is not None
    today = (await DatabaseClock().now()).date()
    for name, variables_of_one in requests(str(contract.id), str(today)):
        body = {"query": QUERIES[name], "variables": variables_of_one}

        async def ask(body: Mapping[str, object] = body) -> None:
            answer = await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {token}"})
            assert "errors" not in answer.json(), answer.text

        report(f"{name} {variables_of_one.get('filter') or ''}".strip(), *await timed(ask))
    report("readyz", *await timed(lambda: client.get("/readyz")))
    await services.close()


def requests(contract_id: str, today: str) -> Iterator[tuple[str, dict[str, object]]]:
    """The name of each query with its variables."""
    for name in QUERIES:
        yield name, {"id": contract_id}
    for name, value in FILTERS.items():
        yield "contracts", {"filter": {name: value}}
    yield "contracts", {"filter": {"erasureDueBy": today}}


async def timed(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """The median and the maximum of some rounds, in seconds."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await work()
        took.append(time.perf_counter() - began)
    return statistics.median(took), max(took)


def report(name: str, *seconds: float) -> None:
    """Write one line: milliseconds, and where there were several rounds the slowest."""
    sys.stdout.write(f"{name:<50} {' '.join(f'{second * 1000:>12,.1f} ms' for second in seconds)}\n")
    sys.stdout.flush()


def variables(settings: Settings, folder: Path) -> dict[str, str]:
    """The variables of the commands."""
    return {
        "ENVIRONMENT": "development",
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "MAIL_DIR": str(folder / "mail"),
    }


if __name__ == "__main__":
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "postgres", durable=False) as server:
        asyncio.run(measure(server, Path(name), float(os.environ.get("SCALE", "1"))))
