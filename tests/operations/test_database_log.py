"""With the documented settings, no address of a person is in PostgreSQL's log, whatever fails."""

import re
from pathlib import Path

import asyncpg
import pytest
import yaml
from tests.operations.container import ROOT
from tests.operations.postgres_versions import Postgres, postgres_of
from tests.server.running import command

from contract_server.cli.exit_status import Status

SERVER = ROOT / "packages" / "server"
TAKEN = "taken@kaisha.example.jp"


def documented_settings() -> dict[str, str]:
    """The settings that the guide for operators recommends."""
    (block,) = re.findall(
        r"^```ini\n(.*?)^```", (SERVER / "docs" / "operations.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    return dict(line.split(" = ") for line in block.splitlines())


async def refuse_an_address_in_every_way(postgres: Postgres, folder: Path) -> None:
    """Let the database refuse an address: as a value, as an argument, in a statement."""
    variables = {"ENVIRONMENT": "development", "DATABASE_URL": postgres.url, "MAIL_DIR": str(folder)}
    for step in ("migrate", "seed-demo"):
        assert (await command(variables, step))[0] == Status.DONE
    connection = await asyncpg.connect(postgres.url)
    add = "UPDATE account SET email = $1 WHERE id IN (SELECT id FROM account LIMIT 2)"
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(add, TAKEN)
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(add.replace("$1", f"'{TAKEN}'"))
    with pytest.raises(asyncpg.InvalidTextRepresentationError):
        await connection.fetch("SELECT $1::text::int", TAKEN)
    await connection.close()


async def test_with_the_documented_settings_the_log_names_no_person(tmp_path: Path) -> None:
    with postgres_of(17, **documented_settings()) as postgres:
        await refuse_an_address_in_every_way(postgres, tmp_path)
        log = postgres.log.read_text(encoding="utf-8")
    assert TAKEN not in log
    assert "ready to accept connections" in log


async def test_with_its_own_settings_the_log_does(tmp_path: Path) -> None:
    with postgres_of(17) as postgres:
        await refuse_an_address_in_every_way(postgres, tmp_path)
        assert TAKEN in postgres.log.read_text(encoding="utf-8")


def test_the_database_of_compose_has_the_documented_settings() -> None:
    words = yaml.safe_load((SERVER / "compose.yaml").read_text("utf-8"))["services"]["postgres"]["command"]
    assert dict(word.removeprefix("-c").split("=") for word in words[1:]) == documented_settings()
