"""The twin: the same rules in JavaScript (`twin.mjs`), asked in one process of Node."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.node import node

from contract_rules.conformance import ANSWERS, agree, shipped_cases

TWIN = Path(__file__).with_name("twin.mjs")
ASK = Path(__file__).with_name("ask.mjs")

Case = Mapping[str, Any]
Answer = dict[str, Any]


def shipped() -> list[Case]:
    """The vectors that the package brings."""
    return [case for case in shipped_cases() if isinstance(case, dict)]


def ask(cases: Sequence[Case], *modules: Path) -> list[list[Answer]]:
    """The answers of each module in turn."""
    lines = "".join(f"{json.dumps(case)}\n" for case in cases)
    ended = subprocess.run(  # noqa: S603  # this folder's own script
        [node(), ASK, *modules], input=lines, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    return [answers[first : first + len(cases)] for first in range(0, len(answers), len(cases))]


def holds(case: Case, answer: Answer) -> bool:
    """Whether a vector has that answer."""
    return all(agree(case[key], answer.get(key)) for key in ANSWERS if key in case)
