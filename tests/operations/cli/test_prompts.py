"""Changes are confirmed, and passwords are read without being shown."""

import io
import sys

import pytest

from contract_server.cli import prompts
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.prompts import ask_password, confirm


class Input(io.TextIOWrapper):
    """Standard input with these bytes, at a terminal or not."""

    def __init__(self, content: bytes, *, terminal: bool) -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_yes_on_the_command_line_reads_no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    confirm("Erase?", yes=True)


@pytest.mark.parametrize("line", [b"y\n", b" YES \n"])
def test_an_operator_at_a_terminal_agrees(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: bytes
) -> None:
    monkeypatch.setattr(sys, "stdin", Input(line, terminal=True))
    confirm("Erase?", yes=False)
    assert capsys.readouterr() == ("", "Erase? [y/N] ")


@pytest.mark.parametrize("line", [b"", b"\n", b"n\n", b"ye\n"])
def test_every_other_reply_changes_nothing(monkeypatch: pytest.MonkeyPatch, line: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", Input(line, terminal=True))
    with pytest.raises(Refusal, match=r"^nothing was changed$") as refusal:
        confirm("Erase?", yes=False)
    assert refusal.value.status == Status.NO


def test_without_a_terminal_a_yes_in_the_input_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Input(b"y\n", terminal=False))
    with pytest.raises(Refusal, match="--yes") as refusal:
        confirm("Erase?", yes=False)
    assert refusal.value.status == Status.MISUNDERSTOOD


def test_without_a_terminal_the_password_is_the_first_line_with_its_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Input(" とても 長い \r\nsecond line\n".encode(), terminal=False))
    assert ask_password() == " とても 長い "


def test_a_password_in_another_encoding_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Input("とても長い\n".encode("cp932"), terminal=False))
    with pytest.raises(Refusal, match="UTF-8"):
        ask_password()


@pytest.mark.parametrize(("second", "is_accepted"), [("secret", True), ("Secret", False)])
def test_at_a_terminal_both_entries_must_agree(
    monkeypatch: pytest.MonkeyPatch, second: str, *, is_accepted: bool
) -> None:
    entries = iter(["secret", second])
    monkeypatch.setattr(sys, "stdin", Input(b"", terminal=True))
    monkeypatch.setattr(prompts, "getpass", lambda _: next(entries))
    if is_accepted:
        assert ask_password() == "secret"
    else:
        with pytest.raises(Refusal, match="passwords differ"):
            ask_password()
