"""The package installs alone: its wheel, an environment with nothing else in it, and a question."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

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


def run(*command: object) -> str:
    """What the command prints, which must succeed."""
    finished = subprocess.run(  # noqa: S603  # commands of this file's own
        [str(word) for word in command], cwd=PACKAGE, capture_output=True, text=True, check=False
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


def test_the_wheel_brings_its_command_and_its_published_dates(environment: Path) -> None:
    assert run(environment / "contract-rules", "check-vectors") == "58 passed, 0 failed\n"


def test_the_wheel_is_typed(environment: Path) -> None:
    where = "from importlib import resources; print((resources.files('contract_rules') / 'py.typed').is_file())"
    assert run(environment / "python", "-I", "-c", where) == "True\n"
