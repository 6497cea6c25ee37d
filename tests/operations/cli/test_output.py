"""Tables for people lose nothing in a pipe, and JSON for scripts is complete."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run
from tests.server.running import ACTIVE_CONTRACT

from contract_rules import Action
from contract_server import cli
from contract_server.cli.exit_status import Refusal
from contract_server.cli.output import echo, format_cell, show_first, show_json, show_table
from contract_server.contracts.models import Company
from contract_server.db.connection import database
from contract_server.settings import Settings

ROWS: list[dict[str, Any]] = [{"name": "青木 春子", "day": date(2024, 4, 1)}, {"name": "佐藤 蓮", "day": None}]


def test_json_holds_dates_and_identifiers_as_text_and_japanese_unescaped(capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime(2024, 4, 1, 9, 30, 15, 999, tzinfo=UTC)
    show_json({"name": "青木", "day": at.date(), "at": at, "id": UUID(int=1), "action": Action.TERMINATE, "ok": True})
    output = capsys.readouterr().out
    assert "青木" in output
    assert json.loads(output) == {
        "name": "青木",
        "day": "2024-04-01",
        "at": "2024-04-01T09:30:15+00:00",
        "id": str(UUID(int=1)),
        "action": Action.TERMINATE.value,
        "ok": True,
    }


def test_a_wide_row_is_one_line_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("first", "second"), [("x" * 500, "y" * 500)])
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["first", "second"]
    assert row.split() == ["x" * 500, "y" * 500]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        ("[red]x[/red]", "[red]x[/red]"),
        (ROWS[0]["day"], "2024-04-01"),
    ],
)
def test_a_cell_shows_the_value_and_never_markup(value: object, text: str) -> None:
    assert format_cell(value).plain == text


def test_rows_beyond_the_limit_are_mentioned_on_standard_error_alone(capsys: pytest.CaptureFixture[str]) -> None:
    show_first(("name", "day"), ROWS, 1, json=True)
    output, errors = capsys.readouterr()
    assert json.loads(output) == [{"name": "青木 春子", "day": "2024-04-01"}]
    assert errors == "contract-server: only the first 1 are shown; see --limit\n"


def test_a_complete_list_has_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    show_first(("name", "day"), ROWS, 2, json=False)
    output, errors = capsys.readouterr()
    assert [line.split()[-1] for line in output.splitlines()] == ["day", "2024-04-01", "-"]
    assert errors == ""


# what a terminal obeys: cursor, colours, title; C1 controls; a line that overwrites; direction marks; a forged line
COMMANDS = "青木\x1b[2J\x1b[1A\x9b31m\x1b]0;title\x07\r\u202eoperator\u2066\b\x7f\nREADY"


def written(capsys: pytest.CaptureFixture[str]) -> str:
    return "".join(capsys.readouterr())


def test_stored_text_can_neither_move_the_cursor_nor_hide_text_nor_begin_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_table(("name",), [(COMMANDS,)])
    table = written(capsys)
    echo(f"not erased: {COMMANDS}", err=True)
    line = written(capsys)
    for output, lines in ((table, 2), (line, 1)):
        assert output.count("\n") == lines
        assert output.replace("\n", "").isprintable()
        assert r"青木\u001b[2J\u001b[1A\u009b31m" in output
        assert r"\u202eoperator\u2066\b\u007f\nREADY" in output


def test_json_holds_what_a_terminal_obeys_as_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"name": COMMANDS, COMMANDS: "\U000e0041"})
    output = written(capsys)
    assert output.replace("\n", "").isprintable()
    assert json.loads(output) == {"name": COMMANDS, COMMANDS: "\U000e0041"}


def test_the_error_line_of_a_command_escapes_what_it_quotes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise Refusal(f"no such thing: {COMMANDS}")

    monkeypatch.setattr(cli, "command_line", lambda *_: refuse)
    with pytest.raises(SystemExit):
        cli.main()
    error = written(capsys)
    assert error.count("\n") == 1
    assert error[:-1].isprintable()


NAME = "青木 髙島屋 𠮷野 한 ①"
"""Characters that euc_jp and cp932 both have, that only one of them has, and that none has."""


@pytest.mark.parametrize("encoding", ["euc_jp", "cp932"])
async def test_what_the_encoding_of_a_terminal_lacks_is_escaped(seeded: Settings, encoding: str) -> None:
    async with database(seeded):
        await Company.filter(contract_id=ACTIVE_CONTRACT).update(name=NAME)
    variables = variables_of(seeded) | {"PYTHONIOENCODING": encoding}
    shown = await run(variables, "contracts", "show", ACTIVE_CONTRACT)
    escaped = "".join(letter if has(encoding, letter) else json.dumps(letter)[1:-1] for letter in NAME)
    assert (shown.status, shown.errors) == (0, "")
    assert escaped in shown.output
    as_json = await run(variables, "contracts", "show", ACTIVE_CONTRACT, "--json")
    assert json.loads(as_json.output)["company"]["name"] == NAME
    assert (as_json.status, as_json.errors) == (0, "")
    refused = await run(variables, "erasures", "evidence", "--from", f"/{NAME}")
    assert refused.refusal == (2, f"--from: /{escaped} cannot be read (No such file or directory)")
    assert (await run(variables, "import", "--help")).status == 0


def has(encoding: str, letter: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
