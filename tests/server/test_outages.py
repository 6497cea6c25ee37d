"""What callers see while PostgreSQL or Redis is away, and that nothing is lost by it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.conftest import new_database
from tests.server.running import ACTIVE_CONTRACT, GRACE_CONTRACT, Client, end, running, start_worker
from tests.server.running import command as run_command

from contract_server.dev.postgres import EmbeddedPostgres
from contract_server.dev.redis import EmbeddedRedis

VIEWER = "query { viewer { contract { status } } }"
CLOCK = "query { testClock { offsetSeconds } }"
STATUS = "query ($id: ID!) { contract(id: $id) { status } }"
TERMINATE = "mutation ($id: ID!) { terminateContract(input: { contractId: $id }) { __typename } }"
RESUME = "mutation ($id: ID!) { resumeContract(input: { contractId: $id }) { __typename } }"

TERMINATED = "【おまかせログイン】サービス利用停止受理通知"
RESUMED = "【おまかせログイン】サービス利用再開受理通知"


@pytest.fixture
def mortal_postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that can be killed without harm to the other tests."""
    with EmbeddedPostgres(tmp_path / "postgres", durable=False) as server:
        yield server


@pytest.fixture
def mortal_redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis that can be killed without harm to the other tests."""
    with EmbeddedRedis(tmp_path / "redis", durable=False) as server:
        yield server


async def test_without_postgresql_everybody_is_told_plainly_and_recovery_needs_no_restart(
    mortal_postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    url = await new_database(mortal_postgres)
    async with running(url, redis.url, tmp_path, worker=False) as service, service.client() as client:
        await client.log_in("active@example.jp")
        mortal_postgres.kill()
        for query, variables in ((VIEWER, {}), (TERMINATE, {"id": ACTIVE_CONTRACT}), (CLOCK, {})):
            await told_that_it_passes(await client.post(query, **variables))
        assert (await client.http.get("/healthz")).status_code == 200
        assert (await client.http.get("/readyz")).status_code == 503

        mortal_postgres.start()
        assert (await client.ask(VIEWER))["viewer"]["contract"]["status"] == "ACTIVE"
        assert (await client.ask(TERMINATE, id=ACTIVE_CONTRACT))["terminateContract"] == {
            "__typename": "ContractTerminated"
        }
        assert (await client.http.get("/readyz")).status_code == 200


async def told_that_it_passes(response: httpx.Response) -> None:
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert response.json()["errors"][0]["message"] == (
        "ただいまサービスをご利用いただけません。しばらくしてから、もう一度お試しください。"
    )
    assert "127.0.0.1" not in response.text
