"""A worker is frozen in the middle of its work, as a virtual machine is that is paused or moved, and wakes too late.

In the middle of a mail: its lease has passed to another, who decides what is true. In the middle of an erasure: its
transaction was ended by the database, and another has erased. What it would write when it wakes is refused.
"""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from tests.conftest import seeded_database
from tests.faults.conftest import Faults
from tests.faults.time_passing import pass_time
from tests.faults.waiting import until
from tests.forked import ForkedProcess
from tests.locks import WAITING, until_a_lock_is_awaited
from tests.notify.scripted_smtp import CERTIFICATE, Fault, Line, ScriptedSmtp, answers, closes
from tests.server.running import (
    ACTIVE_CONTRACT,
    CLOSED_CONTRACT,
    LAST_DAY_CONTRACT,
    RESET,
    TERMINATE,
    Running,
    running,
    start_worker,
)

from contract_notify.delivery.replies import Stage
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

PASS_ON_THE_LEASE = "UPDATE outbox_mail SET lease_until = clock_timestamp() - interval '1 microsecond'"
END_IT = "SELECT pg_terminate_backend($1)"  # as the database itself does after thirty seconds
STATE = "SELECT state FROM pg_stat_activity WHERE pid = $1"
TIMES_ERASED = "SELECT count(*) FROM contract_event WHERE contract_id = $1 AND type = 'ERASED'"
ERASED_ROWS = "SELECT erased_rows ->> 'member' FROM erasure_record WHERE contract_id = $1"
MAIL = "SELECT state, attempts, failure, sent_at, next_attempt_at, lease_token FROM outbox_mail"


@pytest.fixture(scope="module")
async def smtp() -> AsyncIterator[ScriptedSmtp]:
    async with ScriptedSmtp().running() as server:
        yield server


@pytest.fixture(scope="module")
async def service(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, smtp: ScriptedSmtp, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A server without a worker, whose mails go to that mail server."""
    patient = f"smtp://127.0.0.1:{smtp.port}?ca={CERTIFICATE}&reply_timeout=900&send_timeout=540"
    folder, url = tmp_path_factory.mktemp("frozen"), await seeded_database(postgres)
    async with running(url, redis.url, folder, worker=False, SMTP_URL=patient) as found:
        yield found


@asynccontextmanager
async def a_worker(service: Running, name: str) -> AsyncIterator["Worker"]:
    """A worker with a log of its own; killed at the end."""
    folder = service.folder / f"{name}-{uuid4()}"
    folder.mkdir()
    worker = Worker(start_worker(service.variables, folder), folder / "worker.log")
    try:
        yield worker
    finally:
        worker.process.kill()
        await worker.process.wait()


class Worker:
    """A worker that can be frozen, and what it says."""

    def __init__(self, process: ForkedProcess, log: Path) -> None:
        self.process = process
        self._log = log

    def freeze(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)

    def wake(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def has_said(self, event: str) -> bool:
        return any(json.loads(line)["event"] == event for line in self._log.read_text().splitlines())


def after(event: asyncio.Event, fault: Fault) -> Fault:
    """The same, once that has happened."""

    async def later(line: Line) -> None:
        await event.wait()
        await fault(line)

    return later


@pytest.fixture
async def connection(service: Running) -> AsyncIterator[asyncpg.Connection]:
    """The database, with demonstration data as it was at first."""
    found = await asyncpg.connect(service.database_url)
    async with service.client() as client:
        await client.ask(RESET)
    yield found
    await found.close()


@pytest.mark.parametrize(
    "last_words",
    [answers("250 accepted"), answers("554 5.7.1 never"), closes],
    ids=["the mail was accepted", "the mail was refused", "the connection is gone"],
)
async def test_what_a_worker_writes_that_was_frozen_until_its_lease_had_passed_is_refused(
    service: Running, connection: asyncpg.Connection, smtp: ScriptedSmtp, last_words: Fault
) -> None:
    smtp.accepted.clear()
    zombie_hears, heir_hears = asyncio.Event(), asyncio.Event()
    smtp.at(Stage.DOT, after(zombie_hears, last_words))
    smtp.at(Stage.DOT, after(heir_hears, answers("250 accepted")))
    async with service.client() as client:
        await client.log_in("active@example.jp")
        await client.ask(TERMINATE, id=ACTIVE_CONTRACT)

    async with a_worker(service, "zombie") as zombie:
        await until(lambda: len(smtp.accepted) == 1)
        zombie.freeze()
        await connection.execute(PASS_ON_THE_LEASE)
        async with a_worker(service, "heir"):
            await until(lambda: len(smtp.accepted) == 2)
            inherited = await connection.fetchrow(MAIL)
            assert (inherited["state"], inherited["attempts"]) == ("PENDING", 2)
            zombie_hears.set()
            zombie.wake()
            await until(lambda: zombie.has_said("mail result discarded: lease expired"))
            assert await connection.fetchrow(MAIL) == inherited

            heir_hears.set()
            await until(lambda: is_sent(connection))
    assert len({mail.content for mail in smtp.accepted}) == 1


async def is_sent(connection: asyncpg.Connection) -> bool:
    state: str = await connection.fetchval("SELECT state FROM outbox_mail")
    return state == "SENT"


async def test_a_worker_frozen_inside_an_erasure_holds_up_that_contract_alone_and_only_for_a_while(
    service: Running, connection: asyncpg.Connection, faults: Faults
) -> None:
    await pass_time(connection, timedelta(days=26))
    async with in_the_way(service) as obstacle, a_worker(service, "zombie") as zombie:
        await until_a_lock_is_awaited(connection.fetch)
        pid = await connection.fetchval(WAITING)
        zombie.freeze()
        await obstacle.close()
        await pass_time(connection, timedelta(days=7))
        async with a_worker(service, "heir"):
            await until(lambda: is_erased(connection, LAST_DAY_CONTRACT))
            assert await connection.fetchval(STATE, pid) == "idle in transaction"
            assert not await is_erased(connection, CLOSED_CONTRACT)
            if not faults.chaos:
                await connection.execute(END_IT, pid)
            await until(lambda: is_erased(connection, CLOSED_CONTRACT))

        await connection.execute("TRUNCATE sweep_run")
        zombie.wake()
        await until(lambda: fetched(connection, "SELECT 1 FROM sweep_run"))
    assert await times_erased(connection, CLOSED_CONTRACT) == 1
    assert await connection.fetchval(ERASED_ROWS, CLOSED_CONTRACT) == "5"


@asynccontextmanager
async def in_the_way(service: Running) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who has the company of the contract that is to be erased locked, so that its erasure waits there."""
    connection = await asyncpg.connect(service.database_url)
    await connection.execute("BEGIN")
    await connection.execute("SELECT 1 FROM company WHERE contract_id = $1 FOR UPDATE", CLOSED_CONTRACT)
    try:
        yield connection
    finally:
        await connection.close()


async def fetched(connection: asyncpg.Connection, query: str) -> bool:
    return await connection.fetchval(query) is not None


async def is_erased(connection: asyncpg.Connection, contract_id: str) -> bool:
    return await times_erased(connection, contract_id) > 0


async def times_erased(connection: asyncpg.Connection, contract_id: str) -> int:
    times: int = await connection.fetchval(TIMES_ERASED, contract_id)
    return times
