"""A client is told the terms that this server serves, whatever they are."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.conftest import seeded_database
from tests.server.in_process import development_settings, seeded_services, served

from contract_server.development.servers.postgres import EmbeddedPostgres

TERMS = """
name = "terms"
version = "2.0"
zone = "Europe/Berlin"
valid_from = 2020-01-01
[service_end]
unit = "day"
count = 7
[resumption]
unit = "day"
count = 10
[erasure]
unit = "day"
count = 30
"""
POLICY = "{ policy { name version timeZone serviceEndDays resumptionDays erasureDays description } }"


@pytest.fixture
async def client(postgres: EmbeddedPostgres, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server whose terms are these."""
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "terms.toml").write_text(TERMS, encoding="utf-8")
    settings = development_settings(await seeded_database(postgres), tmp_path)
    async with seeded_services(settings):
        pass
    async with served(settings.model_copy(update={"policy_dir": policies})) as found:
        yield found


async def test_the_policy_of_the_folder_is_told_figure_by_figure(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": POLICY}, headers={"Accept-Language": "en"})
    policy = answer.json()["data"]["policy"]
    assert "on day 7," in policy.pop("description")
    assert policy == {
        "name": "terms",
        "version": "2.0",
        "timeZone": "Europe/Berlin",
        "serviceEndDays": 7,
        "resumptionDays": 10,
        "erasureDays": 30,
    }


async def test_of_a_day_without_terms_nothing_is_told_but_that(client: httpx.AsyncClient) -> None:
    query = '{ timeline(requestedOn: "2019-12-31") { erasure { lastDay } } }'
    (error,) = (await client.post("/graphql", json={"query": query})).json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == "no policy is in force on 2019-12-31"
