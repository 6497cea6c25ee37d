"""A client is told the terms that this server serves, whatever they are."""

from pathlib import Path

from tests.conftest import new_database
from tests.server.in_process import development_settings, seeded_services, served

from contract_server.dev.postgres import EmbeddedPostgres

TERMS = """
name = "terms"
version = "2.0"
zone = "Europe/Berlin"
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


async def test_the_policy_of_the_folder_is_told_figure_by_figure(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "terms.toml").write_text(TERMS, encoding="utf-8")
    settings = development_settings(await new_database(postgres), tmp_path)
    async with seeded_services(settings):
        pass
    async with served(settings.model_copy(update={"policy_dir": policies})) as client:
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
