"""The statements that recur, as processes really send them: of sweeps, webhooks, metrics, probes, and each query."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from asyncpg.connection import LoggedQuery
from tests.history import fill, record_terms
from tests.server.every_query import FILTERS, QUERIES
from tests.server.in_process import development_settings, served

from contract_server.accounts.models import Account, Role
from contract_server.clock import DatabaseClock
from contract_server.contracts.models import Contract
from contract_server.db.connection import database
from contract_server.db.migrate import migrate
from contract_server.db.transaction import current_connection
from contract_server.integration.models import Scope
from contract_server.integration.webhooks import add_endpoint
from contract_server.monitoring.backlog import read_backlog
from contract_server.monitoring.health import examine
from contract_server.services import build_services
from contract_server.settings import Settings
from contract_server.worker.sweep import sweep_once

Statements = Mapping[str, tuple[Any, ...]]
"""The values of each statement, as they were the first time."""

_POOL_SIZE = 2


async def with_history(url: str, folder: Path, contracts: int) -> Settings:
    """Fill an empty database with a history, and return the settings of a process with two connections to it."""
    settings = development_settings(url, folder).model_copy(update={"database_pool_size": _POOL_SIZE})
    async with database(settings):
        await migrate(settings)
        await record_terms()
    connection = await asyncpg.connect(url)
    await fill(connection, contracts, members_of_each=1)
    await connection.close()
    return settings


async def statements_of_processes(settings: Settings) -> Statements:
    """Record the statements of a sweep, webhooks, the metrics and `health`."""
    async with database(settings), _recorded() as statements:
        services = build_services(settings)
        await add_endpoint(services.outgoing_http, "closed", "http://127.0.0.1:1/")
        await sweep_once(services)
        await services.webhook_relay.send_ready()
        await read_backlog(services.clock)
        await examine(services.clock, services.breaker)
        await services.close()
    return statements


async def statements_of_requests(settings: Settings) -> Statements:
    """Record the statements of each query and filter, by an operator, a contractor and a service, and of `/readyz`."""
    async with served(settings) as client, _recorded() as statements:
        services = build_services(settings)
        operator = await Account.create(role=Role.OPERATOR, name="運用", email="operator@example.jp", password_hash="")
        contractor = await Account.filter(role=Role.CONTRACTOR).first()
        contract = await Contract.filter(status="TERMINATED").first()
        assert contractor is not None
        assert contract is not None
        sessions = [await services.sessions.open(account) for account in (operator, contractor)]
        reader = await services.service_accounts.add("reader", Scope)
        statements.clear()
        for token in (*(token for _, token in sessions), reader):
            for query in QUERIES.values():
                for wanted in ({}, *({name: value} for name, value in FILTERS.items())):
                    body = {"query": query, "variables": {"id": str(contract.id), "filter": wanted}}
                    answer = await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {token}"})
                    codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
                    assert codes <= {"FORBIDDEN"}
        assert (await client.get("/readyz")).json() == {"ok": True}
        await services.close()
    return statements


@asynccontextmanager
async def _recorded() -> AsyncIterator[dict[str, tuple[Any, ...]]]:
    """Collect the statements of the block, with the values of the first time."""
    statements: dict[str, tuple[Any, ...]] = {}

    def record(logged: LoggedQuery) -> None:
        if logged.query.split()[0] in {"SELECT", "WITH", "UPDATE", "DELETE"}:
            statements.setdefault(logged.query, logged.args or ())

    client: Any = current_connection()
    await DatabaseClock().now()
    connections = [await client._pool.acquire() for _ in range(_POOL_SIZE)]  # noqa: SLF001 - each of the pool
    for connection in connections:
        connection.add_query_logger(record)
        await client._pool.release(connection)  # noqa: SLF001 - as above
    yield statements
