"""`contract-server erasures`: an operator plans, approves, retries and replays erasures, and shows the evidence."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from tests.operations.cli.conftest import variables_of
from tests.server.running import ACTIVE_CONTRACT, CLOSED_CONTRACT, GRACE_CONTRACT, LAST_DAY_CONTRACT, command

from contract_server.settings import Settings

TERMINATED = [CLOSED_CONTRACT, LAST_DAY_CONTRACT, GRACE_CONTRACT]


@dataclass
class Shell:
    """An operator's shell, database and ledger."""

    variables: Mapping[str, str]
    connection: asyncpg.Connection
    ledger: Path

    async def type(self, *words: str, **settings: str) -> tuple[int, str, str]:
        return await command({**self.variables, **settings}, *words)

    async def read(self, *words: str, **settings: str) -> Any:  # noqa: ANN401 - any JSON
        status, output, errors = await self.type(*words, "--json", **settings)
        assert errors == "", errors
        assert status in {0, 1}
        return json.loads(output)

    async def move_clock(self, days: int) -> None:
        await self.connection.execute(
            "INSERT INTO test_clock (id, moved_by) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET moved_by = $1",
            timedelta(days=days) // timedelta(microseconds=1),
        )

    async def erased(self) -> set[str]:
        rows = await self.connection.fetch("SELECT id::text FROM contract WHERE status = 'ERASED'")
        return {row["id"] for row in rows}


@pytest.fixture
async def shell(seeded: Settings, tmp_path: Path) -> AsyncIterator[Shell]:
    """The demonstration data, a year from now: three contracts are due for erasure."""
    variables = {**variables_of(seeded), "LEDGER_DIR": str(tmp_path), "LOG_LEVEL": "ERROR"}
    connection = await asyncpg.connect(seeded.database_url.get_secret_value())
    shell = Shell(variables, connection, tmp_path)
    await shell.move_clock(365)
    yield shell
    await connection.close()


async def test_the_plan_shows_by_day_what_is_due_and_what_is_on_hold(shell: Shell) -> None:
    await shell.connection.execute(
        "UPDATE contract SET hold_placed_at = now(), hold_reason = 'case 1' WHERE id = $1", GRACE_CONTRACT
    )
    plan = await shell.read("erasures", "plan")
    assert sum(day["contracts"] for day in plan["days"]) == 2
    assert sum(day["held"] for day in plan["days"]) == 1
    assert plan["breaker"] == {"due": 2, "limit": 50, "stops": False}
    status, output, _ = await shell.type("erasures", "plan")
    assert status == 0
    assert [line.split() for line in output.splitlines()[1:-1]] == [
        [day["day"], *(str(day[name]) for name in ("contracts", "held", "failing", "set_aside"))]
        for day in plan["days"]
    ]
    assert output.splitlines()[-1] == "2 contracts are due, within the limit of 50."


async def test_the_plan_covers_the_requested_days(shell: Shell) -> None:
    await shell.move_clock(0)
    assert (await shell.read("erasures", "plan"))["days"] == []
    ahead = (await shell.read("erasures", "plan", "--within", "60d"))["days"]
    assert [day["contracts"] for day in ahead] == [1, 1, 1]
    assert [day["day"] for day in ahead] == sorted(day["day"] for day in ahead)
    assert (await shell.type("erasures", "plan", "--within", "soon"))[0] == 2


async def test_a_wave_waits_for_the_operators_approval(shell: Shell) -> None:
    strict = {"ERASURE_BREAKER_CONTRACTS": "2"}
    assert (await shell.read("erasures", "plan", **strict))["breaker"] == {"due": 3, "limit": 2, "stops": True}
    status, _, errors = await shell.type("sweep", **strict)
    assert status == 0
    assert [json.loads(line)["event"] for line in errors.splitlines()] == ["erasures stopped"]
    assert await shell.erased() == set()

    status, _, errors = await shell.type("erasures", "approve", **strict)
    assert (status, errors) == (
        2,
        "contract-server: confirmation needs a terminal; pass --yes to confirm without one\n",
    )
    status, output, _ = await shell.type("erasures", "approve", "--yes", **strict)
    assert (status, output) == (0, "Approved: the next sweeps erase 3 contracts.\n")
    assert (await shell.type("sweep", **strict))[0] == 0
    assert await shell.erased() == set(TERMINATED)


