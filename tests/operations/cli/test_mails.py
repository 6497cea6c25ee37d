"""`contract-server mails`: an operator sees to the mails that were given up, and monitoring is content again."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.operations.cli.conftest import variables_of
from tests.server.running import GRACE_CONTRACT, command

from contract_server.settings import Settings

GIVEN_UP = """
INSERT INTO outbox_mail (contract_id, kind, message_id, dated_at, next_attempt_at, recipient, subject, body, state,
                         attempts, failure, useful_until)
VALUES ($1, 'termination_accepted', '<' || gen_random_uuid() || '@example.jp>',
        '2026-04-01 12:00+09', '2026-04-01 12:00+09', 'hanako@example.jp', '受付のお知らせ', '本文', 'FAILED',
        7, 'PermanentFailure', $2)
RETURNING id
"""
NOT_GIVEN_UP = "contract-server: this mail has not failed"


@dataclass
class Desk:
    """Where an operator types, and the database that it is about."""

    variables: Mapping[str, str]
    connection: asyncpg.Connection

    async def type(self, *words: str) -> tuple[int, str, str]:
        return await command(self.variables, *words)

    async def listed(self) -> list[Any]:
        status, output, errors = await self.type("mails", "list", "--json")
        assert (status, errors) == (0, "")
        found: list[Any] = json.loads(output)
        return found

    async def broken(self) -> list[str]:
        _, output, _ = await self.type("doctor", "--json")
        return [check["name"] for check in json.loads(output)["checks"] if not check["ok"]]

    async def gives_up(self, useful_until: object = None) -> str:
        return str(await self.connection.fetchval(GIVEN_UP, GRACE_CONTRACT, useful_until))

    def delivered(self) -> int:
        files = Path(self.variables["MAIL_DIR"]).rglob("*.eml")
        return sum("hanako@example.jp" in file.read_text() for file in files)


@pytest.fixture
async def desk(seeded: Settings, tmp_path: Path) -> AsyncIterator[Desk]:
    """The demonstration data, after a sweep."""
    variables = {**variables_of(seeded), "LEDGER_DIR": str(tmp_path), "LOG_LEVEL": "ERROR"}
    assert (await command(variables, "sweep"))[0] == 0
    connection = await asyncpg.connect(variables["DATABASE_URL"])
    yield Desk(variables, connection)
    await connection.close()


async def test_what_was_given_up_is_listed_for_whoever_is_to_put_it_right(desk: Desk) -> None:
    assert await desk.listed() == []
    first, second = await desk.gives_up(), await desk.gives_up()
    assert [each["id"] for each in await desk.listed()] == [int(first), int(second)]
    assert (await desk.listed())[0] == {
        "id": int(first),
        "contract_id": GRACE_CONTRACT,
        "kind": "termination_accepted",
        "recipient": "hanako@example.jp",
        "dated_at": "2026-04-01T12:00:00+09:00",
        "attempts": 7,
        "failure": "PermanentFailure",
    }
    status, output, errors = await desk.type("mails", "list", "--limit", "1")
    assert status == 0
    assert output.splitlines()[1].split()[:2] == [first, GRACE_CONTRACT]
    assert errors == "contract-server: only the first 1 are shown; see --limit\n"


async def test_a_mail_that_is_dismissed_troubles_nobody_any_more(desk: Desk) -> None:
    mail = await desk.gives_up()
    assert await desk.broken() == ["mails_failed"]
    assert await desk.type("mails", "dismiss", mail) == (0, "The mail was dismissed.\n", "")
    assert await desk.listed() == []
    assert await desk.broken() == []
    assert (await desk.type("sweep"))[0] == 0
    assert desk.delivered() == 0


async def test_a_mail_that_is_tried_again_goes_out_at_the_next_sweep(desk: Desk) -> None:
    mail = await desk.gives_up()
    assert await desk.type("mails", "retry", mail) == (0, "The next sweep sends it.\n", "")
    assert (await desk.type("sweep"))[0] == 0
    assert desk.delivered() == 1
    assert await desk.listed() == []
    assert await desk.broken() == []


@pytest.mark.parametrize("word", ["retry", "dismiss"])
async def test_only_what_was_given_up_can_be_put_right(desk: Desk, word: str) -> None:
    mail = await desk.gives_up()
    assert (await desk.type("mails", "dismiss", mail))[0] == 0
    for number in (mail, "999999999"):
        status, output, errors = await desk.type("mails", word, number)
        assert (status, output) == (1, "")
        assert errors.startswith(NOT_GIVEN_UP)


async def test_a_reminder_that_is_of_no_use_any_more_is_not_tried_again(desk: Desk) -> None:
    mail = await desk.gives_up(await desk.connection.fetchval("SELECT now() - interval '1 day'"))
    status, _, errors = await desk.type("mails", "retry", mail)
    assert status == 1
    assert errors.startswith(NOT_GIVEN_UP)
    assert [each["id"] for each in await desk.listed()] == [int(mail)]
