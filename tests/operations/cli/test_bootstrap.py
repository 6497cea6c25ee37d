"""Commands run with a database and services that are opened for them, and only on a database that is fit."""

import pytest
from pydantic import SecretStr

from contract_server import logs
from contract_server.cli import bootstrap
from contract_server.cli.bootstrap import refuse_startup_problems, with_database, with_services
from contract_server.contracts.models import Contract, TerminationApplication
from contract_server.services import Services
from contract_server.settings import Settings, SettingsError


@pytest.fixture
def settings(seeded: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The demonstration data, to which the settings of every command lead."""
    monkeypatch.setattr(bootstrap, "load_settings", lambda: seeded)
    monkeypatch.setattr(logs, "configure", lambda _: None)
    return seeded


async def count_contracts(_: Services | None = None) -> int:
    return await Contract.all().count()


async def use_an_unknown_policy() -> None:
    await TerminationApplication.filter(number=1).update(policy_version="0.9")


@pytest.mark.usefixtures("settings")
def test_an_operation_runs_on_the_database_and_its_result_is_returned() -> None:
    assert with_database(count_contracts) == with_services(count_contracts) == 4


@pytest.mark.usefixtures("settings")
def test_an_unfit_database_runs_no_operation_that_needs_services() -> None:
    refuse_startup_problems()
    with_database(use_an_unknown_policy)
    for start in (refuse_startup_problems, lambda: with_services(count_contracts)):
        with pytest.raises(SettingsError, match="POLICY_DIR: applications were made under omakase-login"):
            start()
    assert with_database(count_contracts) == 4


def test_a_server_may_start_before_its_database(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    away = settings.model_copy(update={"database_url": SecretStr("postgresql://127.0.0.1:1/nowhere")})
    monkeypatch.setattr(bootstrap, "load_settings", lambda: away)
    refuse_startup_problems()