async def test_one_operator_asks_for_an_approval_and_another_gives_it(shell: Shell) -> None:
    strict = {"ERASURE_BREAKER_CONTRACTS": "2", "ERASURE_FOUR_EYES": "true"}
    await shell.connection.execute(
        "INSERT INTO account (id, role, name, email, password_hash)"
        " VALUES (gen_random_uuid(), 'OPERATOR', '運用 二郎', 'second@example.jp', '')"
    )
    command = ("erasures", "approve", "--yes", "--as")
    status, output, _ = await shell.type(*command, "operator@example.jp", **strict)
    assert (status, output) == (0, "Requested: another operator approves it by the same command.\n")
    status, _, errors = await shell.type(*command, "operator@example.jp", **strict)
    assert status == 1
    assert "Another operator than the one who asked has to approve." in errors
    status, output, _ = await shell.type(*command, "second@example.jp", **strict)
    assert (status, output) == (0, "Approved: the next sweeps erase 3 contracts.\n")
    await shell.type("sweep", **strict)
    assert await shell.erased() == set(TERMINATED)


async def test_there_is_nothing_to_approve_while_nothing_is_stopped(shell: Shell) -> None:
    status, _, errors = await shell.type("erasures", "approve", "--yes")
    assert (status, errors) == (
        1,
        "contract-server: there is nothing to approve: 3 contracts are due, within the limit of 50.\n",
    )


async def test_a_failed_action_is_shown_and_retried(shell: Shell) -> None:
    await shell.connection.execute(
        "INSERT INTO due_failure (contract_id, act, due_at, tries, failure, next_try_at, set_aside_at)"
        " SELECT id, 'ERASE', erasure_due_at, 8, 'RaiseError', now(), now() FROM contract WHERE id = $1",
        CLOSED_CONTRACT,
    )
    await shell.type("sweep")
    assert await shell.erased() == set(TERMINATED) - {CLOSED_CONTRACT}
    _, output, _ = await shell.type("erasures", "plan")
    assert f"contract-server erasures retry {CLOSED_CONTRACT}" in output
    (failed,) = (await shell.read("erasures", "plan"))["set_aside"]
    assert failed == {"contract_id": CLOSED_CONTRACT, "act": "ERASE", "tries": 8, "failure": "RaiseError"}

    assert (await shell.type("erasures", "retry", CLOSED_CONTRACT))[0] == 0
    assert (await shell.type("erasures", "retry", CLOSED_CONTRACT))[0] == 1
    await shell.type("sweep")
    assert await shell.erased() == set(TERMINATED)


async def test_the_evidence_is_printed_one_record_a_line_and_verified_from_a_file_alone(
    shell: Shell, tmp_path: Path
) -> None:
    await shell.type("sweep")
    status, output, _ = await shell.type("erasures", "evidence", "--json")
    assert status == 0
    records = [json.loads(line) for line in output.splitlines()]
    assert [record["sequence"] for record in records] == [1, 2, 3]
    assert {record["contract_id"] for record in records} == set(TERMINATED)
    assert (await shell.type("erasures", "evidence", "--verify"))[:2] == (0, "The chain is whole: 3 records.\n")
    status, output_of_one, _ = await shell.type("erasures", "evidence", "--json", GRACE_CONTRACT)
    assert json.loads(output_of_one)["contract_id"] == GRACE_CONTRACT
    assert (await shell.type("erasures", "evidence", ACTIVE_CONTRACT))[0] == 1

    file = tmp_path / "evidence"
    file.write_text(output)
    nowhere = {"DATABASE_URL": "postgresql://127.0.0.1:1/nowhere"}
    verify = ("erasures", "evidence", "--verify", "--from", str(file))
    assert (await shell.type(*verify, **nowhere))[0] == 0
    file.write_text(output.replace('"batches":', '"batches":1'))
    status, _, errors = await shell.type(*verify, **nowhere)
    assert (status, "broken at number 1" in errors) == (1, True)
    file.write_text("no record")
    assert (await shell.type(*verify, **nowhere))[0] == 2


