"""`contract-server doctor` for monitoring: 0 every promise is kept, 1 one is broken, any other: it could not run."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import asyncpg
import pytest
from tests.operations.cli.conftest import variables_of
from tests.server.running import command

from contract_server.settings import Settings


@pytest.fixture
async def variables(seeded: Settings, tmp_path: Path) -> Mapping[str, str]:
    """The variables of a database with demonstration data, after a sweep."""
    variables = {**variables_of(seeded), "LEDGER_DIR": str(tmp_path)}
    assert (await command(variables, "sweep"))[0] == 0
    return variables


@pytest.fixture
async def connection(variables: Mapping[str, str]) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(variables["DATABASE_URL"])
    yield connection
    await connection.close()


async def test_every_promise_is_kept(variables: Mapping[str, str]) -> None:
    status, output, _ = await command(variables, "doctor")
    assert status == 0
    assert all(line.startswith("ok") for line in output.splitlines()[1:])
    status, output, _ = await command(variables, "doctor", "--json")
    health = json.loads(output)
    assert (status, health["ok"]) == (0, True)
    assert all(check["ok"] and check["count"] == 0 for check in health["checks"])


async def test_a_broken_promise_is_named(variables: Mapping[str, str], connection: asyncpg.Connection) -> None:
    await connection.execute("DELETE FROM sweep_run")
    status, output, _ = await command(variables, "doctor")
    assert status == 1
    assert [line.split()[:3] for line in output.splitlines() if line.startswith("BROKEN")] == [["BROKEN", "sweep", "1"]]
    status, output, _ = await command(variables, "doctor", "--json")
    health = json.loads(output)
    assert (status, health["ok"], health["last_sweep_at"]) == (1, False, None)
    assert [check["name"] for check in health["checks"] if not check["ok"]] == ["sweep"]


async def test_a_check_that_could_not_run_is_no_verdict(
    variables: Mapping[str, str], connection: asyncpg.Connection
) -> None:
    away = {**variables, "DATABASE_URL": "postgresql://127.0.0.1:1/nowhere"}
    misconfigured = {**variables, "ERASURE_BREAKER_CONTRACTS": "many"}
    assert (await command(away, "doctor"))[0] == 4
    assert (await command(misconfigured, "doctor"))[0] == 3
    await connection.execute("ALTER TABLE sweep_run ALTER COLUMN finished_at TYPE text USING 'never'")
    status, _, errors = await command(variables, "doctor")
    assert (status, errors.splitlines()[-1]) == (4, "contract-server: the check could not run: ParseError")
