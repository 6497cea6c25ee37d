"""Every text, number, day, span and path that a command takes may be too long or too large: none makes it crash."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import typer.main
from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run
from tests.operations.cli.test_terms_are_kept import ON_A_DATABASE_IN_USE

from contract_server.cli.command_line import command_line
from contract_server.settings import Settings

STAY = {"serve", "worker"}
TRIED = {name: words for name, words in ON_A_DATABASE_IN_USE.items() if name not in STAY} | {
    "mails retry": ("--all",),
    "migrate": (),
    "export-schema": (),
}
EXTREMES: dict[type, tuple[str, ...]] = {
    str: ("x" * 3_000,),
    Path: ("x" * 3_000,),
    int: (str(2**63), str(2**63 - 1), str(-(2**63))),
    datetime: ("0001-01-01", "9999-12-31"),
    timedelta: ("999999999d", "9999999d", "0s"),
}


def attempts(command: str, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The command with valid arguments, but for one that is extreme."""
    place = 0
    for parameter in _parameters(command):
        for extreme in EXTREMES.get(_kind(parameter), ()):
            if parameter.param_type_name == "argument":
                yield (*words[:place], extreme, *words[place + 1 :])
            else:
                yield (*words, parameter.opts[0], extreme)
        place += parameter.param_type_name == "argument"


def _parameters(command: str) -> list[Any]:
    name, *inner = command.split()
    found = typer.main.get_command(command_line(name)).commands[name]  # type: ignore[attr-defined]  # it is a group
    parameters: list[Any] = (found.commands[inner[0]] if inner else found).params
    return parameters


def _kind(parameter: Any) -> type:  # noqa: ANN401 - of Typer, which exports no type of it
    if parameter.metavar == "SPAN":
        return timedelta
    annotation = parameter.type_descriptor.annotation
    kind: type = annotation.__args__[0] if hasattr(annotation, "__args__") else annotation
    return kind


@pytest.mark.parametrize("command", TRIED)
async def test_an_extreme_value_makes_no_command_crash(seeded: Settings, tmp_path: Path, command: str) -> None:
    (tmp_path / "contracts.jsonl").touch()
    words = tuple(str(tmp_path / word) if word.endswith(".jsonl") else word for word in TRIED[command])
    for arguments in attempts(command, words):
        ended = await run(variables_of(seeded), *command.split(), *arguments, given="a new password\n")
        shown = (*(argument[:40] for argument in arguments), ended.errors[-2_000:])
        assert ended.status in {0, 1, 2}, shown
        assert "crashed" not in ended.errors, shown


def test_every_kind_of_value_is_tried() -> None:
    kinds = {_kind(parameter) for command in TRIED for parameter in _parameters(command)}
    assert {kind for kind in kinds - EXTREMES.keys() if not issubclass(kind, Enum)} == {bool, UUID}
