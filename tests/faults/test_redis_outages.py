"""Whatever becomes of Redis, no answer of the API fails, and what falls due is done.

During the outage it is done by the worker itself after 15 s without a tick, and at once by `contract-server sweep` from
the command line; after it, by the worker within two sweeps.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from redis.asyncio import Redis
from tests.conftest import seeded_database
from tests.faults.kept import kept_worker
from tests.faults.time_passing import pass_time
from tests.faults.waiting import until
from tests.server.running import (
    ACTIVE_CONTRACT,
    CLOSED_CONTRACT,
    RESET,
    RESUME,
    TERMINATE,
    VIEWER,
    Running,
    command,
    free_port,
    running,
    stop_process,
)

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

SEE_SWEEPS = """
CREATE TABLE sweep_seen (contracts_left int);
CREATE FUNCTION see_sweep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO sweep_seen SELECT count(*) FROM contract WHERE status <> 'ERASED'; RETURN NEW;
END $$;
CREATE TRIGGER see_sweep AFTER INSERT OR UPDATE ON sweep_run FOR EACH ROW EXECUTE FUNCTION see_sweep();
"""
SWEEPS_THAT_LEFT_SOMETHING = "SELECT count(*) FROM sweep_seen WHERE contracts_left > 0"

Outage = Callable[[EmbeddedRedis], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def never_started(redis: EmbeddedRedis) -> AsyncIterator[None]:
    yield
    redis.start()


@asynccontextmanager
async def killed(redis: EmbeddedRedis) -> AsyncIterator[None]:
    redis.kill()
    yield
    redis.start()


@asynccontextmanager
async def flushed_every_0_3_s(redis: EmbeddedRedis) -> AsyncIterator[None]:
    async def flush() -> None:
        async with connected(redis) as connection:
            while True:
                await connection.flushall()
                await asyncio.sleep(0.3)

    flushing = asyncio.create_task(flush())
    yield
    assert not flushing.done()
    flushing.cancel()


@asynccontextmanager
async def full(redis: EmbeddedRedis) -> AsyncIterator[None]:
    """Every write is refused, as with `maxmemory-policy noeviction` and no room left."""
    async with connected(redis) as connection:
        await connection.config_set("maxmemory-policy", "noeviction")
        await connection.config_set("maxmemory", 1)
        yield
        await connection.config_set("maxmemory", 0)


@asynccontextmanager
async def frozen(redis: EmbeddedRedis) -> AsyncIterator[None]:
    """It takes connections and requests, and answers none."""
    assert redis.pid
    os.kill(redis.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(redis.pid, signal.SIGCONT)


@asynccontextmanager
async def claimed(redis: EmbeddedRedis) -> AsyncIterator[None]:
    """Another client marks every job as in progress, as soon as it is queued."""

    async def claim() -> None:
        async with connected(redis) as connection:
            while True:
                async for queue in connection.scan_iter("contract-server:*", _type="zset"):
                    for job in await connection.zrange(queue, 0, -1):
                        await connection.set(b"arq:in-progress:" + job, 1)
                await asyncio.sleep(0.02)

    claiming = asyncio.create_task(claim())
    yield
    assert not claiming.done()
    claiming.cancel()


OUTAGES: tuple[Outage, ...] = (never_started, flushed_every_0_3_s, killed, full, frozen)


def connected(redis: EmbeddedRedis) -> Redis:
    return Redis(port=redis.port, password=urlsplit(redis.url).password)


@dataclass
class Stage:
    """A server without a worker, the Redis that it is told of, and a view of the database."""

    service: Running
    redis: EmbeddedRedis
    connection: asyncpg.Connection

    async def has_been_swept(self) -> bool:
        return bool(await self.connection.fetchval("SELECT EXISTS (SELECT FROM sweep_seen)"))

    async def is_all_erased(self) -> bool:
        return set((await self.statuses()).values()) == {"ERASED"}

    async def is_all_that_is_due_erased(self) -> bool:
        return "TERMINATED" not in (await self.statuses()).values()

    async def statuses(self) -> dict[str, str]:
        return {str(row["id"]): row["status"] for row in await self.connection.fetch("SELECT id, status FROM contract")}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A Redis whose address is known before it runs."""
    server = EmbeddedRedis(tmp_path_factory.mktemp("ailing-redis"), port=free_port(), durable=False)
    yield server
    server.remove()


