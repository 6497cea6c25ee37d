"""`main` ends with a status for every kind of error, and writes one line."""

import errno

import asyncpg
import pytest

import contract_server.cli
from contract_server.cli.exit_status import Refusal, Status
from contract_server.settings import SettingsError


def end_of(error: Exception, monkeypatch: pytest.MonkeyPatch) -> object:
    """The exit status of a command that raises the error."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(contract_server.cli, "command_line", lambda *_: fail)
    with pytest.raises(SystemExit) as end:
        contract_server.cli.main()
    return end.value.code


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (Refusal("not found"), Status.NO, "not found"),
        (Refusal("no such file", Status.MISUNDERSTOOD), Status.MISUNDERSTOOD, "no such file"),
        (SettingsError("DATABASE_URL: not set"), Status.MISCONFIGURED, "DATABASE_URL: not set"),
        (OSError(errno.ENOSPC, "No space left on device"), Status.NO, "writing failed (No space left on device);"),
        (ConnectionRefusedError(), Status.OUT_OF_REACH, "the database cannot be reached; see DATABASE_URL"),
        (asyncpg.InvalidPasswordError(), Status.OUT_OF_REACH, "the database refuses the role or its password; see"),
        (asyncpg.UndefinedTableError(), Status.OUT_OF_REACH, "the database has another version's schema;"),
    ],
)
def test_an_error_that_can_be_corrected_is_one_line_with_its_status(
    error: Exception,
    status: Status,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert end_of(error, monkeypatch) == status
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith(f"contract-server: {line}")
    assert errors.count("\n") == 1


def test_a_bug_is_not_disguised_as_a_status(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        end_of(ZeroDivisionError(), monkeypatch)
