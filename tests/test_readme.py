"""The README is short, and shows what the programs print."""

import re
import tomllib
from pathlib import Path

import pytest

from contract_rules.cli import main as contract_rules

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str) -> list[str]:
    """The README's blocks in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_it_is_read_in_five_minutes() -> None:
    assert len(README.splitlines()) <= 160


def test_its_picture_is_the_diagram_of_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert contract_rules(["diagram"]) == 0
    assert fenced("mermaid") == [capsys.readouterr().out]


def test_its_dates_are_those_of_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert contract_rules(["timeline", "2024-03-01"]) == 0
    days = re.findall(r"(\S+) +(\S+)$", capsys.readouterr().out, re.MULTILINE)[-3:]
    assert re.findall(r"^\| .+? \| (\d\S+) \| (\d\S+) \|", README, re.MULTILINE) == days


def test_its_layers_are_those_that_the_import_linter_enforces() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = (
        contract["layers"]
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract.get("containers") == ["contract_server"]
    )
    shown = [re.split(r"[,\s]+", layer.strip()) for layer in fenced("text")[0].split(">")]
    assert shown == [re.split(r" [|:] ", layer) for layer in layers]
