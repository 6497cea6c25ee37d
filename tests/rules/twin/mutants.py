"""One mutant of the twin for each rule: what a port looks like that has not understood it.

`mutants.txt` lists them: the rule, the twin's code that follows it (after `- `), and code that breaks it (after `+ `).
`python -m tests.rules.twin.mutants` writes into the documentation which vectors notice them.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.rules.twin.twin import TWIN, ask, holds, shipped

MUTANTS = Path(__file__).with_name("mutants.txt")
DOCUMENTATION = Path(__file__).parents[3] / "packages" / "rules" / "src" / "contract_rules" / "vectors" / "README.md"
TABLE_BEGINS = "\n| Rule | Vectors | First |\n| --- | --- | --- |\n"


class Mutant(NamedTuple):
    """A rule, and the change of the twin that breaks it."""

    rule: str
    code: str
    broken: str

    def module(self) -> str:
        """The twin's text, so broken."""
        text = TWIN.read_text(encoding="utf-8")
        assert text.count(self.code) == 1, (
            f"{self.rule}: {self.code!r} stands {text.count(self.code)} times in the twin"
        )
        return text.replace(self.code, self.broken)


def mutants() -> list[Mutant]:
    """All of them, in the order of the file."""
    blocks = MUTANTS.read_text(encoding="utf-8").split("\n\n")
    return [_mutant(block.strip().splitlines()) for block in blocks if not block.startswith("#") and block.strip()]


def _mutant(lines: list[str]) -> Mutant:
    return Mutant(lines[0], _marked("- ", lines), _marked("+ ", lines))


def _marked(mark: str, lines: list[str]) -> str:
    return "\n".join(line.removeprefix(mark) for line in lines[1:] if line.startswith(mark))


def detecting(broken: list[Mutant]) -> dict[str, list[str]]:
    """By rule: the names of the shipped vectors that do not hold where it is broken."""
    cases = shipped()
    with TemporaryDirectory() as folder:
        modules = [Path(folder) / f"{number}.mjs" for number in range(len(broken))]
        for mutant, module in zip(broken, modules, strict=True):
            module.write_text(mutant.module(), encoding="utf-8")
        answers = ask(cases, *modules)
    return {
        mutant.rule: [case["id"] for case, found in zip(cases, row, strict=True) if not holds(case, found)]
        for mutant, row in zip(broken, answers, strict=True)
    }


def documented(found: dict[str, list[str]]) -> str:
    """The documentation, with these rows."""
    text, begin, _ = DOCUMENTATION.read_text(encoding="utf-8").partition(TABLE_BEGINS)
    rows = (f"| {rule} | {len(vectors)} | `{vectors[0]}` |\n" for rule, vectors in found.items())
    return f"{text}{begin}{''.join(rows)}"


if __name__ == "__main__":
    DOCUMENTATION.write_text(documented(detecting(mutants())), encoding="utf-8")
