"""Every model is known to the database, and no statement or lock waits forever."""

from pathlib import Path
from typing import Any

import contract_server
from contract_server.db.connection import MODELS, tortoise_config
from contract_server.settings import Settings

SETTINGS = Settings.model_validate(
    {
        "environment": "development",
        "database_url": "postgresql://server:p%40ss@db.example.jp:5433/contracts",
        "database_pool_size": 7,
    }
)


def credentials(*, for_migrations: bool = False) -> dict[str, Any]:
    config = tortoise_config(SETTINGS, for_migrations=for_migrations)
    driver: dict[str, Any] = config["connections"]["default"]["credentials"]
    return driver


def test_every_module_with_a_model_is_registered() -> None:
    package = Path(contract_server.__path__[0])
    with_a_model = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts)
        for path in package.rglob("*.py")
        if "(Model):" in path.read_text(encoding="utf-8")
    }
    assert with_a_model == set(MODELS)


def test_the_url_and_the_pool_size_reach_the_driver() -> None:
    driver = credentials()
    assert (driver["dsn"], driver["maxsize"]) == ("postgresql://server:p%40ss@db.example.jp:5433/contracts", 7)


def test_only_a_migration_has_timeouts_of_its_own() -> None:
    usual, migration = credentials()["server_settings"], credentials(for_migrations=True)["server_settings"]
    assert (usual["statement_timeout"], migration["statement_timeout"]) == ("30s", "0")
    assert usual | {"statement_timeout": "0", "lock_timeout": "2s"} == migration
    assert usual["idle_in_transaction_session_timeout"] == "30s"


def test_an_answer_is_awaited_for_longer_than_the_server_lets_a_statement_run() -> None:
    usual = credentials()
    assert usual["command_timeout"] > int(usual["server_settings"]["statement_timeout"].removesuffix("s"))
    assert "command_timeout" not in credentials(for_migrations=True)
