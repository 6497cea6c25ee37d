"""What callers see while PostgreSQL or Redis is away, and that nothing is lost by it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
from tests.conftest import migrated_database, seeded_database
from tests.server.running import (
    ACTIVE_CONTRACT,
    GRACE_CONTRACT,
    RESUME,
    TERMINATE,
    VIEWER,
    Running,
    command,
    free_port,
    running,
    start_worker,
    stop_process,
)

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

CLOCK = "query { testClock { offsetSeconds } }"
STATUS = "query ($id: ID!) { contract(id: $id) { status memberCount } }"

IT_PASSES = "ただいまサービスをご利用いただけません。しばらくしてから、もう一度お試しください。"


@pytest.fixture(scope="module")
def mortal_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that can be killed without harm to other tests, and keeps what it has committed."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("mortal-postgres"))
    server.start()
    yield server
    server.remove()


@dataclass
class WithoutRedis:
    """A server that runs without a worker, and the Redis that it misses."""

    service: Running
    redis: EmbeddedRedis


@pytest.fixture(scope="module")
async def without_redis(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[WithoutRedis]:
    """The product after its Redis was killed."""
    folder = tmp_path_factory.mktemp("without-redis")
    with EmbeddedRedis(folder / "redis", durable=False) as redis:
        async with running(await seeded_database(postgres), redis.url, folder, worker=False) as service:
            redis.kill()
            yield WithoutRedis(service, redis)


async def test_without_postgresql_everybody_is_told_plainly_and_recovery_needs_no_restart(
    mortal_postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    url = await seeded_database(mortal_postgres)
    async with running(url, redis.url, tmp_path, worker=False) as service, service.client() as client:
        await client.log_in("active@example.jp")
        mortal_postgres.kill()
        for query, variables in ((VIEWER, {}), (TERMINATE, {"id": ACTIVE_CONTRACT}), (CLOCK, {})):
            response = await client.post(query, **variables)
            assert response.status_code == 503
            assert int(response.headers["Retry-After"]) > 0
            assert [error["message"] for error in response.json()["errors"]] == [IT_PASSES]
        assert (await client.http.get("/healthz")).status_code == 200
        assert (await client.http.get("/readyz")).status_code == 503

        mortal_postgres.start()
        assert (await client.ask(VIEWER))["viewer"]["contract"]["status"] == "ACTIVE"
        terminated = await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
        assert terminated["terminateContract"]["__typename"] == "ContractTerminated"
        assert (await client.http.get("/readyz")).status_code == 200


async def test_a_server_may_start_before_its_database(mortal_postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    variables = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": await migrated_database(mortal_postgres),
        "MAIL_DIR": str(tmp_path),
        "LOG_LEVEL": "ERROR",
    }
    mortal_postgres.kill()
    async with served(variables) as client:
        assert (await client.get("/readyz")).status_code == 503
        mortal_postgres.start()
        assert (await client.get("/readyz")).status_code == 200


@asynccontextmanager
async def served(variables: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server process that is up, whatever the state of its database."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "contract_server", "serve", "--port", str(port)),
        env={"PATH": os.environ["PATH"], **variables},
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            async with asyncio.timeout(30):
                while not await is_up(client):
                    await asyncio.sleep(0.05)
            yield client
    finally:
        await stop_process(process)


async def is_up(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/healthz")).status_code == 200
    except httpx.TransportError:
        return False


async def test_without_redis_the_api_goes_on_and_mails_follow_when_it_is_back(without_redis: WithoutRedis) -> None:
    service = without_redis.service
    async with service.client() as client:
        await client.log_in("active@example.jp")
        terminated = await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
        assert terminated["terminateContract"]["__typename"] == "ContractTerminated"
        resumed = await client.ask(RESUME, id=ACTIVE_CONTRACT)
        assert resumed["resumeContract"]["__typename"] == "ContractResumed"
        assert (await client.http.get("/readyz")).status_code == 200
        assert list(service.mail_dir.glob("*.eml")) == []

    without_redis.redis.start()
    worker = start_worker(service.variables, service.folder)
    try:
        assert len(await service.mails(2)) == 2
    finally:
        await stop_process(worker)
        without_redis.redis.kill()


async def test_a_sweep_from_the_command_line_sends_mails_and_erases_without_redis(without_redis: WithoutRedis) -> None:
    service = without_redis.service
    async with service.client() as client:
        before = len(await service.mails(0))
        await client.log_in("active@example.jp")
        await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
        await move_clock(service, timedelta(days=43))  # past the erasure of the contract terminated three days ago
        status, output, _ = await command(service.variables, "sweep")
        assert (status, "failed: 0" in output) == (0, True)
        assert len(await service.mails(before + 1)) == before + 1
        await client.log_in("operator@example.jp")
        erased = (await client.ask(STATUS, id=GRACE_CONTRACT))["contract"]
        assert erased == {"status": "ERASED", "memberCount": 0}


async def move_clock(service: Running, distance: timedelta) -> None:
    """As the test clock does, but without doing what falls due on the way."""
    connection = await asyncpg.connect(service.database_url)
    try:
        await connection.execute(
            "INSERT INTO test_clock (id, moved_by) VALUES (1, $1)", distance // timedelta(microseconds=1)
        )
    finally:
        await connection.close()
