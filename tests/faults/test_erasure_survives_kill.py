"""kill -9 at every request that an erasure sends to the database, before the server sees it and before we hear of it.

Whatever the moment, the next sweep finishes the work: everything that is personal is gone, the ledger counts each row
once, the history says each thing once, and nothing of anybody else is touched.
"""

import asyncio
import itertools
import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from tests.conftest import migrated_database
from tests.faults.conftest import Faults
from tests.faults.forking import start_program
from tests.faults.proxy import Moment, Proxy, proxied
from tests.faults.rows import PERSONAL_ROWS
from tests.history import record_terms
from tests.server.in_process import development_settings

from contract_server.db.connection import database
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.erasure.ledger import Ledger, Step

DUE_CONTRACT = """
WITH dates AS (
    SELECT current_date - 60 AS day, (current_date - 60)::timestamp AT TIME ZONE 'Asia/Tokyo' AS requested_at
), contract AS (
    INSERT INTO contract (id, version, status, started_on, applications, service_end_due_at, erasure_due_at)
    SELECT $1, 2, 'TERMINATED', day - 100, 1, requested_at + interval '15 days', requested_at + interval '46 days'
      FROM dates
), application AS (
    INSERT INTO termination_application (id, contract_id, number, requested_at, requested_on, policy_version,
        service_end_last_day, service_end_at, resumption_last_day, resumption_at, erasure_last_day, erasure_at)
    SELECT gen_random_uuid(), $1, 1, requested_at, day, '1.0', day + 14, requested_at + interval '15 days',
        day + 14, requested_at + interval '15 days', day + 45, requested_at + interval '46 days' FROM dates
), company AS (
    INSERT INTO company (contract_id, name, address, postal_code, phone_number)
    VALUES ($1, 'canary', 'canary', '1', '2')
), account AS (
    INSERT INTO account (id, role, name, email, password_hash, contract_id)
    VALUES ($1, 'CONTRACTOR', 'canary', $1::text || '@example.jp', '', $1)
)
INSERT INTO member (id, contract_id, name, email)
SELECT gen_random_uuid(), $1, 'canary', number || '@example.jp' FROM generate_series(1, $2::int) AS number
"""


class Sweeper:
    """The program that sweeps in processes of its own."""

    def __init__(self, process: asyncio.subprocess.Process, ledger: Path, erasure_batch: int) -> None:
        self._process = process
        self._ledger = ledger
        self._erasure_batch = erasure_batch
        self.pid = 0

    async def sweep(self, database_url: str) -> int:
        """Sweep once; the exit status, negative for the signal that ended it."""
        assert self._process.stdin
        self._process.stdin.write(f"{database_url} {self._ledger} {self._erasure_batch}\n".encode())
        self.pid = await self._line()
        self._process.stdin.write(b"go\n")
        return await self._line()

    async def _line(self) -> int:
        assert self._process.stdout
        return int(await self._process.stdout.readline())


@dataclass
class Stage:
    """A database, directly and through the proxy, and somebody who sweeps it."""

    connection: asyncpg.Connection
    url: str
    proxy: Proxy
    proxied_url: str
    sweeper: Sweeper
    ledger: Ledger
    members: int
    batches: int

    async def due_contract(self) -> str:
        """The id of a new contract whose erasure has fallen due."""
        contract_id: str = str(await self.connection.fetchval("SELECT gen_random_uuid()"))
        await self.connection.execute(DUE_CONTRACT, contract_id, self.members)
        return contract_id

    def kill(self) -> None:
        os.kill(self.sweeper.pid, signal.SIGKILL)

    async def assert_erased_once(self, contract_id: str) -> None:
        contract = await self.connection.fetchrow("SELECT * FROM contract WHERE id = $1", contract_id)
        assert contract["status"] == "ERASED"
        assert await self.connection.fetchval(PERSONAL_ROWS, contract_id) == 0
        events = await self.connection.fetch(
            "SELECT type FROM contract_event WHERE contract_id = $1 ORDER BY at, id", contract_id
        )
        assert [event["type"] for event in events] == ["SERVICE_ENDED", "ERASURE_DUE", "ERASED"]
        assert contract["version"] == 4
        record = await self.connection.fetchrow("SELECT * FROM erasure_record WHERE contract_id = $1", contract_id)
        assert json.loads(record["erased_rows"]) == {"member": self.members, "company": 1, "account": 1}
        assert record["due_at"] <= record["started_at"] <= record["finished_at"]
        entries = [entry for entry in await self.ledger.read() if str(entry.contract_id) == contract_id]
        assert {entry.step for entry in entries} == {Step.BEGUN, Step.FINISHED}
        sealed = [entry.evidence["hash"] for entry in entries if entry.evidence]
        assert set(sealed) == {record["hash"]}
        self.ledger.empty()


@pytest.fixture(scope="module")
async def stage(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, faults: Faults
) -> AsyncIterator[Stage]:
    url, folder = await migrated_database(postgres), tmp_path_factory.mktemp("ledger")
    async with database(development_settings(url, folder)):
        await record_terms()
    process = await start_program("tests.faults.sweeper")
    connection = await asyncpg.connect(url)
    async with proxied(url) as (proxy, proxied_url):
        members, batch = faults.figure((5_000, 1_000), (100_000, 50_000))  # the long one in batches as we ship them
        sweeper = Sweeper(process, folder, batch)
        yield Stage(connection, url, proxy, proxied_url, sweeper, Ledger(folder), members, members // batch)
    await connection.close()
    assert process.stdin
    process.stdin.close()
    await process.wait()


@pytest.mark.parametrize("moment", Moment, ids=["before the server sees it", "before we hear of it"])
async def test_an_erasure_killed_at_any_request_is_finished_by_the_next_sweep(stage: Stage, moment: Moment) -> None:
    for at in itertools.count(1):
        contract_id, other_id = await stage.due_contract(), await active_contract(stage)
        stage.proxy.arm(at, moment, stage.kill)
        ended = await stage.sweeper.sweep(stage.proxied_url)
        if not stage.proxy.broken:
            break  # the sweep came to its end before the request that was to be its last
        assert ended == -signal.SIGKILL, at
        assert await stage.sweeper.sweep(stage.url) == 0, at
        await stage.assert_erased_once(contract_id)
        assert await stage.connection.fetchval(PERSONAL_ROWS, other_id) == 1, at
    await stage.assert_erased_once(contract_id)
    assert at > stage.batches * 5  # each batch is a transaction of several requests


async def active_contract(stage: Stage) -> str:
    """A contract that nothing may touch, with one member."""
    contract_id: str = str(await stage.connection.fetchval("SELECT gen_random_uuid()"))
    await stage.connection.execute(
        "INSERT INTO contract (id, version, status, started_on, applications)"
        " VALUES ($1, 1, 'ACTIVE', current_date, 0)",
        contract_id,
    )
    await stage.connection.execute(
        "INSERT INTO member (id, contract_id, name, email) VALUES (gen_random_uuid(), $1, 'kept', 'kept@example.jp')",
        contract_id,
    )
    return contract_id
