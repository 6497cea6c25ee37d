"""Measure how the code reads, and fail where a measure is worse than its limit: `python -m tests.measures`."""

import ast
import io
import re
import statistics
import sys
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ROOT / "packages"
SERVER = PACKAGES / "server" / "src" / "contract_server"
NOTIFY = PACKAGES / "notify" / "src" / "contract_notify"
TESTS = ROOT / "tests"

DIALECT = re.compile(r"\b(nobody|somebody|whoever|everybody|anybody)\b", re.IGNORECASE)
WORD = re.compile(r"[A-Za-z']+")
ERASURE_IS_DUE = ("erasure_due_at", "hold_placed_at IS NULL")
READS_EFFECTS = re.compile(r"\bin \w+\.effects\b")


@dataclass(frozen=True)
class Measure:
    """One property of the code: how it is measured, its limit, and its goal if that is not reached yet."""

    name: str
    value: Callable[[], float]
    limit: float
    goal: float | None = None
    at_least: bool = False

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


def modules(*folders: Path) -> list[Path]:
    """The Python files of the folders, without migrations: these are history."""
    return sorted(path for folder in folders for path in folder.rglob("*.py") if "migrations" not in path.parts)


def prose(path: Path) -> Iterator[str]:
    """The docstrings and comments of a file."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def dialect_per_thousand_words() -> float:
    texts = [text for path in modules(SERVER, NOTIFY) for text in prose(path)]
    words = sum(len(WORD.findall(text)) for text in texts)
    return 1000 * sum(len(DIALECT.findall(text)) for text in texts) / words


def files_in_the_largest_folder() -> float:
    return max(Counter(path.parent for path in modules(SERVER)).values())


def files_that_define_due() -> float:
    return sum(all(part in path.read_text(encoding="utf-8") for part in ERASURE_IS_DUE) for path in modules(SERVER))


def interpretations_of_effects() -> float:
    return sum(len(READS_EFFECTS.findall(path.read_text(encoding="utf-8"))) for path in modules(SERVER))


def private_names_of_libraries() -> float:
    sources = modules(*(package / "src" for package in PACKAGES.iterdir()))
    return sum(path.read_text(encoding="utf-8").count("noqa: SLF001") for path in sources)


def modules_with_a_test() -> float:
    tests = {path.stem for path in TESTS.rglob("test_*.py")}
    tested = [path for path in modules(SERVER) if not path.stem.startswith("__")]
    return sum(f"test_{path.stem}" in tests for path in tested) / len(tested)


def lines_of_the_readme() -> float:
    return len((ROOT / "README.md").read_text(encoding="utf-8").splitlines())


def function_lengths() -> list[int]:
    """Lines of every function's body in the packages, its docstring excluded."""
    lengths = []
    for path in modules(*(package / "src" for package in PACKAGES.iterdir())):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                if body:
                    lengths.append((node.end_lineno or 0) - body[0].lineno + 1)
    return lengths


def lines_of_python() -> float:
    sources = modules(*(package / "src" for package in PACKAGES.iterdir()))
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in sources)


MEASURES = [
    Measure("dialect words per 1,000 words of prose", dialect_per_thousand_words, 0.3),
    Measure("files in the largest folder of the server", files_in_the_largest_folder, 16),
    Measure("files that define in SQL when an erasure is due", files_that_define_due, 1),
    Measure("interpretations of a decision's effects", interpretations_of_effects, 1),
    Measure("private names of libraries (noqa: SLF001)", private_names_of_libraries, 4),
    Measure("share of server modules with a test file of their name", modules_with_a_test, 0.9, at_least=True),
    Measure("lines of README.md", lines_of_the_readme, 160),
    Measure("median length of a function", lambda: statistics.median(function_lengths()), 5),
    Measure(
        "90th percentile of the length of a function", lambda: statistics.quantiles(function_lengths(), n=10)[8], 14
    ),
    Measure("lines of Python in the packages", lines_of_python, 36_500),
]


def main() -> int:
    """Print every measure beside its limit.

    Returns:
        The exit status: 1 where a measure is worse than its limit.
    """
    failed = False
    for measure in MEASURES:
        value = measure.value()
        holds = measure.holds(value)
        failed |= not holds
        bound = "at least" if measure.at_least else "at most"
        goal = "" if measure.goal is None else f"; goal {measure.goal:,g}"
        print(f"{'ok ' if holds else 'NO '} {measure.name}: {value:,.2f} ({bound} {measure.limit:,g}{goal})")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
