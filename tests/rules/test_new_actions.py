"""An action that is added to the table of transitions is carried out as itself, or not at all."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import contract_rules

ROWS = {
    "lifecycle.py": {
        '    ERASE = "ERASE"\n': '    ERASE = "ERASE"\n    PAUSE = "PAUSE"\n',
        "Status.ACTIVE: {\n": (
            "Status.ACTIVE: {\n"
            "Action.PAUSE: Transition(Status.ACTIVE, Condition.NONE, EventType.TERMINATION_REQUESTED),\n"
        ),
        "Action.TERMINATE: frozenset": "Action.PAUSE: frozenset({Actor.CONTRACTOR}),\nAction.TERMINATE: frozenset",
    },
    "decisions.py": {
        "Action.TERMINATE: DeadlineKind": "Action.PAUSE: DeadlineKind.SERVICE_END,\nAction.TERMINATE: DeadlineKind"
    },
}
"""What a maintainer may add for an action, and think that it is all."""
ASK = """
from datetime import datetime
from contract_rules import Action, Actor, decide, new_contract, shipped_policies
now = datetime.fromisoformat("2024-03-01T09:30+09:00")
print(decide(shipped_policies().in_force_at(now), new_contract(), Action.PAUSE, Actor.CONTRACTOR, now))
"""


@pytest.mark.parametrize("files", [["lifecycle.py"], ["lifecycle.py", "decisions.py"]], ids="+".join)
def test_an_action_that_nothing_carries_out_is_named_and_never_granted(files: list[str], tmp_path: Path) -> None:
    copied = tmp_path / "contract_rules"
    shutil.copytree(Path(contract_rules.__file__).parent, copied)
    for file in files:
        source = (copied / file).read_text(encoding="utf-8")
        for old, new in ROWS[file].items():
            assert old in source
            source = source.replace(old, new, 1)
        (copied / file).write_text(source, encoding="utf-8")
    asked = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", ASK], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert asked.stdout == ""
    assert " has no entry for Action.PAUSE: write one" in asked.stderr.splitlines()[-1]
