"""The shipped vectors alone notice every single broken rule, and the documentation says which."""

import re

import pytest
from tests.rules.twin.mutants import DOCUMENTATION, detecting, documented, mutants
from tests.rules.twin.twin import shipped


@pytest.fixture(scope="module")
def noticed() -> dict[str, list[str]]:
    """By rule: the vectors that notice where it is broken."""
    return detecting(mutants())


def test_every_broken_rule_is_noticed_by_a_vector(noticed: dict[str, list[str]]) -> None:
    assert len(noticed) == len(mutants()) > 0
    assert [rule for rule, vectors in noticed.items() if not vectors] == []


def test_the_documentation_lists_every_rule_with_its_vectors(noticed: dict[str, list[str]]) -> None:
    assert DOCUMENTATION.read_text(encoding="utf-8") == documented(noticed)


def test_the_documentation_names_vectors_that_are_there() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8").partition("## Points that laws leave open")[2]
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)*-\d+|clear-[a-z]+|backward-[a-z-]+|cutoff-[a-z]+|align-clear)`", text))
    assert len(named) > 50
    assert named <= {case["id"] for case in shipped()}
