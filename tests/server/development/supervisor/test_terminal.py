"""Output in the terminal, also when the terminal is gone."""

import sys

import pytest

from contract_server.development.supervisor.terminal import show, show_error, show_output


def test_lines_of_a_process_are_marked_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    show("Ready")
    show_output("worker", "sweep done")
    show_error("broken")
    assert capsys.readouterr() == ("Ready\nworker     | sweep done\n", "broken\n")


def test_a_terminal_that_is_gone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class ClosedTerminal:
        def write(self, _: str) -> None:
            raise OSError

    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, ClosedTerminal())
    show("Ready")
    show_error("broken")
