"""`serve --workers`: processes on one socket, of which each may die, and all stop as one server does."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from tests.conftest import seeded_database
from tests.faults.waiting import until
from tests.forked import ForkedProcess
from tests.locks import until_a_lock_is_awaited
from tests.processes import children_of, is_running
from tests.server.running import (
    ACTIVE_CONTRACT,
    LOG_IN,
    PASSWORD,
    RESUME,
    TERMINATE,
    Client,
    command,
    free_port,
    start,
    stop_process,
    until_ready,
)
from uvicorn.config import STARTUP_FAILURE

from contract_server.cli.exit_status import Status
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.web.prefork import SHORTEST_PAUSE_S

WORKERS = 3
CHANGED = ("ContractTerminated", "ContractResumed")
CONTRACTORS = ("active@example.jp", "grace@example.jp", "lastday@example.jp")
FAILS_AT_STARTUP = """
import socket, sys
from contract_server.web.prefork import fork_processes
fork_processes(3, socket.create_server(("127.0.0.1", 0)))
sys.exit(3)
"""
CHANGES = "SELECT count(*) FROM contract_event WHERE type IN ('TERMINATION_REQUESTED', 'RESUMED')"


@dataclass(frozen=True)
class Server:
    """A server of several processes."""

    address: str
    database: str
    metrics_port: int
    parent: ForkedProcess
    log: Path

    def children(self) -> set[int]:
        """The ids of its processes."""
        return children_of(self.parent.pid)

    def events(self, event: str) -> list[dict[str, object]]:
        lines = map(json.loads, self.log.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line["event"] == event]


@pytest.fixture
async def variables(postgres: EmbeddedPostgres, tmp_path: Path) -> dict[str, str]:
    return {
        "ENVIRONMENT": "development",
        "DATABASE_URL": await seeded_database(postgres),
        "MAIL_DIR": str(tmp_path),
        "CHANGES_PER_CONTRACT_AND_DAY": "1000000",
    }


@pytest.fixture
async def server(variables: dict[str, str], tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(variables, tmp_path) as server:
        yield server


@asynccontextmanager
async def serving(variables: dict[str, str], folder: Path) -> AsyncIterator[Server]:
    port, metrics_port, log = free_port(), free_ports_in_a_row(WORKERS), folder / "server.log"
    variables = {**variables, "METRICS_PORT": str(metrics_port)}
    process = start(variables, log, "serve", "--port", str(port), "--workers", str(WORKERS))
    server = Server(f"http://127.0.0.1:{port}", variables["DATABASE_URL"], metrics_port, process, log)
    try:
        await until_ready(server.address)
        yield server
    finally:
        await stop_process(process)


def free_ports_in_a_row(count: int) -> int:
    """The first of some ports that nothing listens on."""
    while True:
        first = free_port()
        if all(is_free(port) for port in range(first, first + count)):
            return first


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return port <= 65_535 and probe.connect_ex(("127.0.0.1", port)) != 0


class Changes:
    """Contractors who terminate and resume without rest, and the changes that were acknowledged to them."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.acknowledged = 0
        self.unknown = 0
        self.over = False

    async def wait_for_some(self) -> None:
        goal = self.acknowledged + 20
        await until(lambda: self.acknowledged >= goal)

    async def make(self, email: str) -> None:
        async with Client(self.address) as client:
            logged_in = (await self.ask(client, LOG_IN, email=email, password=PASSWORD))["logIn"]
            contract, query = logged_in["viewer"]["contract"]["id"], TERMINATE
            client.http.headers["Authorization"] = f"Bearer {logged_in['token']}"
            while not self.over:
                try:
                    (answer,) = (await client.ask(query, id=contract)).values()
                except httpx.TransportError:
                    self.unknown += 1
                    continue
                self.acknowledged += answer["__typename"] in CHANGED
                query = TERMINATE if query == RESUME else RESUME

    @staticmethod
    async def ask(client: Client, query: str, **variables: str) -> Any:  # noqa: ANN401 - any data
        """Ask again after a lost connection."""
        while True:
            with suppress(httpx.TransportError):
                return await client.ask(query, **variables)


