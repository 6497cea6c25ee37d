"""The limits and the replacement of sessions over HTTP."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.conftest import seeded_database
from tests.server.in_process import development_settings, seeded_services, served
from tests.server.running import ASK_FOR_LINK, LOG_IN, PASSWORD

from contract_server.clock import DatabaseClock
from contract_server.db.statements import execute
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.mail.models import OutboxMail
from contract_server.settings import Settings

EMAIL = "active@example.jp"
RETRY_AT = """
mutation ($email: String!, $password: String!) {
  logIn(input: { email: $email, password: $password }) { ... on LogInRefused { code message retryAt } }
}
"""


@pytest.fixture(scope="module")
async def settings(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = development_settings(await seeded_database(postgres), tmp_path_factory.mktemp("limits"))
    settings = settings.model_copy(update={"request_deadline": timedelta(minutes=1)})  # for slow machines
    async with seeded_services(settings):
        return settings


async def ask(client: httpx.AsyncClient, query: str, headers: dict[str, str] | None = None, **variables: str) -> Any:  # noqa: ANN401 - any JSON
    response = await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
    answer = response.json()
    assert response.status_code == 200, answer
    assert "errors" not in answer, answer
    (value,) = answer["data"].values()
    return value


async def guess(client: httpx.AsyncClient, times: int, email: str = EMAIL) -> Counter[str]:
    """Try wrong passwords in parallel, each with another forged address, and count the codes of the answers."""

    async def one(number: int) -> str:
        headers = {"X-Forwarded-For": f"198.51.100.{number % 250}"}
        while (code := (await ask(client, LOG_IN, headers, email=email, password=f"wrong {number}"))["code"]) == "BUSY":
            await asyncio.sleep(0)  # as long as a network takes at least
        return str(code)

    return Counter(await asyncio.gather(*(one(number) for number in range(times))))


async def delete_counts() -> None:
    await execute("TRUNCATE attempt_count")


async def test_forged_addresses_and_parallel_requests_give_no_more_guesses(settings: Settings) -> None:
    async with served(settings) as client:
        await delete_counts()
        assert await guess(client, 60) == {"INVALID_CREDENTIALS": 10, "TOO_MANY_ATTEMPTS": 50}
        assert await guess(client, 1) == {"TOO_MANY_ATTEMPTS": 1}


async def test_what_a_trusted_proxy_says_makes_sources_differ(settings: Settings) -> None:
    trusting = Settings.model_validate(settings.model_dump() | {"trusted_proxies": "127.0.0.1"})
    async with served(trusting) as client:
        await delete_counts()
        assert await guess(client, 20) == {"INVALID_CREDENTIALS": 20}


async def test_a_locked_client_is_told_when_to_come_back_in_real_time(settings: Settings) -> None:
    async with served(settings) as client:
        await delete_counts()
        await guess(client, 10, "nobody@example.jp")
        refusal = await ask(client, RETRY_AT, email="nobody@example.jp", password=PASSWORD)
        assert refusal["code"] == "TOO_MANY_ATTEMPTS"
        retry_at = datetime.fromisoformat(refusal["retryAt"])
        assert timedelta() < retry_at - await DatabaseClock().now() <= timedelta(minutes=5)
        full_minute = retry_at + timedelta(seconds=59, microseconds=999_999)
        assert f"{full_minute:%H:%M}" in refusal["message"]


async def test_a_browser_that_has_logged_in_before_gets_in_beside_any_number_of_failures_of_others(
    settings: Settings,
) -> None:
    async with served(settings.model_copy(update={"log_in_failures_of_unknown_devices": 3})) as client:
        await delete_counts()
        assert (await ask(client, LOG_IN, email=EMAIL, password=PASSWORD))["__typename"] == "LoggedIn"
        await ask(client, "mutation { logOut { ok } }")
        device = dict(client.cookies)
        assert device.keys() == {"device"}
        client.cookies.clear()
        for _ in range(3):
            await guess(client, 1)
        assert (await ask(client, LOG_IN, email=EMAIL, password=PASSWORD))["code"] == "MAILED_LINK_REQUIRED"
        cookie = {"Cookie": f"device={device['device']}"}
        assert (await ask(client, LOG_IN, cookie, email=EMAIL, password=PASSWORD))["__typename"] == "LoggedIn"


async def test_logging_in_again_ends_the_session_that_the_cookie_showed(settings: Settings) -> None:
    async with served(settings) as client:
        await delete_counts()
        first = (await ask(client, LOG_IN, email=EMAIL, password=PASSWORD))["token"]
        second = (await ask(client, LOG_IN, email=EMAIL, password=PASSWORD))["token"]
        assert first != second
        client.cookies.clear()
        viewers = [
            await ask(client, "{ viewer { email } }", {"Authorization": f"Bearer {token}"}) for token in (first, second)
        ]
    assert viewers == [None, {"email": EMAIL}]


async def test_a_link_never_leads_where_a_client_says(settings: Settings) -> None:
    async with served(settings) as client:
        await delete_counts()
        headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
        assert await ask(client, ASK_FOR_LINK, headers, email=EMAIL) == {"ok": True}
        assert await ask(client, ASK_FOR_LINK, headers, email="nobody@example.jp") == {"ok": True}
        (mail,) = await OutboxMail.filter(kind="password_reset")
    assert f"{settings.public_url}/password/new#" in mail.body
    assert "evil" not in mail.body
