"""The table of OWASP ASVS names tests that exist, and each requirement once."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "packages" / "server" / "docs" / "asvs.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ((?:V?\d[\d.]*(?:, )?)+) \| (.+) \|$", PAGE, re.MULTILINE)
REQUIREMENTS = 217
"""Of levels 1 and 2 in version 5.0.0, without the chapters 10 and 17."""


def names_of_tests() -> set[str]:
    return {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 50
    assert named - names_of_tests() == set()


def test_every_requirement_is_there_once_and_in_order() -> None:
    numbers = [tuple(map(int, number.split("."))) for cell, _ in ROWS for number in re.findall(r"\d+\.\d+\.\d+", cell)]
    assert len(numbers) == len(set(numbers)) == REQUIREMENTS
    assert [chapter for chapter, *_ in numbers] == sorted(chapter for chapter, *_ in numbers)


def test_every_requirement_has_a_test_or_a_reason() -> None:
    assert [cell for cell, how in ROWS if len(how) < 10] == []
