"""The worker's own clock is wrong, by seconds, minutes or a day: nothing is done earlier or later for it.

Deadlines are judged by the database's clock alone, and the worker's own only says how often it looks. The clock is
shifted inside the worker; the long form does it with libfaketime too, where that is installed.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from tests.conftest import seeded_database
from tests.faults.conftest import Faults
from tests.faults.time_passing import pass_time, present
from tests.faults.waiting import until
from tests.server.running import ACTIVE_CONTRACT, CLOSED_CONTRACT, GRACE_CONTRACT, RESET, TERMINATE, Running, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

SKEWS = [sign * skew for skew in (timedelta(seconds=90), timedelta(minutes=10), timedelta(days=1)) for sign in (1, -1)]
BEFORE = timedelta(seconds=80)
"""How long before the deadline the worker looks: less than the least skew."""

ERASURE_DUE_AT = "SELECT erasure_at FROM termination_application WHERE contract_id = $1"
POSTPONE = "UPDATE outbox_mail SET attempts = 1, next_attempt_at = $1"
HISTORY = "SELECT type FROM contract_event WHERE contract_id = $1 ORDER BY at, id"

Way = Callable[[timedelta], tuple[list[str], dict[str, str]]]


def shifted_inside(skew: timedelta) -> tuple[list[str], dict[str, str]]:
    """The worker, with Python's and arq's clock shifted."""
    return [str(Path(__file__).with_name("skewed_worker.py")), str(skew.total_seconds())], {}


def trusted(skew: timedelta) -> tuple[list[str], dict[str, str]]:
    """The same, and with a bug: the worker judges by its own clock."""
    arguments, variables = shifted_inside(skew)
    return [*arguments, "trusted"], variables


def shifted_by_libfaketime(skew: timedelta) -> tuple[list[str], dict[str, str]]:
    """The worker, with every reading of the clock shifted."""
    variables = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": f"{skew.total_seconds():+}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return ["-m", "contract_server", "worker"], variables


FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
WAYS: list[Way] = [shifted_inside, shifted_by_libfaketime] if FAKETIME else [shifted_inside]


@asynccontextmanager
async def a_worker(service: Running, way: Way, skew: timedelta) -> AsyncIterator[None]:
    """A worker whose clock is wrong; killed at the end."""
    arguments, variables = way(skew)
    with (service.folder / "worker.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env={"PATH": os.environ["PATH"], **service.variables, **variables},
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


@pytest.fixture(scope="module")
async def service(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A server without a worker."""
    folder = tmp_path_factory.mktemp("clocks")
    async with running(await seeded_database(postgres), redis.url, folder, worker=False) as found:
        yield found


@pytest.fixture(scope="module")
async def connection(service: Running) -> AsyncIterator[asyncpg.Connection]:
    found = await asyncpg.connect(service.database_url)
    yield found
    await found.close()


@pytest.mark.parametrize("skew", SKEWS, ids=lambda skew: f"{skew.total_seconds():+.0f} s")
async def test_a_worker_whose_clock_is_wrong_decides_as_any_other(
    service: Running, connection: asyncpg.Connection, faults: Faults, skew: timedelta
) -> None:
    for way in faults.figure(WAYS[:1], WAYS):
        deadline = await lay_out(service, connection)
        async with a_worker(service, way, skew):
            await until(lambda: has_looked(connection))
        assert await history(connection, GRACE_CONTRACT) == ["STARTED", "TERMINATION_REQUESTED", "SERVICE_ENDED"]
        early = await is_sent(connection) or await is_erased(connection)
        assert not (early and await present(connection) < deadline)

        await pass_time(connection, BEFORE)
        async with a_worker(service, way, skew):
            await until(lambda: is_done(connection))


async def test_a_worker_that_trusted_its_own_clock_would_be_found_out(
    service: Running, connection: asyncpg.Connection
) -> None:
    deadline = await lay_out(service, connection)
    async with a_worker(service, trusted, timedelta(seconds=90)):
        await until(lambda: is_erased(connection))
    assert await present(connection) < deadline


async def lay_out(service: Running, connection: asyncpg.Connection) -> datetime:
    """One contract's erasure falls due in a moment, and one mail is to be tried again then: when that is."""
    async with service.client() as client:
        await client.ask(RESET)
        await client.log_in("active@example.jp")
        deadline: datetime = await connection.fetchval(ERASURE_DUE_AT, CLOSED_CONTRACT)
        await pass_time(connection, deadline - BEFORE - await present(connection))
        await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
    await connection.execute(POSTPONE, deadline)
    await connection.execute("TRUNCATE sweep_run")
    return deadline


async def has_looked(connection: asyncpg.Connection) -> bool:
    return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM sweep_run)"))


async def is_done(connection: asyncpg.Connection) -> bool:
    return await is_sent(connection) and await is_erased(connection)


async def is_sent(connection: asyncpg.Connection) -> bool:
    return bool(await connection.fetchval("SELECT state = 'SENT' FROM outbox_mail"))


async def is_erased(connection: asyncpg.Connection) -> bool:
    return "ERASED" in await history(connection, CLOSED_CONTRACT)


async def history(connection: asyncpg.Connection, contract_id: str) -> list[str]:
    return [row["type"] for row in await connection.fetch(HISTORY, contract_id)]
