"""What the package says of itself is true: its docstrings, its README, its changelog."""

import doctest
import inspect
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import FunctionType

import pytest

import contract_rules
from contract_rules import PERMITTED, TRANSITIONS, Actor
from contract_rules.diagram import mermaid

PACKAGE = Path(__file__).parents[2] / "packages" / "rules"
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
MODULES = [import_module(module.name) for module in pkgutil.walk_packages(contract_rules.__path__, "contract_rules.")]
EXAMPLES = [test for module in MODULES for test in doctest.DocTestFinder().find(module) if test.examples]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_examples_in_docstrings_work(example: doctest.DocTest) -> None:
    assert doctest.DocTestRunner().run(example, clear_globs=False).failed == 0


def test_examples_in_the_readme_work() -> None:
    results = doctest.testfile(str(PACKAGE / "README.md"), module_relative=False, encoding="utf-8")
    assert results.failed == 0
    assert results.attempted > 0


def public_functions() -> Iterator[FunctionType]:
    """Every public function, and every public method of a public class."""
    for name in contract_rules.__all__:
        thing = getattr(contract_rules, name)
        if inspect.isfunction(thing):
            yield thing
        if inspect.isclass(thing) and thing.__module__.startswith("contract_rules"):
            for method, member in vars(thing).items():
                function = inspect.unwrap(getattr(member, "__func__", getattr(member, "fget", member)))
                if inspect.isfunction(function) and not method.startswith("_") and function.__name__ == method:
                    yield function


def test_every_public_function_has_an_example() -> None:
    without = [function for function in public_functions() if ">>>" not in (inspect.getdoc(function) or "")]
    assert without == []


def test_every_public_name_is_listed_once() -> None:
    assert sorted(set(contract_rules.__all__)) == sorted(contract_rules.__all__)


def test_every_public_name_is_explained() -> None:
    things = [getattr(contract_rules, name) for name in contract_rules.__all__]
    definitions = [thing for thing in things if inspect.isclass(thing) or inspect.isfunction(thing)]
    assert [thing for thing in definitions if not has_docstring(thing)] == []


def has_docstring(definition: type | FunctionType) -> bool:
    """Of its own: what Python makes up for a class without one is its name and its fields."""
    text = (vars(definition)["__doc__"] if inspect.isclass(definition) else definition.__doc__) or ""
    return text != "" and not text.startswith(f"{definition.__name__}(")


def test_the_readmes_lifecycle_table_is_the_one_that_decides() -> None:
    rows = re.findall(r"^\| ([A-Z_]+) \| ([A-Z_]+) \| (.+) \| (.+) \| ([A-Z_]+) \| ([A-Z_]+) \|$", README, re.MULTILINE)
    assert rows == [
        (
            status,
            action,
            ", ".join(actor.lower() for actor in Actor if actor in PERMITTED[action]),
            transition.condition,
            transition.target,
            transition.event,
        )
        for status, transitions in TRANSITIONS.items()
        for action, transition in transitions.items()
    ]


def test_the_readmes_picture_is_the_commands_output() -> None:
    assert f"```mermaid\n{mermaid()}```\n" in README


def test_the_readme_has_no_link_that_is_dead_for_readers_of_the_wheel() -> None:
    assert re.findall(r"\]\((?!https://|#)(.+?)\)", README) == []


def test_the_changelog_has_the_version_that_is_built() -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (PACKAGE / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {project['version']}\n" in changelog


def test_the_readme_lists_every_reason() -> None:
    section = README.split("## Reasons")[1].split("## ")[0]
    assert set(re.findall(r"`([A-Z_]+)`", section)) == set(contract_rules.Reason)
