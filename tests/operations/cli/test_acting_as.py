"""A command that changes something names its operator: always in production, for the audit trail."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run
from tests.server.running import ACTIVE_CONTRACT
from typer.core import TyperGroup

from contract_server.accounts.models import Account
from contract_server.audit.log import LogFilter, find_entries
from contract_server.cli.command_line import COMMANDS as ALL_COMMANDS
from contract_server.cli.command_line import command_line
from contract_server.db.connection import database
from contract_server.settings import Settings

CONTRACTOR, OPERATOR = "active@example.jp", "operator@example.jp"
NEW_PASSWORD = "とても長いパスワード 2026"
MISSING = (2, "--as: expected the address of your operator account")
UNKNOWN = (2, "--as: no enabled operator has this address; check how it is written")

COMMANDS = {
    ("terminate", ACTIVE_CONTRACT, "--reason", "by telephone", "--yes"): "TERMINATION_REQUESTED",
    ("resume", ACTIVE_CONTRACT, "--reason", "by telephone", "--yes"): "RESUMED",
    ("user", "add", "second@example.jp", "--name", "二人目"): "ENROLMENT_LINK_MADE",
    ("user", "enrol", "second@example.jp"): "ENROLMENT_LINK_MADE",
    ("user", "disable", "second@example.jp"): "ACCOUNT_DISABLED",
    ("user", "enable", "second@example.jp"): "ACCOUNT_ENABLED",
    ("user", "rename", CONTRACTOR, "別名"): "ACCOUNT_RENAMED",
    ("user", "change-address", CONTRACTOR, "new@example.jp"): "ADDRESS_CHANGE_REQUESTED",
    ("user", "transfer", "grace@example.jp", "heir@example.jp", "--name", "後任"): "CONTRACT_TRANSFERRED",
    ("hold", ACTIVE_CONTRACT, "--reason", "court order", "--reference", "2024-017"): "ERASURE_HELD",
    ("release", ACTIVE_CONTRACT, "--reason", "settled"): "ERASURE_HOLD_RELEASED",
    ("user", "password", CONTRACTOR): "PASSWORD_REPLACED",
    ("user", "unlock", CONTRACTOR): "ACCOUNT_UNLOCKED",
    ("erasures", "approve", "--yes"): None,
    ("erasures", "retry", "--all"): None,
    ("erasures", "replay", "--yes"): None,
    ("mails", "retry", "--all"): None,
    ("mails", "dismiss", "1"): None,
    ("import", "{file}"): None,
    ("services", "add", "gateway", "--scope", "feed"): "SERVICE_ADDED",
    ("services", "rotate", "gateway"): "SERVICE_TOKEN_ROTATED",
    ("services", "revoke", "gateway", "--yes"): "SERVICE_REVOKED",
    ("webhooks", "add", "billing", "https://billing.example.jp/hook"): "WEBHOOK_ADDED",
    ("webhooks", "rotate", "billing"): "WEBHOOK_ROTATED",
    ("webhooks", "retry", "billing"): "WEBHOOKS_RETRIED",
    ("webhooks", "dismiss", "billing"): None,
    ("webhooks", "remove", "billing", "--yes"): "WEBHOOK_REMOVED",
}
"""The newest entry after each command; None if it finds nothing to do here."""


def changing_commands(group: TyperGroup, *path: str) -> Iterator[tuple[str, ...]]:
    """The commands that take `--as`."""
    for name, found in group.commands.items():
        if isinstance(found, TyperGroup):
            yield from changing_commands(found, *path, name)
        elif any("--as" in parameter.opts for parameter in found.params):
            yield (*path, name)


def test_every_command_with_an_operator_has_a_row() -> None:
    group = typer.main.get_command(command_line(*ALL_COMMANDS))
    assert isinstance(group, TyperGroup)
    groups = {name for name, found in group.commands.items() if isinstance(found, TyperGroup)}
    assert set(changing_commands(group)) == {line[: 2 if line[0] in groups else 1] for line in COMMANDS}


async def test_a_command_leaves_an_entry_with_its_operator(seeded: Settings, tmp_path: Path) -> None:
    (file := tmp_path / "contracts.jsonl").touch()
    for line, action in COMMANDS.items():
        words = [word.format(file=file) for word in line]
        ended = await run(variables_of(seeded), *words, "--as", OPERATOR.upper(), given=NEW_PASSWORD)
        assert "--as" not in ended.errors, line
        async with database(seeded):
            operator = await Account.get(email=OPERATOR)
            found = [
                (entry.event_type or entry.action) for entry in await find_entries(LogFilter(account_id=operator.id), 1)
            ]
        assert action in {None, *found}, line


@pytest.mark.parametrize("line", COMMANDS, ids=" ".join)
async def test_only_an_operator_can_be_named(seeded: Settings, tmp_path: Path, line: tuple[str, ...]) -> None:
    (file := tmp_path / "contracts.jsonl").touch()
    words = [word.format(file=file) for word in line]
    ended = await run(variables_of(seeded), *words, "--as", CONTRACTOR, given=NEW_PASSWORD)
    assert ended.refusal == UNKNOWN


async def test_production_asks_for_the_operator_once_there_is_one(migrated: Settings) -> None:
    variables = {
        "DATABASE_URL": migrated.database_url.get_secret_value(),
        "MAIL_SENDER": "no-reply@keiyaku.example.jp",
        "SMTP_URL": "smtp://127.0.0.1:1",
        "PUBLIC_URL": "https://keiyaku.example.jp",
        "SECRET_KEY": "k3y-of-these-tests-4nd-no-others",
        "LEDGER_DIR": str(migrated.mail_dir),
    }
    add = ("user", "add", "first@example.jp", "--name", "一人目")
    assert (await run(variables, *add, given=NEW_PASSWORD)).status == 0
    assert (await run(variables, "user", "unlock", "first@example.jp")).refusal == MISSING
    ended = await run(variables, "user", "unlock", "first@example.jp", "--as", "first@example.jp")
    assert ended.status == 0
