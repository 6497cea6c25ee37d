"""Mutation testing of contract_rules: change the code in every way that mutmut knows; do the tests notice?

`make mutate-rules` runs it, for some minutes, in a copy under `.local`. Exit status 1 where fewer than
99 % of the changes are noticed, or where one that is not noticed is missing in `survivors.md`, which says of
each why it changes nothing that a caller could see.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
COPY = ROOT / ".local" / "mutation"
MUTMUT = Path(sys.executable).with_name("mutmut")
ENOUGH = 0.99

# Left out are tests that start processes, that look at every function (of which mutmut adds some), and that ask a
# hundred thousand times what others ask once.
SETTINGS = """\
[mutmut]
source_paths=src/
pytest_add_cli_args_test_selection=tests/rules
pytest_add_cli_args=
    -p
    no:cacheprovider
    --ignore=tests/rules/test_wheel.py
    --ignore=tests/rules/test_new_actions.py
    --ignore=tests/rules/twin
    --ignore=tests/rules/test_a_century_of_days.py
    --deselect=tests/rules/test_docs.py::test_every_public_function_has_an_example
    -o
    pythonpath=.
    --import-mode=importlib
also_copy=
    tests
    packages
"""


def main() -> int:
    """Run all mutants and judge the outcome."""
    make_copy()
    progress = None if sys.stdout.isatty() else subprocess.DEVNULL  # it draws over one line again and again
    subprocess.run([MUTMUT, "run", *sys.argv[1:]], cwd=COPY, check=False, stdout=progress)  # noqa: S603  # the tool itself
    killed, total = count()
    explained = (HERE / "survivors.md").read_text(encoding="utf-8")
    unexplained = [mutant for mutant in survivors() if changed_line(mutant) not in explained]
    for mutant in unexplained:
        print(f"not explained in survivors.md: {mutant}\n    {changed_line(mutant)}")
    print(f"{killed} of {total} mutants killed: {killed / total:.1%}")
    return int(killed / total < ENOUGH or bool(unexplained))


def make_copy() -> None:
    """The package and its tests, where changing them harms nobody."""
    shutil.rmtree(COPY, ignore_errors=True)
    without_caches = shutil.ignore_patterns("__pycache__")
    package = ROOT / "packages" / "rules"
    shutil.copytree(package / "src", COPY / "src", ignore=without_caches)
    shutil.copytree(ROOT / "tests" / "rules", COPY / "tests" / "rules", ignore=without_caches)
    (COPY / "packages" / "rules").mkdir(parents=True)
    for name in ("README.md", "CHANGELOG.md", "pyproject.toml"):
        shutil.copy(package / name, COPY / "packages" / "rules")
    (COPY / "setup.cfg").write_text(SETTINGS, encoding="utf-8")


def mutmut(*arguments: str) -> str:
    """What mutmut prints."""
    return subprocess.run(  # noqa: S603  # the tool itself
        [MUTMUT, *arguments], cwd=COPY, check=True, capture_output=True, text=True
    ).stdout


def count() -> tuple[int, int]:
    """How many mutants were killed (one that never ends is noticed too), and how many there are."""
    mutmut("export-cicd-stats")
    stats = json.loads((COPY / "mutants" / "mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    return stats["killed"] + stats["timeout"], stats["total"]


def survivors() -> list[str]:
    """The names of the mutants that no test notices (one that was not tried counts as not killed)."""
    lines = (line.strip().partition(": ") for line in mutmut("results").splitlines())
    return [name for name, _, outcome in lines if outcome not in {"", "killed", "timeout", "not checked"}]


def changed_line(mutant: str) -> str:
    """The line as the mutant has it."""
    changes = mutmut("show", mutant).splitlines()
    return next(line[1:].strip() for line in changes if line.startswith("+") and not line.startswith("+++"))


if __name__ == "__main__":
    sys.exit(main())
