"""What the README shows is what the programs say."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from contract_rules.cli import main as contract_rules
from contract_server.cli import cli as contract_server

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str) -> list[str]:
    """The README's blocks in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_its_picture_is_the_diagram_of_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert contract_rules(["diagram"]) == 0
    assert fenced("mermaid") == [capsys.readouterr().out]


def test_its_five_lines_of_rules_print_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = fenced("python")
    exec(compile(program, "README.md", "exec"), {})  # noqa: S102 - our own README
    assert capsys.readouterr().out in fenced("text")


def test_every_query_it_shows_fits_the_schema() -> None:
    schema = build_schema((ROOT / "packages" / "server" / "schema.graphql").read_text(encoding="utf-8"))
    queries = fenced("graphql")
    assert queries
    for query in queries:
        assert validate(schema, parse(query)) == [], query


def test_every_make_target_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)", README)) <= targets


def test_every_file_it_links_to_exists() -> None:
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_command_has_an_example_in_its_help() -> None:
    found = dict(helps(get_command(contract_server)))
    assert found
    assert [path for path, told in found.items() if path not in told] == []


def helps(command: object, path: str = "contract-server") -> Iterator[tuple[str, str]]:
    """What can be typed, and what it tells of itself."""
    if isinstance(command, TyperGroup):
        for name, each in command.commands.items():
            yield from helps(each, f"{path} {name}")
    else:
        assert isinstance(command, TyperCommand)
        yield path, command.help or ""


def test_every_command_it_names_exists() -> None:
    program = get_command(contract_server)
    assert isinstance(program, TyperGroup)
    names = set(re.findall(r"contract-server ([a-z][a-z-]+)", README))
    table = README.split("| command | does |")[1].split("\n\n")[0]
    rows = [row.split("|")[1] for row in table.splitlines()[2:]]
    names |= {name for row in rows for name in re.findall(r"`([a-z]+)", row)}
    assert {"settings", "import", "user"} <= names <= program.commands.keys()
