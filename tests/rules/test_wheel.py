"""The package installs alone: its wheel, an environment with nothing else in it, and what the README says of it."""

import doctest
import re
import subprocess
import sys
import venv
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from tests.node import node

from contract_rules.conformance import shipped_cases

PACKAGE = Path(__file__).parents[2] / "packages" / "rules"

QUESTION = """
import sys
from datetime import datetime
from contract_rules import Action, Actor, Language, decide, explain_refusal, new_contract, shipped_policies

policies = shipped_policies()
now = datetime.fromisoformat("2024-03-01T09:30+09:00")
facts = decide(policies.in_force_at(now), new_contract(), Action.TERMINATE, Actor.CONTRACTOR, now).facts
over = datetime.fromisoformat("2024-03-16T00:00+09:00")
refused = decide(policies.in_force_at(over), facts, Action.RESUME, Actor.CONTRACTOR, over)
print(refused.reason, refused.deadline.last_day)
print(sorted(name for name in sys.modules if "contract_" in name and not name.startswith("contract_rules")))
"""


README = (PACKAGE / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
"""Language and text of each block of code."""
PROGRAMS = [
    (language, text, shown)
    for (language, text), (follows, shown) in pairwise(BLOCKS)
    if language in {"python", "js"} and follows == "text"
]


def run(*command: object, folder: Path = PACKAGE) -> str:
    """What the command prints, which must succeed."""
    finished = subprocess.run(  # noqa: S603  # commands of this file's own
        [str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    (built,) = folder.glob("contract_rules-*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel alone."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    offline = ("--no-index", "--no-deps", "--disable-pip-version-check", "--quiet")
    run(sys.executable, "-m", "pip", "--python", programs / "python", "install", *offline, wheel)
    return programs


def test_the_wheel_alone_answers_a_question(environment: Path) -> None:
    assert run(environment / "python", "-I", "-c", QUESTION) == "RESUME_WINDOW_CLOSED 2024-03-15\n[]\n"


def test_the_wheel_brings_its_command_and_its_vectors(environment: Path) -> None:
    assert run(environment / "contract-rules", "check-vectors") == f"{len(shipped_cases())} passed, 0 failed\n"


def test_the_wheel_is_typed(environment: Path) -> None:
    where = "from importlib import resources; print((resources.files('contract_rules') / 'py.typed').is_file())"
    assert run(environment / "python", "-I", "-c", where) == "True\n"


# ---------------------------------------------------------------- the README


def test_the_programs_of_the_readme_print_what_it_shows(wheel: Path, environment: Path, tmp_path: Path) -> None:
    """In their order, since one reads what another has written."""
    terms = next(text for language, text in BLOCKS if language == "toml")
    (tmp_path / "billing.toml").write_text(terms, encoding="utf-8")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    assert len(PROGRAMS) == sum(language in {"python", "js"} for language, _ in BLOCKS)
    for language, program, shown in PROGRAMS:
        file = tmp_path / f"program.{'py' if language == 'python' else 'mjs'}"
        file.write_text(program, encoding="utf-8")
        command = (environment / "python", "-I") if language == "python" else (node(),)
        assert run(*command, file, folder=tmp_path) == shown


def test_each_of_the_readmes_programs_takes_ten_lines_at_most() -> None:
    assert [program for _, program, _ in PROGRAMS if len(list(filter(None, program.splitlines()))) > 10] == []


def test_the_readmes_python_passes_the_strict_type_checker(environment: Path, tmp_path: Path) -> None:
    examples = "".join(example.source for example in doctest.DocTestParser().get_examples(README))
    for number, text in enumerate([examples, *(text for language, text in BLOCKS if language == "python")]):
        (tmp_path / f"readme_{number}.py").write_text(text, encoding="utf-8")
    checker = (sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", "--python-executable")
    assert run(*checker, environment / "python", tmp_path, folder=tmp_path).startswith("Success: no issues found in ")


def test_the_wheel_brings_every_file_that_its_documentation_names(wheel: Path) -> None:
    page = (PACKAGE / "src" / "contract_rules" / "vectors" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(contract_rules/[\w./-]+?)/?`", README + page))
    brought = {"/".join(file.split("/")[:depth]) for file in zipfile.ZipFile(wheel).namelist() for depth in (2, 3)}
    assert named
    assert named <= brought
