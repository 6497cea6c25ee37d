"""The playground's project in this repository: its sources and its bundle."""

import json
import runpy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import OperationDefinitionNode, parse

REPOSITORY = Path(__file__).parents[3]
PROJECT = REPOSITORY / "packages" / "server" / "playground"
OPERATIONS = PROJECT / "operations"
AGREED_SCHEMA = REPOSITORY / "tests" / "server" / "agreed.graphql"

bundler = runpy.run_path(str(PROJECT / "bundle.py"))


@dataclass(frozen=True)
class Step:
    """One step of the tour, read from its file."""

    file: Path

    @property
    def name(self) -> str:
        return self.file.relative_to(OPERATIONS).with_suffix("").as_posix()

    @property
    def document(self) -> str:
        return self.file.read_text(encoding="utf-8")

    @property
    def title(self) -> str:
        """The English one."""
        return self.document.splitlines()[1].partition(". ")[2]

    @property
    def has_several_operations(self) -> bool:
        return sum(isinstance(node, OperationDefinitionNode) for node in parse(self.document).definitions) > 1

    @property
    def variables(self) -> dict[str, Any]:
        file = self.file.with_suffix(".variables.json")
        variables: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return variables


STEPS = [Step(file) for file in sorted(OPERATIONS.rglob("*.graphql"))]
