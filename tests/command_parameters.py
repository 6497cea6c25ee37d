"""The parameters of `contract-server`, for tests that try all of them."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from contract_server.cli.command_line import COMMANDS, command_line


def parameters_of_commands() -> Iterator[tuple[str, Any]]:
    """Each command in words, with each of its parameters."""
    return _parameters(get_command(command_line(*COMMANDS)), ())


def _parameters(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - of typer's own
    for name, below in getattr(command, "commands", {}).items():
        yield from _parameters(below, (*path, name))
    for parameter in command.params:
        yield " ".join(path), parameter
