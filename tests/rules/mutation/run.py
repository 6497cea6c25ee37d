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
    command = [sys.executable, "-m", "tests.rules.mutation.forks", str(OUTCOMES), str(lanes)]
    environment = os.environ | {"PYTHONPATH": str(MUTANTS / "src")}
    subprocess.run(command, cwd=MUTANTS, env=environment, input="\n".join(names), text=True, check=True)  # noqa: S603
    return judge(names)


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
    lines = OUTCOMES.read_text(encoding="utf-8").splitlines()
    noticed = {mutant: test for mutant, test, _ in (line.split("\t") for line in lines)}
    survivors = {name: changed_line(name) for name in names if noticed.get(name) == SURVIVED}
    explained = explained_lines()
    unexplained = {name: line for name, line in survivors.items() if line not in explained}
    for name, line in unexplained.items():
        print(f"not explained in survivors.md: {name}\n    {line}")
    untested = len([name for name in names if name not in noticed])
    if untested:
        print(f"{untested} mutants are not tested yet: run make mutate-rules again, which goes on where it stopped")
    killed, equivalent = len(names) - untested - len(survivors), len(survivors) - len(unexplained)
    print(
        f"{len(names)} mutants: {killed} killed, {equivalent} equivalent, {len(unexplained)} survived, "
        f"{untested} untested: {killed / len(names):.1%} of all, {killed / (len(names) - equivalent):.1%} without the "
        "equivalent ones"
    )
    return int(killed / (len(names) - equivalent) < ENOUGH or bool(unexplained) or bool(untested))


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
