"""Every page of the repository names what exists: links, queries, commands, make targets, settings, files, figures."""

import json
import re
import shlex
import ssl
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from urllib.parse import unquote

import pytest
from graphql import build_schema, parse, validate
from opentelemetry.sdk import environment_variables as opentelemetry_variables
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from contract_notify.cli import main as contract_notify
from contract_rules.cli import main as contract_rules
from contract_server.cli.command_line import COMMANDS, command_line
from contract_server.settings import Settings

ROOT = Path(__file__).parents[1]
SERVER = ROOT / "packages" / "server"
PAGES = [
    ROOT / path
    for path in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],  # noqa: S607 - the machine's git
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
]
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
FOREIGN_WORDS = ("nobody", "somebody", "whoever", "everybody", "anybody", "whatever", "wherever")

contract_server = command_line(*COMMANDS)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def fenced(page: Path, language: str) -> list[str]:
    """The page's blocks in that language."""
    return [dedent(block) for found, block in FENCE.findall(text_of(page)) if found == language]


def prose_of(page: Path) -> str:
    """The page without its blocks."""
    return FENCE.sub("", text_of(page))


def spans(page: Path) -> list[str]:
    """What stands between backticks in the page's sentences and tables."""
    return re.findall(r"`([^`\n]+)`", prose_of(page))


def code(page: Path) -> Iterator[str]:
    """Everything on the page that can be typed into a shell, line by line."""
    yield from spans(page)
    for language in ("sh", "console"):
        for block in fenced(page, language):
            yield from (line.removeprefix("$ ") for line in block.splitlines())


def test_the_pages_are_found() -> None:
    assert len(PAGES) > 10
    assert ROOT / "README.md" in PAGES


