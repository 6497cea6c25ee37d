"""A database that is unfit for production is refused at the start."""

import pytest
from pydantic import SecretStr
from tests.server.workbench import Workbench, sql

from contract_server.accounts.models import Account, Role
from contract_server.db.connection import database
from contract_server.development.demo.people import OPERATOR_ID
from contract_server.monitoring.startup_checks import find_known_startup_problem, find_startup_problem
from contract_server.policies.policies import served_policies
from contract_server.settings import EnvironmentName, Settings

NOWHERE = "postgresql://postgres:password@127.0.0.1:1/postgres"


@pytest.fixture
def production_with_database(bench: Workbench) -> Settings:
    return bench.settings.model_copy(update={"environment": EnvironmentName.PRODUCTION})


async def problem(settings: Settings) -> str | None:
    return await find_startup_problem(settings, served_policies())


async def test_an_empty_database_is_fit_to_serve_from(production_with_database: Settings) -> None:
    assert await problem(production_with_database) is None


async def test_demonstration_accounts_and_a_test_clock_belong_to_development_only(
    bench: Workbench, production_with_database: Settings
) -> None:
    await Account.create(id=OPERATOR_ID, role=Role.OPERATOR, name="運用", email="o@example.jp", password_hash="")
    assert await problem(bench.settings) is None
    assert "demonstration accounts" in str(await problem(production_with_database))
    await Account.all().delete()
    await sql("INSERT INTO test_clock (id, moved_by) VALUES (1, 0)")
    assert await problem(bench.settings) is None
    assert "test clock" in str(await problem(production_with_database))


async def test_every_version_that_an_application_refers_to_must_be_there(bench: Workbench) -> None:
    await bench.terminated_contract()
    assert await problem(bench.settings) is None
    await sql("UPDATE termination_application SET policy_version = '0.9'")
    assert "omakase-login 0.9" in str(await problem(bench.settings))


async def test_terms_that_differ_from_those_recorded_are_a_problem(bench: Workbench) -> None:
    assert await problem(bench.settings) is None
    await sql("UPDATE policy_terms SET fingerprint = repeat('0', 64), terms = terms || '{\"zone\": \"UTC\"}'")
    assert await problem(bench.settings) is not None


async def test_a_database_that_is_away_is_no_known_problem(settings: Settings) -> None:
    async with database(settings.model_copy(update={"database_url": SecretStr(NOWHERE)})):
        assert await find_known_startup_problem(settings) is None
