"""What the README shows is what the programs say."""

import re
from pathlib import Path

import pytest

from contract_rules.cli import main as contract_rules

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str) -> list[str]:
    """The README's blocks in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_its_picture_is_the_diagram_of_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert contract_rules(["diagram"]) in (0, None)
    assert fenced("mermaid") == [capsys.readouterr().out]


def test_its_five_lines_of_rules_print_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = fenced("python")
    exec(compile(program, "README.md", "exec"), {})  # noqa: S102 - our own README
    assert capsys.readouterr().out in fenced("text")


def test_every_make_target_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)", README)) <= targets


def test_every_file_it_links_to_exists() -> None:
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
