"""What falls due when: seen beforehand, by people and by scripts."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run
from tests.server.running import CLOSED_CONTRACT, GRACE_CONTRACT, LAST_DAY_CONTRACT

from contract_server.contracts.models import Contract
from contract_server.db.connection import database
from contract_server.settings import Settings


async def due(settings: Settings, *options: str) -> list[dict[str, Any]]:
    ended = await run(variables_of(settings), "due", "--json", *options)
    assert (ended.status, ended.errors) == (0, "")
    found: list[dict[str, Any]] = json.loads(ended.output)
    return found


def in_short(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["contract_id"], each["act"]) for each in found]


async def test_what_falls_due_is_told_in_order_as_far_ahead_as_is_asked(seeded: Settings) -> None:
    assert in_short(await due(seeded)) == [(LAST_DAY_CONTRACT, "END_SERVICE")]
    everything = await due(seeded, "--within", "46d")
    assert in_short(everything) == [
        (LAST_DAY_CONTRACT, "END_SERVICE"),
        (GRACE_CONTRACT, "END_SERVICE"),
        (CLOSED_CONTRACT, "ERASE"),
        (LAST_DAY_CONTRACT, "ERASE"),
        (GRACE_CONTRACT, "ERASE"),
    ]
    instants = [datetime.fromisoformat(each["due_at"]) for each in everything]
    assert instants == sorted(instants)
    assert {(at.hour, at.utcoffset()) for at in instants} == {(0, timedelta(hours=9))}
    assert not any(each["overdue"] for each in everything)
    assert await due(seeded, "--within", "999999d") == everything


async def test_what_is_overdue_is_told_first_and_a_hold_makes_nothing_overdue(seeded: Settings) -> None:
    long_ago = datetime.fromisoformat("2024-01-01T00:00:00+09:00")
    async with database(seeded):
        await Contract.filter(id=CLOSED_CONTRACT).update(erasure_due_at=long_ago)
        await Contract.filter(id=GRACE_CONTRACT).update(erasure_due_at=long_ago, hold_placed_at=long_ago)
    found = await due(seeded, "--within", "0s")
    assert [(each["contract_id"], each["overdue"], each["on_hold"]) for each in found] == [
        (GRACE_CONTRACT, False, True),
        (CLOSED_CONTRACT, True, False),
    ]


async def test_people_get_a_table_and_hear_of_what_is_left_out(seeded: Settings) -> None:
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