@each_page
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", prose_of(page)) + re.findall(r'src="([^"]+)"', prose_of(page))
    assert [link for link in targets if not link.startswith(("http:", "https:")) and not resolves(page, link)] == []


def resolves(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives the headings."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_link_without_a_target_is_noticed() -> None:
    page = ROOT / "README.md"
    assert resolves(page, "#two-commands")
    assert not resolves(page, "#three-commands")
    assert not resolves(page, "packages/server/docs/no-such-page.md")


@each_page
def test_every_query_fits_the_schema(page: Path) -> None:
    schema = build_schema((SERVER / "schema.graphql").read_text(encoding="utf-8"))
    shown = fenced(page, "graphql") + [span for span in spans(page) if re.match(r"(query|mutation) [{(]", span)]
    assert [error.message for query in shown for error in validate(schema, parse(query))] == []


@each_page
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {target for line in code(page) for target in re.findall(r"\bmake ([a-z-]+)", line)} <= targets


@each_page
def test_every_command_of_the_server_exists_with_its_options(page: Path) -> None:
    assert [line for line in commands(page) if not understood(line)] == []


def commands(page: Path) -> Iterator[str]:
    """The lines that begin with `contract-server`, and those of the table of commands, which leave that out."""
    for line in code(page):
        yield from re.findall(r"(?:^|/bin/)contract-server ([^`\n]+)", line)
    for table in text_of(page).split("| command | does |")[1:]:
        rows = table.partition("\n\n")[0].splitlines()[2:]
        yield from (span for row in rows for span in re.findall(r"`([^`]+)`", row.split("|")[1]))


def understood(line: str) -> bool:
    command: object = get_command(contract_server)
    words = shlex.split(line, comments=True)
    while words and isinstance(command, TyperGroup) and re.fullmatch(r"[a-z][a-z-]*", words[0]):
        command = command.commands.get(words.pop(0))
        if command is None:
            return False
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    if isinstance(command, TyperCommand):
        return options <= {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return options <= {"--help"}


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert understood("erasures plan --json")
    assert not understood("erasures undo")
    assert not understood("sweep --twice")


@each_page
@pytest.mark.parametrize(
    ("name", "main"),
    [("contract-rules", contract_rules), ("contract-notify", contract_notify)],
    ids=["rules", "notify"],
)
def test_every_command_of_the_other_packages_exists(page: Path, name: str, main: Callable[[list[str]], int]) -> None:
    for command in {word for line in code(page) for word in re.findall(rf"^{name} ([a-z-]+)", line)}:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0, command


@each_page
def test_every_module_that_is_run_exists(page: Path) -> None:
    modules = {name for line in code(page) for name in re.findall(r"python -m ([\w.]+)", line)}
    assert [name for name in modules if find_spec(name) is None] == []


@each_page
def test_every_file_that_is_named_exists(page: Path) -> None:
    roots = (ROOT, *(ROOT / "packages" / name / "src" for name in ("rules", "notify", "server")))
    named = [
        span
        for span in spans(page)
        if re.fullmatch(r"(packages|tests|contract_(rules|notify|server))/[\w./-]+\.\w+", span)
        and "/survey_requested/" not in span  # what a recipe makes
    ]
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


def test_every_supported_environment_has_a_test() -> None:
    section = text_of(SERVER / "docs" / "operations.md").partition("| environment | supported | test |")[2]
    rows = [row.split("|")[3] for row in section.partition("\n\n")[0].splitlines()[2:]]
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert rows
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named or row.strip() == "every test"
        assert [name for name in named if f"def {name}(" not in tests] == []


@each_page
def test_every_variable_is_a_setting(page: Path) -> None:
    settings = {name.upper() for name in Settings.model_fields}
    exported = {name for block in fenced(page, "sh") for name in re.findall(r"\b([A-Z]+_[A-Z_]+)=", block)}
    spelled = {name for span in spans(page) for name in re.findall(r"^([A-Z]+_[A-Z_]+)(?:=\S*)?$", span)}
    unknown = {name for name in exported | spelled if name.removesuffix("_FILE") not in settings}
    named_in_code = {name for name in unknown if re.search(rf'"{name}"|^{name}\b', sources(), re.MULTILINE)}
    of_libraries = {ssl.get_default_verify_paths().openssl_cafile_env, *vars(opentelemetry_variables)}
    assert unknown - named_in_code - of_libraries - {"NAME_FILE"} == set()


@cache
def sources() -> str:
    """The packages' Python, which defines the other names: statuses, reasons, error codes, tables of the rules."""
    return "".join(text_of(path) for path in (ROOT / "packages").glob("*/src/**/*.py")) + '"RATE_LIMITED"'


@each_page
def test_the_prose_is_plain(page: Path) -> None:
    words = re.findall(r"[a-z]+", prose_of(page).lower())
    assert sorted(set(words) & set(FOREIGN_WORDS)) == []


def test_every_command_has_an_example_in_its_help() -> None:
    found = dict(helps(get_command(contract_server)))
    assert found
    assert [path for path, text in found.items() if path not in text] == []


def helps(command: object, path: str = "contract-server") -> Iterator[tuple[str, str]]:
    """Every command, and its help."""
    if isinstance(command, TyperGroup):
        for name, subcommand in command.commands.items():
            yield from helps(subcommand, f"{path} {name}")
    else:
        assert isinstance(command, TyperCommand)
        yield path, command.help or ""


def test_the_ratios_of_the_performance_page_are_those_that_were_measured() -> None:
    table = text_of(SERVER / "docs" / "performance.md").partition("| of the limit,")[2].partition("\n\n")[0]
    shown = re.findall(r"^\| (.+?) \| ([\d.]+, [\d.]+) \| ([\d.]+, [\d.]+) \|", table, re.MULTILINE)
    results = json.loads((ROOT / "tests" / "bench" / "results" / "results.json").read_text(encoding="utf-8"))
    ratios = {
        (found["target"], found["work"], found["connections"]): found["of_the_limit"]
        for found in results["side by side"]
    }
    names = ("limit", "product", "mercurius", "yoga", "ariadne", "tutorial")
    works = ("home", "pair")
    assert [row[1:] for row in shown] == [
        tuple(", ".join(f"{ratios[name, work, connections]:.2f}" for connections in (16, 64)) for work in works)
        for name in names
    ]
