"""Try every mutant in a process of its own, forked from one that has imported and collected all tests once.

The test that noticed the mutant before, of the same function, is asked first, then the others that reach the function:
the quick ones, one case of each before another, then the slow ones. So most mutants cost one fork and one test. A
mutant that none has noticed in the given seconds counts as not noticed.
"""

import hashlib
import importlib
import json
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import groupby, zip_longest
from pathlib import Path

import pytest

from contract_rules import portable
from contract_rules.policy import schema as policy_schema

MADE_AT_IMPORT = {
    "contract_rules.policy.schema": "tests/rules/test_policy_schema.py",
    "contract_rules.portable": "tests/rules/test_portable.py",
    "contract_rules.shapes": "tests/rules/test_portable.py",
}
"""Modules whose functions make tables when they are imported, which no test is seen to call, and the tests of those."""
SURVIVED = ""
NEVER_ENDED = "no test: it never ended, or the process died"
SECONDS_OF_A_QUICK_TEST = 0.05
SECONDS_OF_A_TEST = 4
MOST_MEMORY = 4 * 1024**3

Item = pytest.Item


class OneForkAMutant:
    """A plugin for pytest, which runs no test itself.

    Fields:
        mutants: the names of those to try.
        reaching: of each function, by the name that its mutants begin with, the tests that call it.
        seconds: of each test, how long it takes.
        outcomes: the file to which each mutant is added, and the test that noticed it, if one did.
        lanes: how many are tried at the same time.
        longest: how long tests are asked about a mutant, in seconds of the processor's time.
    """

    def __init__(
        self,
        mutants: Iterable[str],
        reaching: dict[str, list[str]],
        seconds: dict[str, float],
        outcomes: Path,
        *,
        lanes: int,
        longest: float,
    ) -> None:
        functions = groupby(sorted(mutants), key=function_of)
        self.mutants = {function: [*of_function] for function, of_function in functions}
        self.reaching, self.seconds, self.outcomes, self.lanes = reaching, seconds, outcomes, lanes
        self.longest = longest

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Share the functions among the lanes."""
        tests = {item.nodeid: item for item in session.items}
        parts = [[*self.mutants][lane :: self.lanes] for lane in range(self.lanes)]
        processes = [forked(partial(self.try_functions, part, tests)) for part in parts]
        for process in processes:
            os.waitpid(process, 0)
        return True

    def try_functions(self, functions: list[str], tests: dict[str, Item]) -> None:
        with self.outcomes.open("a", encoding="utf-8", buffering=1) as outcomes:
            for function in functions:
                reaching = self.tests_of(function, tests)
                for mutant, outcome in self.tried(function, reaching):
                    outcomes.write(f"{mutant}\t{outcome}\t{state_of(mutant, outcome)}\n")

    def tests_of(self, function: str, tests: dict[str, Item]) -> list[Item]:
        """The tests that call the function, or look at what it made when it was imported."""
        file = MADE_AT_IMPORT.get(module_of(function), "none")
        reaching = {*self.reaching.get(function, [])}
        return [item for test, item in tests.items() if test in reaching or test.startswith(file)]

    def tried(self, function: str, tests: list[Item]) -> Iterator[tuple[str, str]]:
        """The function's mutants with their outcomes."""
        tests = in_order(tests, self.seconds)
        for mutant in self.mutants[function]:
            outcome = try_mutant(mutant, tests, self.longest)
            tests.sort(key=lambda test: test.nodeid != outcome)
            yield mutant, outcome


def in_order(tests: list[Item], seconds: dict[str, float]) -> list[Item]:
    """The quick tests, one case of each before the second of any, which notices much the same; then the slower ones."""
    cases: Counter[str] = Counter()
    turns = {}
    for test in sorted(tests, key=lambda test: seconds.get(test.nodeid, 0)):
        name = test.nodeid.partition("[")[0]
        is_slow = seconds.get(test.nodeid, 0) > SECONDS_OF_A_QUICK_TEST
        turns[test] = (is_slow, 0 if is_slow else cases[name])
        cases[name] += 1
    return sorted(turns, key=lambda test: turns[test])


def function_of(mutant: str) -> str:
    """The name that all mutants of a function begin with."""
    return mutant.partition("__mutmut_")[0]


def module_of(function: str) -> str:
    """The module of a function, or of a mutant."""
    return function.rpartition(".")[0]


def state_of(mutant: str, test: str) -> str:
    """A digest of the mutant's module, and of all tests where none has noticed it: the outcome stands with them."""
    module = str(Path("src", *module_of(mutant).split(".")).with_suffix(".py"))
    return digest_of(module) if test else digest_of(module, "tests/rules/*.py")


@cache
def digest_of(*files: str) -> str:
    """A digest of files, which their patterns find."""
    found = sorted(path for pattern in files for path in Path().glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in found)).hexdigest()[:16]


def keep_known(outcomes: Path) -> set[str]:
    """Leave in the file the outcomes that stand, and give the names of their mutants."""
    lines = outcomes.read_text(encoding="utf-8").splitlines() if outcomes.exists() else []
    known = {
        line: mutant
        for line, (mutant, test, state) in ((line, line.split("\t")) for line in lines)
        if state == state_of(mutant, test)
    }
    outcomes.write_text("".join(f"{line}\n" for line in known), encoding="utf-8")
    return {*known.values()}


def try_mutant(mutant: str, tests: list[Item], longest: float) -> str:
    """Which test noticed the mutant, if one did."""
    reader, writer = os.pipe()

    def ask() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        signal.setitimer(signal.ITIMER_VIRTUAL, longest + SECONDS_OF_A_TEST)
        os.environ["MUTANT_UNDER_TEST"] = mutant
        if module_of(mutant) in MADE_AT_IMPORT:
            importlib.reload(policy_schema)
            importlib.reload(portable)
        os.write(writer, first_to_fail(tests, longest).encode())

    process = forked(ask)
    os.close(writer)
    with open(reader, encoding="utf-8") as answer:  # noqa: PTH123  # a pipe has no path
        noticed = answer.read()
    _, status = os.waitpid(process, 0)
    return noticed if status == 0 else NEVER_ENDED


def first_to_fail(tests: list[Item], longest: float) -> str:
    """Run the tests up to the first that fails, while there is time."""
    for test, following in zip_longest(tests, tests[1:]):
        test.ihook.pytest_runtest_protocol(item=test, nextitem=following)
        if test.session.testsfailed:
            return test.nodeid
        if time.process_time() > longest:
            break
    return SURVIVED


def forked(act: Callable[[], None]) -> int:
    """The id of a new process that does that, and nothing after it."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        act()
        status = 0
    finally:
        os._exit(status)


def main(outcomes: Path, lanes: int, longest: float, *, again: bool) -> int:
    """Try the mutants that standard input names, in the folder of which mutmut has made them.

    Those with an outcome that stands are left out, unless they are to be tried again.
    """
    stats = json.loads(Path("mutmut-stats.json").read_text(encoding="utf-8"))
    known = keep_known(outcomes)
    plugin = OneForkAMutant(
        set(sys.stdin.read().split()) - (set() if again else known),
        stats["tests_by_mangled_function_name"],
        stats["duration_by_test"],
        outcomes,
        lanes=lanes,
        longest=longest,
    )
    return pytest.main(["--rootdir=.", "--tb=native", "-p", "no:terminalreporter", "tests/rules"], plugins=[plugin])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), again="--again" in sys.argv))
