"""The recipes of `changing.md` that need no person are carried out as they are written."""

import os
import re
import shutil
import subprocess
import sys
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest

import contract_rules
from contract_server.policies.policies import served_policies

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "packages" / "server" / "docs" / "changing.md").read_text(encoding="utf-8")
STEP = re.compile(r"^\d+\. (.*?)(?=^\d+\. |^\S|\Z)", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^ *```\w+\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)

SEE = """
from datetime import datetime
from contract_notify import render, rebuild
from contract_rules import Application, shipped_policies
from contract_server.contracts.reminder_windows import windows_of

at = datetime.fromisoformat("2024-03-01T09:30+09:00")
application = Application(1, at, shipped_policies().in_force_at(at).timeline(at))
for window in windows_of(application):
    message = window.reminder.words(application.timeline)
    print(message.kind, window.opens_at.isoformat(), window.closes_at.isoformat(), render(message).body.splitlines()[0])
"""


def steps(heading: str) -> list[tuple[str, str]]:
    """The steps of a recipe: the first file that each names, and its block."""
    section = re.split(rf"^#+ {heading}$", PAGE, flags=re.MULTILINE)[1].split("\n#")[0]
    found = STEP.findall(section)
    assert found
    return [
        (re.search(r"`([^`]*)`|$", step)[1] or "", "".join(map(dedent, FENCE.findall(step))))  # type: ignore[index] # `$` matches
        for step in found
    ]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the packages' sources."""
    for package in ("rules", "notify", "server"):
        source = Path("packages", package, "src")
        shutil.copytree(ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__", "static"))
    return tmp_path


def run(sources: Path, *arguments: str) -> str:
    """What Python prints of the copy, and of nothing else."""
    path = os.pathsep.join(str(folder) for folder in sorted(sources.glob("packages/*/src")))
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, *arguments],
        cwd=sources,
        env={**os.environ, "PYTHONPATH": path},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def insert(file: Path, before: str, text: str) -> None:
    """Write the text into the file, before the first line that begins so."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if line.startswith(before))
    file.write_text("".join([*lines[:place], text, *lines[place:]]), encoding="utf-8")


def test_a_reminder_is_added_as_the_page_says(sources: Path) -> None:
    recipe = steps("Add a reminder")
    (messages, message), (exports, _), subject, body, (windows, entry), _ = recipe
    before = run(sources, "-c", SEE).splitlines()

    insert(sources / messages, "def data_of", f"{message}\n\n")
    insert(sources / exports, "__all__", "from contract_notify.messages import SurveyRequested\n")
    for template, text in (subject, body):
        (sources / template).parent.mkdir(exist_ok=True)
        (sources / template).write_text(text, encoding="utf-8")
    insert(sources / windows, "from contract_notify", "from contract_notify import SurveyRequested\n")
    reminders = (sources / windows).read_text(encoding="utf-8")
    (sources / windows).write_text(
        reminders.replace("REMINDERS = (", f"REMINDERS = (\n{entry.rstrip()},\n"), encoding="utf-8"
    )

    (added,) = set(run(sources, "-c", SEE).splitlines()) - set(before)
    assert added == (
        "survey_requested 2024-03-17T00:00:00+09:00 2024-03-19T00:00:00+09:00"
        " 2024年3月15日（金）をもってサービスのご利用を終了されました。"
    )
    written = run(sources, "-c", "from contract_notify.cli import main; main(['preview', '--to', 'mails'])")
    assert "mails/survey_requested.txt" in written.split()


def test_a_day_count_is_changed_as_the_page_says(tmp_path: Path) -> None:
    (shipped,) = (Path(contract_rules.__file__).parent / "policies").glob("*.toml")
    (_, ending), (new_file, terms), _ = steps("A day count")
    (tmp_path / shipped.name).write_text(f"{ending}{shipped.read_text(encoding='utf-8')}", encoding="utf-8")
    (tmp_path / new_file).write_text(terms, encoding="utf-8")

    policies = served_policies(tmp_path)
    last_moment, midnight = (
        datetime.fromisoformat(f"{at}+09:00") for at in ("2027-03-31T23:59:59", "2027-04-01T00:00")
    )
    kept_until = [policies.in_force_at(at).timeline(at).erasure.last_day for at in (last_moment, midnight)]
    assert kept_until == [date(2027, 5, 15), date(2027, 5, 31)]
    assert [policies.in_force_at(at).version for at in (last_moment, midnight)] == ["1.0", "2.0"]


def test_the_steps_of_every_recipe_are_numbered_in_order() -> None:
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", PAGE, re.MULTILINE)]
    assert all(number in (1, before + 1) for before, number in pairwise(numbers))
