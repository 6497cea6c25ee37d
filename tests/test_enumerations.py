"""No place tells the members of an enumeration apart by what is left over: a new member is missed where it is.

The source of all three packages is read for the ways in which that happens, and every enumeration is given another
member to see what comes of it. Each time a new interpreter imports the packages, which is to fail and to name it.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGES = Path(__file__).parents[1] / "packages"
SOURCES = sorted(file for file in PACKAGES.glob("*/src/**/*.py") if "migrations" not in file.parts)
BASES = {"Enum", "IntEnum", "StrEnum"}
SETTINGS = {"ENVIRONMENT": "development", "DATABASE_URL": "postgresql://u@127.0.0.1:1/d", "MAIL_DIR": "mail"}
"""The worker reads its settings when it is imported."""

TOLD_APART_BY_CALLERS = {
    "contract_rules.lifecycle.Phase": "derived, and read by callers alone",
    "contract_server.integration.models.DeliveryState": "each statement names the one that it finds",
    "contract_server.integration.models.Scope": "each operation names the one that it needs",
    "contract_server.db.roles.DatabaseRole": "has no rights but those that a statement gives it by name",
    "contract_server.cli.exit_status.Status": "what commands end with",
    "contract_server.graphql.types.enumerations.ContractAction": "what clients read",
    "contract_server.graphql.types.results.ProblemCode": "what clients read",
    "contract_server.onboarding.lines.Kind": "told apart by one `match`, which mypy compares with it",
}
"""Enumerations whose members are only ever given out, or told apart where the type checker sees it."""

WITH_ANOTHER_MEMBER = """
import ast, importlib, importlib.machinery, pkgutil, sys

module, enumeration = sys.argv[1:]

class Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, name):
        tree = ast.parse(self.get_source(name))
        (found,) = (each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == enumeration)
        value = "99" if any(base.id == "IntEnum" for base in found.bases) else "'ANOTHER'"
        found.body += ast.parse(f"ANOTHER = {value}").body
        return compile(ast.fix_missing_locations(tree), self.path, "exec")

class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        spec = super().find_spec(name, path) if name == module else None
        if spec:
            spec.loader = Loader(name, spec.origin)
        return spec

sys.meta_path.insert(0, Finder)
for package in ("contract_rules", "contract_notify", "contract_server"):
    for each in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if not each.name.endswith("__main__"):
            importlib.import_module(each.name)
"""


class Enumeration(NamedTuple):
    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def enumerations() -> Iterator[Enumeration]:
    for file in SOURCES:
        parts = file.relative_to(PACKAGES).with_suffix("").parts[2:]
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        for node in tree_of(file).body:
            if isinstance(node, ast.ClassDef) and BASES & {
                base.id for base in node.bases if isinstance(base, ast.Name)
            }:
                yield Enumeration(module, node.name)


ALL = list(enumerations())
NAMES = {each.name for each in ALL}
GIVEN_OUT = {each for each in ALL if str(each) in TOLD_APART_BY_CALLERS}


def import_with_another_member(enumeration: Enumeration) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", WITH_ANOTHER_MEMBER, enumeration.module, enumeration.name],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **SETTINGS},
    )


@pytest.mark.parametrize("enumeration", [each for each in ALL if each not in GIVEN_OUT], ids=str)
def test_a_member_that_no_table_knows_stops_the_import_and_is_named(enumeration: Enumeration) -> None:
    imported = import_with_another_member(enumeration)
    assert imported.returncode != 0
    *_, message = imported.stderr.splitlines()
    assert f" has no entry for {enumeration.name}.ANOTHER: write one" in message


def test_every_enumeration_that_is_left_alone_exists() -> None:
    assert {each.name for each in GIVEN_OUT} == {name.rpartition(".")[2] for name in TOLD_APART_BY_CALLERS}


# ---------------------------------------------------------------- the ways in which a member is left over


def enumeration_of(node: ast.AST) -> str | None:
    """The enumeration of an expression such as `Status.ACTIVE`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in NAMES:
        return node.value.id if node.attr.isupper() else None
    return None


def compares_with_a_member(test: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Compare) and any(map(enumeration_of, ast.walk(node.comparators[0])))
        for node in ast.walk(test)
    )


def leaves_over(node: ast.AST) -> str | None:
    """How a piece of source leaves members over, if it does."""
    match node:
        case ast.Assign(targets=[ast.Tuple()], value=ast.Name(id=name)) if name in NAMES:
            return f"{name} is unpacked by position"
        case ast.Call(func=ast.Name(id="zip"), args=args) if any(
            isinstance(a, ast.Name) and a.id in NAMES for a in args
        ):
            return "an enumeration is zipped by position"
        case ast.IfExp(test=test, orelse=others) if compares_with_a_member(test) and not is_none(others):
            return "one member, and all others by `else`"
        case ast.If(test=test, orelse=[_, *_] as others) if compares_with_a_member(test) and not ends_in_never(others):
            return "one member, and all others by `else`"
        case ast.Match(cases=[*_, last] as cases) if any(enumeration_of(n) for c in cases for n in ast.walk(c.pattern)):
            return None if ends_in_never(last.body) else "a match without assert_never"
        case _:
            return None


def is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def ends_in_never(body: list[ast.stmt]) -> bool:
    match body[-1]:
        case ast.Expr(value=ast.Call(func=ast.Name(id="assert_never"))):
            return True
        case ast.If(orelse=[_, *_] as others):
            return ends_in_never(others)
        case _:
            return False


CHECKS = {"complete", "offer_enum"}
"""Functions that compare a table with its enumeration."""


def partial_tables(tree: ast.AST, *, checked: bool = False) -> Iterator[ast.Dict]:
    """Tables by the members of an enumeration which nothing compares with it."""
    checked = checked or (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in CHECKS)
    if isinstance(tree, ast.Dict) and not checked and any(key and enumeration_of(key) for key in tree.keys):
        yield tree
    for child in ast.iter_child_nodes(tree):
        yield from partial_tables(child, checked=checked)


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: "/".join(file.parts[-3:]))
def test_no_member_is_what_is_left_over(file: Path) -> None:
    found = [f"line {node.lineno}: {how}" for node in ast.walk(tree_of(file)) if (how := leaves_over(node))]  # type: ignore[attr-defined]  # all of these have one
    assert found == []


PARTIAL_BY_MEANING = {
    "contracts/due.py": 2,  # actions that fall due
    "schedule/due_actions.py": 2,  # the same
    "commands/terminate_resume.py": 1,  # actions that have a command
    "delivery/replies.py": 1,  # compared by the module itself: the rules and the mails do not know each other
}
"""Tables in which a missing key is an answer, or an error that is raised, by file."""


def test_every_table_that_is_left_partial_exists() -> None:
    assert PARTIAL_BY_MEANING.keys() <= {"/".join(file.parts[-2:]) for file in SOURCES}


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: "/".join(file.parts[-3:]))
def test_a_table_by_member_is_compared_with_its_enumeration(file: Path) -> None:
    tables = [table.lineno for table in partial_tables(tree_of(file))]
    assert len(tables) == PARTIAL_BY_MEANING.get("/".join(file.parts[-2:]), 0), tables
