"""Each statement that recurs reads a bounded number of rows by index, however long the history of the database is.

The statements are those that the processes really send: sweeps, metrics, probes, and a request for each field of the
schema. Each is explained on a database with a history, and run, with the plans ruled out that only small tables allow.
"""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLInputObjectType, GraphQLSchema, build_schema
from tests.conftest import new_database
from tests.recurring import Statements, statements_of_processes, statements_of_requests, with_history
from tests.server.every_query import FILTERS, QUERIES

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.erasure.classification import TABLES
from contract_server.settings import Settings

CONTRACTS = 20_000
ROWS_READ = 2_000
"""A tenth of the contracts: more than any page, batch or sample has."""

DO_NOT_GROW = {
    "erasure_approval",
    "erasure_approval_request",
    "erasure_stop",
    "policy_terms",
    "sweep_run",
    "test_clock",
    "tortoise_migrations",
    "webhook_endpoint",
}
"""One row each, or one for each release, policy version, approval and endpoint."""

AS_IF_LARGE = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off"

WAITING_DELIVERIES = f"""
    INSERT INTO webhook_endpoint (id, name, url, secrets, created_at, queued_to)
    VALUES ('00000000-0000-7000-8000-000000000001', 'dead', 'https://dead.example.jp/', 'whsec_AAAA', now(), 10 ^ 9);
    INSERT INTO webhook_delivery
           (endpoint_id, event_id, contract_id, position, state, queued_at, attempts, next_attempt_at)
    SELECT '00000000-0000-7000-8000-000000000001', gen_random_uuid(), md5((number / 3)::text)::uuid, number, 'PENDING',
           now(), 1, now() + CASE WHEN number < 300 THEN interval '0' ELSE interval '1 day' END
      FROM generate_series(1, {CONTRACTS}) AS number;
    ANALYZE webhook_delivery
"""  # noqa: S608 - our own number

SCHEMA = build_schema((Path(__file__).parents[2] / "packages/server/schema.graphql").read_text("utf-8"))


@pytest.fixture(scope="module")
async def old(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a process whose database has a history, and many changes that wait for an endpoint."""
    url = await new_database(postgres)
    settings = await with_history(url, tmp_path_factory.mktemp("old"), CONTRACTS)
    connection = await asyncpg.connect(url)
    await connection.execute(WAITING_DELIVERIES)
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

    async def excesses(self, statements: Statements) -> list[str]:
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


async def test_a_sweep_the_metrics_and_health_read_no_history(old: Settings, explain: "Explainer") -> None:
    statements = await statements_of_processes(old)
    assert len(statements) > 20
    assert await explain.excesses(statements) == []


async def test_no_request_and_no_probe_reads_history(old: Settings, explain: "Explainer") -> None:
    statements = await statements_of_requests(old)
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
