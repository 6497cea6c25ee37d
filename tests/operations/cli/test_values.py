"""An id or a span that is not understood: the error is what we wrote, and says what to do."""

from typing import Any

import pytest
from tests.command_parameters import parameters_of_commands
from typer.testing import CliRunner

from contract_server.cli.command_line import COMMANDS, command_line

EXPECTED = {
    "contract": "expected the id of a contract; `contract-server contracts find` finds it by what a caller says",
    "span": "expected a number with its unit, as in 30s, 15m, 2h or 7d",
}
TRIED = [
    (command, parameter, "span" if parameter.metavar == "SPAN" else parameter.name)
    for command, parameter in parameters_of_commands()
    if parameter.metavar == "SPAN" or parameter.name == "contract"
]


@pytest.mark.parametrize(("command", "parameter", "kind"), TRIED, ids=[f"{each[0]} {each[1].name}" for each in TRIED])
def test_the_error_says_what_is_expected(command: str, parameter: Any, kind: str) -> None:  # noqa: ANN401 - of typer
    option = [parameter.opts[0]] if parameter.param_type_name == "option" else []
    ended = CliRunner().invoke(command_line(*COMMANDS), [*command.split(), *option, "K7M2-9QX4-TN3W"])
    assert ended.exit_code == 2
    assert ended.output.splitlines()[-1].partition(": ")[2].partition(": ")[2] == EXPECTED[kind]
