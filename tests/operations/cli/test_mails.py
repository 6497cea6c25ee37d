"""`contract-server mails`: an operator retries or dismisses failed mails, and monitoring is green again."""

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

INSERT_FAILED = """
INSERT INTO outbox_mail (contract_id, kind, message_id, dated_at, next_attempt_at, recipient, subject, body, state,
                         attempts, failure, useful_until)
VALUES ($1, 'termination_accepted', '<' || gen_random_uuid() || '@example.jp>',
        '2026-04-01 12:00+09', '2026-04-01 12:00+09', 'hanako@example.jp', '受付のお知らせ', '本文', 'FAILED',
        7, 'PermanentFailure', $2)
RETURNING id
"""
NOT_FAILED = "contract-server: this mail has not failed"


@dataclass
class Shell:
    """An operator's shell and database."""

    variables: Mapping[str, str]
    connection: asyncpg.Connection

    async def type(self, *words: str) -> tuple[int, str, str]:
        return await command(self.variables, *words)

    async def listed(self) -> list[Any]:
        status, output, errors = await self.type("mails", "list", "--json")
        assert (status, errors) == (0, "")
        mails: list[Any] = json.loads(output)
        return mails

    async def broken(self) -> list[str]:
        _, output, _ = await self.type("doctor", "--json")
        return [check["name"] for check in json.loads(output)["checks"] if not check["ok"]]

    async def fail_mail(self, useful_until: object = None) -> str:
        return str(await self.connection.fetchval(INSERT_FAILED, GRACE_CONTRACT, useful_until))

    def delivered(self) -> int:
        files = Path(self.variables["MAIL_DIR"]).rglob("*.eml")
        return sum("hanako@example.jp" in file.read_text() for file in files)


@pytest.fixture
async def shell(seeded: Settings, tmp_path: Path) -> AsyncIterator[Shell]:
    """The demonstration data, after a sweep."""
    variables = {**variables_of(seeded), "LEDGER_DIR": str(tmp_path), "LOG_LEVEL": "ERROR"}
    assert (await command(variables, "sweep"))[0] == 0
    connection = await asyncpg.connect(variables["DATABASE_URL"])
    yield Shell(variables, connection)
    await connection.close()


async def test_failed_mails_are_listed_for_operators(shell: Shell) -> None:
    assert await shell.listed() == []
    first, second = await shell.fail_mail(), await shell.fail_mail()
    assert [mail["id"] for mail in await shell.listed()] == [int(first), int(second)]
    assert (await shell.listed())[0] == {
        "id": int(first),
        "contract_id": GRACE_CONTRACT,
        "kind": "termination_accepted",
        "recipient": "hanako@example.jp",
        "dated_at": "2026-04-01T12:00:00+09:00",
        "attempts": 7,
        "failure": "PermanentFailure",
    }
    status, output, errors = await shell.type("mails", "list", "--limit", "1")
    assert status == 0
    assert output.splitlines()[1].split()[:2] == [first, GRACE_CONTRACT]
    assert errors == "contract-server: only the first 1 are shown; see --limit\n"


async def test_a_dismissed_mail_no_longer_breaks_a_promise(shell: Shell) -> None:
    mail = await shell.fail_mail()
    assert await shell.broken() == ["mails_failed"]
    assert await shell.type("mails", "dismiss", mail) == (0, "The mail was dismissed.\n", "")
    assert await shell.listed() == []
    assert await shell.broken() == []
    assert (await shell.type("sweep"))[0] == 0
    assert shell.delivered() == 0


async def test_a_retried_mail_is_sent_at_the_next_sweep(shell: Shell) -> None:
    mail = await shell.fail_mail()
    assert await shell.type("mails", "retry", mail) == (0, "The next sweep sends it.\n", "")
    assert (await shell.type("sweep"))[0] == 0
    assert shell.delivered() == 1
    assert await shell.listed() == []
    assert await shell.broken() == []


@pytest.mark.parametrize("word", ["retry", "dismiss"])
async def test_only_failed_mails_can_be_retried_or_dismissed(shell: Shell, word: str) -> None:
    mail = await shell.fail_mail()
    assert (await shell.type("mails", "dismiss", mail))[0] == 0
    for number in (mail, "999999999"):
        status, output, errors = await shell.type("mails", word, number)
        assert (status, output) == (1, "")
        assert errors.startswith(NOT_FAILED)


async def test_a_reminder_that_is_no_longer_useful_is_not_retried(shell: Shell) -> None:
    mail = await shell.fail_mail(await shell.connection.fetchval("SELECT now() - interval '1 day'"))
    status, _, errors = await shell.type("mails", "retry", mail)
    assert status == 1
    assert errors.startswith(NOT_FAILED)
    assert [row["id"] for row in await shell.listed()] == [int(mail)]