async def test_a_killed_process_is_replaced_and_loses_no_acknowledged_change(server: Server) -> None:
    before = await count_changes(server)
    changes = Changes(server.address)
    async with asyncio.timeout(120), asyncio.TaskGroup() as contractors:
        for email in CONTRACTORS:
            contractors.create_task(changes.make(email))
        for _ in range(WORKERS):
            await changes.wait_for_some()
            await kill(min(server.children()), server)
        changes.over = True
    made = await count_changes(server) - before
    assert changes.acknowledged <= made <= changes.acknowledged + changes.unknown
    ended = server.events("server process ended")
    assert [line["status"] for line in ended] == [-signal.SIGKILL] * WORKERS
    await until_ready(server.address)


async def kill(process: int, server: Server) -> None:
    """Kill a process, and wait until another one replaces it."""
    others = server.children() - {process}
    os.kill(process, signal.SIGKILL)
    await until(lambda: process not in server.children() > others)


async def test_the_pause_before_a_replacement_grows_while_a_process_keeps_dying(server: Server) -> None:
    (process, *others) = server.children()
    for _ in range(3):
        await kill(process, server)
        (process,) = server.children() - set(others)
    pauses = [line["restart_in_s"] for line in server.events("server process ended")]
    assert pauses == [SHORTEST_PAUSE_S, 2 * SHORTEST_PAUSE_S, 4 * SHORTEST_PAUSE_S]


async def count_changes(server: Server) -> int:
    connection = await asyncpg.connect(server.database)
    try:
        count: int = await connection.fetchval(CHANGES)
        return count
    finally:
        await connection.close()


async def test_a_stop_signal_ends_all_processes_after_the_requests_in_progress(server: Server) -> None:
    children = server.children()
    async with Client(server.address) as client:
        await client.log_in("active@example.jp")
        connection = await asyncpg.connect(server.database)
        async with connection.transaction():
            await connection.execute("SELECT FROM contract WHERE id = $1 FOR UPDATE", ACTIVE_CONTRACT)
            request = asyncio.create_task(client.ask(TERMINATE, id=ACTIVE_CONTRACT))
            await until_a_lock_is_awaited(connection.fetch)
            server.parent.terminate()
            await until(lambda: is_free(int(server.address.rpartition(":")[2])))
        await connection.close()
        assert await request == {"terminateContract": {"__typename": "ContractTerminated"}}
    assert await server.parent.wait() == Status.DONE
    assert not any(map(is_running, children))


async def test_processes_whose_parent_was_killed_stop_and_free_the_port(server: Server) -> None:
    children = server.children()
    server.parent.kill()
    await server.parent.wait()
    await until(lambda: not any(map(is_running, children)))
    assert is_free(int(server.address.rpartition(":")[2]))


async def test_each_process_has_its_own_metrics_port(server: Server) -> None:
    async with httpx.AsyncClient() as client:
        for port in range(server.metrics_port, server.metrics_port + WORKERS):
            assert "contract_database_reachable 1.0" in (await client.get(f"http://127.0.0.1:{port}/metrics")).text


async def test_a_metrics_port_in_use_stops_the_start_as_it_does_for_one_process(variables: dict[str, str]) -> None:
    first = free_ports_in_a_row(WORKERS)
    variables = {**variables, "METRICS_PORT": str(first)}
    with socket.create_server(("127.0.0.1", first + WORKERS - 1)):
        ended = await command(variables, "serve", "--port", str(free_port()), "--workers", str(WORKERS))
    assert ended[0] == Status.MISCONFIGURED
    assert ended[2].startswith(f"contract-server: METRICS_PORT: 127.0.0.1 port {first + WORKERS - 1} cannot be")


async def test_a_setting_that_is_wrong_is_reported_once(variables: dict[str, str]) -> None:
    del variables["MAIL_DIR"]
    status, _, errors = await command(variables, "serve", "--port", str(free_port()), "--workers", str(WORKERS))
    assert status == Status.MISCONFIGURED
    assert errors.startswith("contract-server: SMTP_URL: ")
    assert errors.count("\n") == 1


async def test_a_process_whose_startup_failed_ends_all_with_its_status() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", FAILS_AT_STARTUP)
    assert await process.wait() == STARTUP_FAILURE


async def test_one_process_has_no_parent(variables: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    process = start(variables, tmp_path / "server.log", "serve", "--port", str(port))
    try:
        await until_ready(f"http://127.0.0.1:{port}")
        assert children_of(process.pid) == set()
    finally:
        await stop_process(process)
