"""One account, whatever it sends, leaves the others their connections, and is told when to come back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import cycle, islice
from typing import Any

import asyncpg
import httpx
import pytest
from tests.conftest import new_database
from tests.locks import PATIENCE_S, until_a_lock_is_awaited
from tests.server.in_process import development_settings, seeded_services, served
from tests.server.running import ACTIVE_CONTRACT, LOG_IN, PASSWORD, RESET, RESUME, TERMINATE, VIEWER

from contract_server import metrics
from contract_server.clock import DatabaseClock
from contract_server.db.pool import pool_use
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.mail.models import OutboxMail
from contract_server.request_limits import IN_FLIGHT, QUEUED
from contract_server.settings import Settings

CHANGES = 4
PROBLEM = """
mutation ($id: ID!) {
  terminateContract(input: { contractId: $id }) {
    __typename
    ... on TooManyChanges { code message retryAt contactUrl }
  }
}
"""


@pytest.fixture(scope="module")
async def settings(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = development_settings(await new_database(postgres), tmp_path_factory.mktemp("budgets"))
    settings = settings.model_copy(
        update={"request_deadline": timedelta(minutes=1), "changes_per_contract_and_day": CHANGES}
    )
    async with seeded_services(settings):
        return settings


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with served(settings) as client:
        await client.post("/graphql", json={"query": RESET})
        yield client


async def log_in(client: httpx.AsyncClient, email: str) -> str:
    variables = {"email": email, "password": PASSWORD}
    answer = (await client.post("/graphql", json={"query": LOG_IN, "variables": variables})).json()
    client.cookies.clear()
    return str(answer["data"]["logIn"]["token"])


async def ask(client: httpx.AsyncClient, query: str, token: str | None = None, **more: str) -> httpx.Response:
    headers = ({"Authorization": f"Bearer {token}"} if token else {}) | more
    return await client.post("/graphql", json={"query": query, "variables": {"id": ACTIVE_CONTRACT}}, headers=headers)


@asynccontextmanager
async def contract_locked(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """Keep every change of the contract waiting for the block."""
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM contract WHERE id = $1 FOR UPDATE", ACTIVE_CONTRACT)
            yield connection
    finally:
        await connection.close()


async def until_in_use(connections: int) -> None:
    """Return when the server uses so many connections and no more."""
    async with asyncio.timeout(PATIENCE_S):
        while (use := pool_use()) is None or use.in_use != connections:
            await asyncio.sleep(0.01)


async def test_eighty_changes_at_once_take_two_connections_and_the_rest_is_told_to_wait(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    token, other = await log_in(client, "active@example.jp"), await log_in(client, "grace@example.jp")
    async with contract_locked(settings) as connection:
        asking = [asyncio.create_task(ask(client, TERMINATE, token)) for _ in range(80)]
        await until_a_lock_is_awaited(connection.fetch, count=IN_FLIGHT)
        refused = [await task for task in asyncio.as_completed(asking[IN_FLIGHT + QUEUED :])]
        await until_in_use(IN_FLIGHT)
        assert (await ask(client, VIEWER, other)).json() == {"data": {"viewer": {"contract": {"status": "TERMINATED"}}}}
    for response in refused:
        assert (response.status_code, response.headers["retry-after"]) == (429, "1")
        (error,) = response.json()["errors"]
        assert error["extensions"] == {"code": "RATE_LIMITED"}
    assert Counter([(await task).status_code for task in asking]) == {200: IN_FLIGHT + QUEUED, 429: 58}


async def test_many_sessions_of_one_account_change_its_contract_no_faster_than_one(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    tokens = [await log_in(client, "active@example.jp") for _ in range(11)]
    async with contract_locked(settings) as connection:
        asking = [asyncio.create_task(ask(client, TERMINATE, token)) for token in 2 * tokens]
        await until_a_lock_is_awaited(connection.fetch, count=IN_FLIGHT)
        await until_in_use(IN_FLIGHT)
    assert {(await task).status_code for task in asking} == {200}


async def test_requests_without_a_session_have_no_queue_in_common(client: httpx.AsyncClient) -> None:
    responses = await asyncio.gather(*(ask(client, "{ policy { version } }") for _ in range(4 * QUEUED)))
    assert {response.status_code for response in responses} == {200}


async def test_refusals_are_counted(client: httpx.AsyncClient, settings: Settings) -> None:
    def counted() -> float:
        labels = {"operation": "terminateContract", "outcome": "rate_limited"}
        return metrics.REGISTRY.get_sample_value("contract_requests_total", labels) or 0

    before, token = counted(), await log_in(client, "active@example.jp")
    async with contract_locked(settings):
        asking = [asyncio.create_task(ask(client, TERMINATE, token)) for _ in range(IN_FLIGHT + QUEUED + 3)]
        for task in asking[-3:]:
            assert (await task).status_code == 429
        assert counted() - before == 3
    await asyncio.gather(*asking)


async def change_as_often_as_possible(client: httpx.AsyncClient, token: str) -> Any:  # noqa: ANN401 - any JSON
    """Terminate and resume until the day's changes are used up; the answer to one change more."""
    for mutation in islice(cycle((TERMINATE, RESUME)), CHANGES):
        await ask(client, mutation, token)
    return (await ask(client, PROBLEM, token, **{"Accept-Language": "en"})).json()["data"]["terminateContract"]


async def test_a_contractor_causes_as_many_mails_as_a_day_has_changes_and_is_told_whom_to_ask(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    problem = await change_as_often_as_possible(client, await log_in(client, "active@example.jp"))
    assert (problem["__typename"], problem["code"]) == ("TooManyChanges", "TOO_MANY_CHANGES")
    assert problem["contactUrl"] == settings.contact_url
    assert problem["message"].endswith(settings.contact_url)
    retry_at = datetime.fromisoformat(problem["retryAt"])
    assert (retry_at.hour, retry_at.minute, retry_at.utcoffset()) == (0, 0, timedelta(hours=9))
    assert timedelta() < retry_at - await DatabaseClock().now() <= timedelta(days=1)
    assert await OutboxMail.filter(contract_id=ACTIVE_CONTRACT).count() == CHANGES


async def test_resetting_the_demonstration_gives_the_changes_back(client: httpx.AsyncClient) -> None:
    token = await log_in(client, "active@example.jp")
    assert (await change_as_often_as_possible(client, token))["__typename"] == "TooManyChanges"
    await ask(client, RESET)
    assert (await ask(client, TERMINATE, token)).json() == {
        "data": {"terminateContract": {"__typename": "ContractTerminated"}}
    }
