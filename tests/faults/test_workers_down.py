"""No worker runs for a day or for ten, across the days on which something falls due: the next one does all of it.

What callers see never waited for a worker: the answers go by the dates.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import pytest
from tests.conftest import seeded_database
from tests.faults.kept import kept_worker
from tests.faults.time_passing import pass_time, present
from tests.faults.waiting import until
from tests.server.running import (
    ACTIVE_CONTRACT,
    CLOSED_CONTRACT,
    GRACE_CONTRACT,
    LAST_DAY_CONTRACT,
    RESET,
    RESUME,
    TERMINATE,
    Client,
    Running,
    running,
)

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

STILL_DUE = """
SELECT (SELECT count(*) FROM contract WHERE least(service_end_due_at, erasure_due_at) <= $1)
     + (SELECT count(*) FROM outbox_mail WHERE state = 'PENDING')
"""
HISTORY = "SELECT type, at FROM contract_event WHERE contract_id = $1 ORDER BY at, id"
DEADLINES = "SELECT service_end_at, erasure_at FROM termination_application WHERE contract_id = $1"


@dataclass
class Stage:
    """A server without a worker, its client, and a view of its database."""

    service: Running
    client: Client
    connection: asyncpg.Connection

    async def let_a_worker_come(self) -> None:
        """Start one, and end it when nothing is left for it."""
        async with kept_worker(self.service.variables, self.service.folder):
            await until(self._nothing_is_left)

    async def _nothing_is_left(self) -> bool:
        return not await self.connection.fetchval(STILL_DUE, await present(self.connection))

    async def history(self, contract_id: str) -> list[str]:
        return [row["type"] for row in await self.connection.fetch(HISTORY, contract_id)]


@pytest.fixture(scope="module")
async def service(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A server, and nobody who works."""
    folder = tmp_path_factory.mktemp("workers-down")
    async with running(await seeded_database(postgres), redis.url, folder, worker=False) as found:
        yield found


@pytest.fixture
async def stage(service: Running) -> AsyncIterator[Stage]:
    connection = await asyncpg.connect(service.database_url)
    async with service.client() as client:
        await client.ask(RESET)
        yield Stage(service, client, connection)
    await connection.close()


async def test_after_twenty_five_hours_the_end_of_service_is_recorded_at_its_own_instant(stage: Stage) -> None:
    await stage.client.log_in("lastday@example.jp")
    await pass_time(stage.connection, timedelta(hours=25))
    refused = await stage.client.ask(RESUME, id=LAST_DAY_CONTRACT)
    assert refused["resumeContract"]["__typename"] == "ActionRefused"
    assert "SERVICE_ENDED" not in await stage.history(LAST_DAY_CONTRACT)

    await stage.let_a_worker_come()
    ended = [row["at"] for row in await stage.connection.fetch(HISTORY, LAST_DAY_CONTRACT)][-1]
    deadlines = await stage.connection.fetchrow(DEADLINES, LAST_DAY_CONTRACT)
    assert await stage.history(LAST_DAY_CONTRACT) == ["STARTED", "TERMINATION_REQUESTED", "SERVICE_ENDED"]
    assert ended == deadlines["service_end_at"]


async def test_after_ten_days_everything_that_fell_due_is_done_and_every_mail_is_sent(stage: Stage) -> None:
    await pass_time(stage.connection, timedelta(days=20))
    await stage.let_a_worker_come()
    await stage.client.log_in("active@example.jp")
    await stage.client.ask(TERMINATE, id=ACTIVE_CONTRACT)

    await pass_time(stage.connection, timedelta(days=10))
    assert await stage.service.mails(0) == []
    assert "ERASED" not in await stage.history(CLOSED_CONTRACT)
    await stage.let_a_worker_come()
    assert await stage.history(CLOSED_CONTRACT) == [
        "STARTED",
        "TERMINATION_REQUESTED",
        "SERVICE_ENDED",
        "ERASURE_DUE",
        "ERASED",
    ]
    assert await stage.history(GRACE_CONTRACT) == ["STARTED", "TERMINATION_REQUESTED", "SERVICE_ENDED"]
    assert await stage.history(ACTIVE_CONTRACT) == ["STARTED", "TERMINATION_REQUESTED"]
    assert len(await stage.service.mails(1)) == 1
