"""Each statement that recurs reads a bounded number of rows by index, however long the history of the database is.

The statements are those that the processes really send: sweeps, metrics, probes, and a request for each field of the
schema. Each is explained on a database with a history, and run, with the plans ruled out that only small tables allow.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from asyncpg.connection import LoggedQuery
from graphql import GraphQLInputObjectType, GraphQLSchema, build_schema
from tests.conftest import new_database
from tests.history import fill, record_terms
from tests.server.every_query import FILTERS, QUERIES
from tests.server.in_process import development_settings, served

from contract_server.accounts.models import Account, Role
from contract_server.clock import DatabaseClock
from contract_server.contracts.models import Contract
from contract_server.db.connection import database
from contract_server.db.migrate import migrate
from contract_server.db.transaction import current_connection
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.erasure.classification import TABLES
from contract_server.monitoring.backlog import read_backlog
from contract_server.monitoring.health import examine
from contract_server.services import build_services
from contract_server.settings import Settings
from contract_server.worker.sweep import sweep_once

CONTRACTS = 20_000
POOL_SIZE = 2
ROWS_READ = 2_000
"""A tenth of the contracts: more than any page, batch or sample has."""

DO_NOT_GROW = {"erasure_approval", "erasure_stop", "policy_terms", "sweep_run", "test_clock", "tortoise_migrations"}
"""One row each, or one for each release, policy version and approval."""

AS_IF_LARGE = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off"

SCHEMA = build_schema((Path(__file__).parents[2] / "packages/server/schema.graphql").read_text("utf-8"))


@pytest.fixture(scope="module")
async def old(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a process with two connections to a database with a history."""
    url = await new_database(postgres)
    settings = development_settings(url, tmp_path_factory.mktemp("old")).model_copy(
        update={"database_pool_size": POOL_SIZE}
    )
    async with database(settings):
        await migrate(settings)
        await record_terms()
    connection = await asyncpg.connect(url)
    await fill(connection, CONTRACTS, members_of_each=1)
    await connection.close()
    return settings


@pytest.fixture
async def explain(old: Settings) -> AsyncIterator["Explainer"]:
    connection = await asyncpg.connect(old.database_url.get_secret_value())
    await connection.execute(AS_IF_LARGE)
    yield Explainer(connection)
    await connection.close()


class Explainer:
    """Runs statements in a transaction that is rolled back, and reads from their plans what they have read."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def excesses(self, statements: Mapping[str, tuple[Any, ...]]) -> list[str]:
        """The scans that read too much, each with its statement."""
        return [
            f"{scan}: {' '.join(statement.split())}"
            for statement, values in statements.items()
            for scan in await self.excess(statement, *values)
        ]

    async def excess(self, statement: str, *values: object) -> list[str]:
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            plan = await self._connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", *values)
        finally:
            await transaction.rollback()
        return [f"{node['Node Type']} of {node['Relation Name']}" for node in _scans(json.loads(plan)[0]["Plan"])]


def _scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    removed = sum(rows for name, rows in node.items() if name.startswith("Rows Removed"))
    read = (node["Actual Rows"] + removed) * node["Actual Loops"]
    excessive = node["Node Type"] == "Seq Scan" or (node["Node Type"] != "ModifyTable" and read > ROWS_READ)
    if excessive and node.get("Relation Name") in TABLES.keys() - DO_NOT_GROW:
        yield node
    for part in node.get("Plans", ()):
        yield from _scans(part)


@asynccontextmanager
async def recorded() -> AsyncIterator[dict[str, tuple[Any, ...]]]:
    """Collect the statements of the block, with the values of the first time."""
    statements: dict[str, tuple[Any, ...]] = {}

    def record(logged: LoggedQuery) -> None:
        if logged.query.split()[0] in {"SELECT", "WITH", "UPDATE", "DELETE"}:
            statements.setdefault(logged.query, logged.args or ())

    client: Any = current_connection()
    await DatabaseClock().now()
    connections = [await client._pool.acquire() for _ in range(POOL_SIZE)]  # noqa: SLF001 - each of the pool
    for connection in connections:
        connection.add_query_logger(record)
        await client._pool.release(connection)  # noqa: SLF001 - as above
    yield statements


async def test_a_sweep_the_metrics_and_health_read_no_history(old: Settings, explain: "Explainer") -> None:
    async with database(old), recorded() as statements:
        services = build_services(old)
        await sweep_once(services)
        await read_backlog(services.clock)
        await examine(services.clock, services.breaker)
        await services.close()
    assert len(statements) > 20
    assert await explain.excesses(statements) == []


async def test_no_request_and_no_probe_reads_history(old: Settings, explain: "Explainer") -> None:
    async with served(old) as client, recorded() as statements:
        services = build_services(old)
        operator = await Account.create(role=Role.OPERATOR, name="運用", email="operator@example.jp", password_hash="")
        contractor = await Account.filter(role=Role.CONTRACTOR).first()
        contract = await Contract.filter(status="TERMINATED").first()
        assert contractor is not None
        assert contract is not None
        statements.clear()
        for account in (operator, contractor):
            _, token = await services.sessions.open(account)
            for query in QUERIES.values():
                for wanted in ({}, *({name: value} for name, value in FILTERS.items())):
                    body = {"query": query, "variables": {"id": str(contract.id), "filter": wanted}}
                    answer = await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {token}"})
                    codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
                    assert codes <= {"FORBIDDEN"}
        assert (await client.get("/readyz")).json() == {"ok": True}
        await services.close()
    assert len(statements) > 10
    assert await explain.excesses(statements) == []


def test_each_query_and_each_filter_is_asked_for() -> None:
    assert SCHEMA.query_type is not None
    assert QUERIES.keys() == SCHEMA.query_type.fields.keys()
    assert FILTERS.keys() == _input(SCHEMA, "ContractFilter").fields.keys()


def _input(schema: GraphQLSchema, name: str) -> GraphQLInputObjectType:
    found = schema.get_type(name)
    assert isinstance(found, GraphQLInputObjectType)
    return found


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM contract WHERE status <> 'ERASED'",
        "SELECT count(*) FROM erasure_record WHERE sequence > 0",
        "DELETE FROM session WHERE last_used_at < now() - interval '1 day'",
        "SELECT id FROM contract WHERE version = 100 ORDER BY started_on LIMIT 1",
    ],
)
async def test_a_statement_that_reads_history_is_found(explain: "Explainer", statement: str) -> None:
    assert await explain.excess(statement) != []