@pytest.fixture(scope="module")
async def stage(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("redis-outages")
    async with running(await seeded_database(postgres), redis.url, folder, worker=False) as service:
        connection = await asyncpg.connect(service.database_url)
        await connection.execute(SEE_SWEEPS)
        yield Stage(service, redis, connection)
        await connection.close()


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.__name__.replace("_", " "))
async def test_no_outage_of_redis_fails_an_answer_or_forgets_what_falls_due(stage: Stage, outage: Outage) -> None:
    service = stage.service
    await stage.connection.execute("TRUNCATE sweep_seen")
    if outage is not never_started:
        stage.redis.start()
    async with service.client() as client, kept_worker(service.variables, service.folder):
        if outage is not never_started:
            await until(stage.has_been_swept)
        async with outage(stage.redis):
            await client.ask(RESET)
            await client.log_in("active@example.jp")
            for change in (TERMINATE, RESUME, TERMINATE):
                (answer,) = (await client.ask(change, id=ACTIVE_CONTRACT)).values()
                assert answer["__typename"] in {"ContractTerminated", "ContractResumed"}
            assert (await client.ask(VIEWER))["viewer"]["contract"]["status"] == "TERMINATED"
            assert (await client.http.get("/readyz")).status_code == 200

            await pass_time(stage.connection, timedelta(days=26))
            status, output, _ = await command(service.variables, "sweep")
            assert (status, "failed: 0" in output) == (0, True)
            assert (await stage.statuses())[CLOSED_CONTRACT] == "ERASED"
            await pass_time(stage.connection, timedelta(days=20))
            await stage.connection.execute("TRUNCATE sweep_seen")

        await until(stage.is_all_erased)
        assert await stage.connection.fetchval(SWEEPS_THAT_LEFT_SOMETHING) <= 1
        assert len(await service.mails(3)) == 3
    stage.redis.kill()


SILENT: tuple[Outage, ...] = (never_started, killed, full, frozen, claimed)


@asynccontextmanager
async def hasty_worker(stage: Stage, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker that loses patience with Redis after half a second."""
    with log.open("wb") as output:
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            Path(__file__).with_name("hasty_worker.py"),
            env={"PATH": os.environ["PATH"], **stage.service.variables, "REDIS_URL": stage.redis.url},
            stdout=output,
            stderr=output,
        )
    try:
        yield worker
    finally:
        await stop_process(worker)


def told_of_ticks(log: Path) -> list[str]:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line["event"] for line in lines if line.get("channel") == "ticks"]


@pytest.mark.parametrize("outage", SILENT, ids=lambda outage: outage.__name__.replace("_", " "))
async def test_a_worker_without_ticks_sweeps_by_itself_and_tells_so_once(
    stage: Stage, outage: Outage, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    async with stage.service.client() as client:
        await client.ask(RESET)
    await stage.connection.execute("TRUNCATE sweep_seen")
    await stage.connection.execute("DELETE FROM sweep_run")
    if outage is not never_started:
        stage.redis.start()
    async with hasty_worker(stage, log) as worker:
        if outage is not never_started:
            await until(stage.has_been_swept)
        async with outage(stage.redis):
            await stage.connection.execute("DELETE FROM sweep_run")  # for the worker, that sweep was long ago
            await pass_time(stage.connection, timedelta(days=46))
            await until(stage.is_all_that_is_due_erased)
            await stage.connection.execute("TRUNCATE sweep_seen")
            await until(stage.has_been_swept)
            assert told_of_ticks(log)[-1] == "channel paused"
            assert worker.returncode is None
        await until(lambda: told_of_ticks(log)[-1] == "channel resumed")
    assert all(one != following for one, following in pairwise(told_of_ticks(log)))
    assert worker.returncode == 0
    stage.redis.kill()


@pytest.mark.parametrize("outage", [never_started, frozen], ids=["absent", "frozen"])
async def test_a_worker_without_redis_ends_when_it_is_told_to(stage: Stage, outage: Outage, tmp_path: Path) -> None:
    await stage.connection.execute("DELETE FROM sweep_run")
    await stage.connection.execute("TRUNCATE sweep_seen")
    if outage is frozen:
        stage.redis.start()
    async with outage(stage.redis):
        async with hasty_worker(stage, tmp_path / "worker.log") as worker:
            await until(stage.has_been_swept)
        assert worker.returncode == 0
    stage.redis.kill()
