"""The tour as a page shows it: operations of the playground by name, in the order in which a reader runs them."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.server.playground.sources import REPOSITORY, Step

README = REPOSITORY / "README.md"
FRONT_END = REPOSITORY / "packages" / "server" / "docs" / "front-end.md"
SECTIONS = {README: "Five minutes in the playground", FRONT_END: "The tour"}

_PART = re.compile(
    r"\[`(?P<operation>\w+)`\]\((?P<file>\S+\.graphql)\)|^```(?P<language>\w+)\n(?P<block>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
_MOVING = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+\+\d\d:\d\d)?|\d{4}年\d+月\d+日（.）")


@dataclass
class Run:
    """An operation that is run, with the document and the answer that the page shows of it."""

    step: Step
    operation: str
    document: str | None = None
    answer: str | None = None

    def expects(self, data: dict[str, Any]) -> bool:
        """Whether this is the answer that the page shows, if it shows any; dates move with the day of the tour."""
        return self.answer is None or without_dates(json.loads(self.answer)) == without_dates(data)


class Tour:
    """The tour of one page."""

    def __init__(self, page: Path) -> None:
        self._page = page

    @cached_property
    def runs(self) -> list[Run]:
        """The runs, in order. A block belongs to the run before it."""
        text = (
            self._page.read_text(encoding="utf-8").partition(f"\n## {SECTIONS[self._page]}\n")[2].partition("\n## ")[0]
        )
        runs = list[Run]()
        for part in _PART.finditer(text):
            if part["operation"]:
                runs.append(Run(Step((self._page.parent / part["file"]).resolve()), part["operation"]))
            elif part["language"] == "graphql":
                runs[-1].document = part["block"]
            elif part["language"] == "json":
                runs[-1].answer = part["block"]
        return runs

    @property
    def steps(self) -> list[Step]:
        """The steps, in the order of their first run."""
        return list(dict.fromkeys(run.step for run in self.runs))


def body_of(step: Step) -> str:
    """The step's document without its titles and explanations."""
    lines = step.document.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#"))


def without_dates(answer: object) -> str:
    """The answer with every date and instant made equal."""
    return _MOVING.sub("a date", json.dumps(answer, ensure_ascii=False, sort_keys=True))
