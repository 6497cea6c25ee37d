"""Mutation testing of contract_rules: change the code in every way that mutmut knows; do the tests notice?

`make mutate-rules` runs it in a copy under `.local`. A run that was stopped goes on where it stopped: a mutant is tried
again only after its module has changed, or a test where none has noticed it. Exit status 1 where fewer
than 99 % of the changes are noticed, or where one that is not noticed is missing in `survivors.md`, which says of each
why it changes nothing that a caller could see: such a mutant is equivalent, and counted apart.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.rules.mutation.forks import SURVIVED

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PACKAGE = ROOT / "packages" / "rules"
COPY = ROOT / ".local" / "mutation"
MUTANTS = COPY / "mutants"
OUTCOMES = COPY / "outcomes.tsv"
MUTMUT = Path(sys.executable).with_name("mutmut")
ENOUGH = 0.99
SECONDS = 3
"""How long tests are asked about a mutant, of the processor's time."""
SECONDS_OF_A_SECOND_TRY = 60
FIRST = "contract_rules.completeness.x_complete__mutmut_1"

SETTINGS = """\
[mutmut]
source_paths=src/
pytest_add_cli_args_test_selection=tests/rules
track_dependencies=false
also_copy=
    tests
    packages
    pytest.ini
"""

# Left out are tests that start processes, that ask a hundred thousand times what others ask once, that take longer than
# a mutant is given, and those of the functions that mutmut adds, but for the examples in the docstrings of
# `__mutmut_orig`, which ask for the mutant.
PYTEST = """\
[pytest]
pythonpath = .
addopts =
    --import-mode=importlib
    --hypothesis-profile=mutation
    -p no:cacheprovider
    -k "not __mutmut_ or (__mutmut_orig and docstrings)"
    --ignore=tests/rules/test_wheel.py
    --ignore=tests/rules/test_new_actions.py
    --ignore=tests/rules/twin
    --ignore=tests/rules/test_a_century_of_days.py
    --deselect=tests/rules/test_docs.py::test_every_public_function_has_an_example
    --deselect=tests/rules/test_order.py::test_the_dates_for_all_decide_like_four_hundred_years
    --deselect=tests/rules/test_order.py::test_no_policy_takes_more_comparisons_than_a_second_has_room_for
"""


def main() -> int:
    """Try the mutants that were not tried yet, and judge the outcome of all."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lanes", type=int, default=2, help="how many mutants are tried at the same time")
    lanes = options.parse_args().lanes
    prepare()
    names = all_mutants()
    try_mutants(names, lanes, SECONDS)
    if missed := unexplained(survivors(names)):  # on a busy machine, time may have run out before the test's turn
        try_mutants(missed, lanes, SECONDS_OF_A_SECOND_TRY, "--again")
    return judge(names)


def try_mutants(names: Iterable[str], lanes: int, seconds: float, *options: str) -> None:
    """Try mutants, each for as long; the outcomes are added to the file."""
    command = [sys.executable, "-m", "tests.rules.mutation.forks", str(OUTCOMES), str(lanes), str(seconds), *options]
    environment = os.environ | {"PYTHONPATH": str(MUTANTS / "src")}
    subprocess.run(command, cwd=MUTANTS, env=environment, input="\n".join(names), text=True, check=True)  # noqa: S603


def prepare() -> None:
    """Let mutmut make all mutants, and find out which tests call which function, by trying one.

    What it found out before goes: mutmut passes the names of new tests to pytest, which cannot read all of them.
    """
    (MUTANTS / "mutmut-stats.json").unlink(missing_ok=True)
    for folder in (COPY / "src", COPY / "packages", COPY / "tests", MUTANTS / "packages", MUTANTS / "tests"):
        shutil.rmtree(folder, ignore_errors=True)
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE / "src", COPY / "src", ignore=without_caches)
    shutil.copytree(PACKAGE, COPY / "packages" / "rules", ignore=without_caches)
    shutil.copytree(ROOT / "tests" / "rules", COPY / "tests" / "rules", ignore=without_caches)
    (COPY / "setup.cfg").write_text(SETTINGS, encoding="utf-8")
    (COPY / "pytest.ini").write_text(PYTEST, encoding="utf-8")
    progress = None if sys.stdout.isatty() else subprocess.DEVNULL  # it draws over one line again and again
    subprocess.run([MUTMUT, "run", FIRST], cwd=COPY, check=True, stdout=progress)  # noqa: S603  # the tool itself


def judge(names: list[str]) -> int:
    """Say how many were noticed, and name the survivors that nothing explains."""
    survived = survivors(names)
    missed = unexplained(survived)
    for name, line in missed.items():
        print(f"not explained in survivors.md: {name}\n    {line}")
    untested = len(names) - len(outcomes().keys() & {*names})
    if untested:
        print(f"{untested} mutants are not tested yet: run make mutate-rules again, which goes on where it stopped")
    killed, equivalent = len(names) - untested - len(survived), len(survived) - len(missed)
    print(
        f"{len(names)} mutants: {killed} killed, {equivalent} equivalent, {len(missed)} survived, "
        f"{untested} untested: {killed / len(names):.1%} of all, {killed / (len(names) - equivalent):.1%} without the "
        "equivalent ones"
    )
    return int(killed / (len(names) - equivalent) < ENOUGH or bool(missed) or bool(untested))


def outcomes() -> dict[str, str]:
    """The test that noticed each mutant which was tried; the last outcome of a mutant counts."""
    lines = OUTCOMES.read_text(encoding="utf-8").splitlines()
    return {mutant: test for mutant, test, _ in (line.split("\t") for line in lines)}


def survivors(names: Iterable[str]) -> dict[str, str]:
    """The mutants that no test noticed, with the line that each changes."""
    noticed = outcomes()
    return {name: changed_line(name) for name in names if noticed.get(name) == SURVIVED}


def unexplained(survived: Mapping[str, str]) -> dict[str, str]:
    """Those whose line `survivors.md` does not list."""
    explained = explained_lines()
    return {name: line for name, line in survived.items() if line not in explained}


def explained_lines() -> set[str]:
    """The changed lines that `survivors.md` lists."""
    page = (HERE / "survivors.md").read_text(encoding="utf-8")
    return {line.strip() for line in page.splitlines() if line.startswith("    ")}


def mutmut(*arguments: str) -> str:
    """What mutmut prints."""
    return subprocess.run(  # noqa: S603  # the tool itself
        [MUTMUT, *arguments], cwd=COPY, check=True, capture_output=True, text=True
    ).stdout


def all_mutants() -> list[str]:
    """Their names."""
    return [line.strip().partition(": ")[0] for line in mutmut("results", "--all", "true").splitlines()]


def changed_line(mutant: str) -> str:
    """The line as the mutant has it, or the one that it lacks."""
    changes = [line for line in mutmut("show", mutant).splitlines() if not line.startswith(("+++", "---"))]
    lines = {sign: next((line[1:].strip() for line in changes if line.startswith(sign)), "") for sign in "+-"}
    return lines["+"] or f"without: {lines['-']}"


if __name__ == "__main__":
    sys.exit(main())
