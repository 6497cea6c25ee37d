"""`contract-server due` lists due actions before they run, and `sweep` runs them, for people and for scripts."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run
from tests.server.running import CLOSED_CONTRACT, GRACE_CONTRACT, LAST_DAY_CONTRACT

from contract_server.contracts.models import Contract
from contract_server.db.connection import database
from contract_server.db.statements import execute
from contract_server.settings import Settings


async def due(settings: Settings, *options: str) -> list[dict[str, Any]]:
    ended = await run(variables_of(settings), "due", "--json", *options)
    assert (ended.status, ended.errors) == (0, "")
    actions: list[dict[str, Any]] = json.loads(ended.output)
    return actions


def contracts_and_actions(actions: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(action["contract_id"], action["act"]) for action in actions]


async def test_actions_are_listed_in_order_as_far_ahead_as_requested(seeded: Settings) -> None:
    assert contracts_and_actions(await due(seeded)) == [(LAST_DAY_CONTRACT, "END_SERVICE")]
    everything = await due(seeded, "--within", "46d")
    assert contracts_and_actions(everything) == [
        (LAST_DAY_CONTRACT, "END_SERVICE"),
        (GRACE_CONTRACT, "END_SERVICE"),
        (CLOSED_CONTRACT, "ERASE"),
        (LAST_DAY_CONTRACT, "ERASE"),
        (GRACE_CONTRACT, "ERASE"),
    ]
    instants = [datetime.fromisoformat(action["due_at"]) for action in everything]
    assert instants == sorted(instants)
    assert {(at.hour, at.utcoffset()) for at in instants} == {(0, timedelta(hours=9))}
    assert not any(action["overdue"] for action in everything)
    assert await due(seeded, "--within", "999999d") == everything


async def test_overdue_actions_come_first_and_an_action_on_hold_is_not_overdue(seeded: Settings) -> None:
    long_ago = datetime.fromisoformat("2024-01-01T00:00:00+09:00")
    async with database(seeded):
        await Contract.filter(id=CLOSED_CONTRACT).update(erasure_due_at=long_ago)
        await Contract.filter(id=GRACE_CONTRACT).update(erasure_due_at=long_ago, hold_placed_at=long_ago)
    actions = await due(seeded, "--within", "0s")
    assert [(action["contract_id"], action["overdue"], action["on_hold"]) for action in actions] == [
        (GRACE_CONTRACT, False, True),
        (CLOSED_CONTRACT, True, False),
    ]


async def test_people_get_a_table_and_a_note_about_omitted_rows(seeded: Settings) -> None:
    ended = await run(variables_of(seeded), "due", "--within", "46d", "--limit", "2")
    assert [line.split()[:2] for line in ended.output.splitlines()[1:]] == [
        [LAST_DAY_CONTRACT, "END_SERVICE"],
        [GRACE_CONTRACT, "END_SERVICE"],
    ]
    assert ended.errors == "contract-server: only the first 2 are shown; see --limit\n"


@pytest.mark.parametrize("within", ["soon", "7", "-1d"])
async def test_a_span_without_a_unit_is_not_understood(seeded: Settings, within: str) -> None:
    ended = await run(variables_of(seeded), "due", f"--within={within}")
    assert (ended.status, ended.output) == (2, "")


FAIL_EACH_ERASURE = (
    "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
    "CREATE TRIGGER fail BEFORE DELETE ON member FOR EACH STATEMENT EXECUTE FUNCTION fail()",
)


async def let_a_year_pass(settings: Settings, *statements: str) -> None:
    """Move the test clock, so that three erasures are due, and run the statements."""
    async with database(settings):
        await execute("INSERT INTO test_clock (id, moved_by) VALUES (1, $1)", 365 * 86_400_000_000)
        for statement in statements:
            await execute(statement)


async def test_a_sweep_says_by_its_status_whether_an_action_failed(seeded: Settings, tmp_path: Path) -> None:
    variables = variables_of(seeded) | {"LEDGER_DIR": str(tmp_path), "LOG_LEVEL": "ERROR"}
    await let_a_year_pass(seeded, *FAIL_EACH_ERASURE)
    failed = await run(variables, "sweep")
    assert (failed.status, failed.output) == (1, "done: 2, failed: 3, left for later: 0\n")
    async with database(seeded):
        await execute("DROP TRIGGER fail ON member")
        await execute("DELETE FROM due_failure")
    done = await run(variables, "sweep")
    assert (done.status, done.output) == (0, "done: 3, failed: 0, left for later: 0\n")


async def test_a_sweep_without_its_ledger_fails(seeded: Settings, tmp_path: Path) -> None:
    await let_a_year_pass(seeded)
    no_folder = tmp_path / "ledger"
    no_folder.touch()
    failed = await run(variables_of(seeded) | {"LEDGER_DIR": str(no_folder)}, "sweep")
    assert (failed.status, failed.output) == (1, "done: 2, failed: 3, left for later: 0\n")