async def test_people_read_the_evidence_in_local_time_and_plain_words(shell: Shell, tmp_path: Path) -> None:
    await shell.type("sweep")
    _, records, _ = await shell.type("erasures", "evidence", "--json", GRACE_CONTRACT)
    record = json.loads(records)
    _, output, _ = await shell.type("erasures", "evidence", GRACE_CONTRACT)
    heading, row = output.splitlines()
    assert heading.split("  ")[0] == "number"
    for instant in ("due_at", "finished_at"):
        local = datetime.fromisoformat(record[instant]).astimezone(ZoneInfo("Asia/Tokyo"))
        assert f" {local.isoformat(timespec='seconds')} " in row
    for table, count in record["erased_rows"].items():
        assert f"{count} of {table}" in row
    assert not set("{}'") & set(row)

    file = tmp_path / "evidence"
    file.write_text(records)
    nowhere = {"DATABASE_URL": "postgresql://127.0.0.1:1/nowhere"}
    assert (await shell.type("erasures", "evidence", "--from", str(file), **nowhere))[1] == output


@pytest.mark.parametrize("options", [(), ("--verify",), ("--json",)], ids=" ".join)
async def test_evidence_that_cannot_be_read_is_one_line_with_the_reason(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    missing, folder = tmp_path / "missing", tmp_path
    for file, reason in ((missing, "No such file or directory"), (folder, "Is a directory")):
        assert await command({}, "erasures", "evidence", *options, "--from", str(file)) == (
            2,
            "",
            f"contract-server: --from: {file} cannot be read ({reason})\n",
        )


@pytest.mark.parametrize("content", ["no record", "[]", "{}", '{"due_at": "soon"}', '{"erased_rows": []}'])
async def test_lines_that_are_no_evidence_are_not_understood(tmp_path: Path, content: str) -> None:
    file = tmp_path / "evidence"
    file.write_text(content)
    status, output, errors = await command({}, "erasures", "evidence", "--from", str(file))
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith("contract-server: --from: ")


async def test_a_replay_shows_what_it_would_erase_and_erases_it_after_confirmation(shell: Shell) -> None:
    await shell.type("sweep")
    await shell.connection.execute(  # as a backup from before the erasures would have them
        "UPDATE contract SET status = 'TERMINATED', erasure_due_at = application.erasure_at, erased_at = NULL"
        "  FROM termination_application AS application"
        " WHERE application.contract_id = contract.id AND contract.status = 'ERASED'"
    )
    await shell.connection.execute("DELETE FROM erasure_record")
    await shell.connection.execute("DELETE FROM contract_event WHERE type = 'ERASED'")
    assert (await shell.type("erasures", "replay"))[:2] == (
        1,
        "erased again: 0, erased already: 0, left: 3\nNothing was changed. Pass --yes to erase them.\n",
    )
    assert await shell.erased() == set()
    assert set((await shell.read("erasures", "replay"))["to_erase"]) == set(TERMINATED)
    status, output, _ = await shell.type("erasures", "replay", "--yes")
    assert (status, output) == (0, "erased again: 3, erased already: 0, left: 0\n")
    assert await shell.erased() == set(TERMINATED)
    again = await shell.read("erasures", "replay", "--yes", str(shell.ledger))
    assert again == {"erased": [], "to_erase": [], "erased_already": 3, "on_hold": [], "unknown": []}


async def test_a_replay_does_nothing_with_a_damaged_ledger(shell: Shell) -> None:
    await shell.type("sweep")
    file = max(shell.ledger.glob("*.jsonl"))
    file.write_bytes(file.read_bytes() + b"{}\n")
    status, _, errors = await shell.type("erasures", "replay", "--yes")
    lines = len(file.read_bytes().splitlines())
    assert (status, errors) == (
        2,
        f"contract-server: nothing was done; the ledger cannot be read: {file}, line {lines}\n",
    )


async def test_due_dates_are_days_in_japan(shell: Shell) -> None:
    due_at: datetime = await shell.connection.fetchval("SELECT min(erasure_due_at) FROM contract")
    (first, *_) = (await shell.read("erasures", "plan"))["days"]
    assert first["day"] == (due_at + timedelta(hours=9)).date().isoformat()
