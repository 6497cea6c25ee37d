"""Every command is listed at once, and imported when it runs."""

import subprocess
import sys

import pytest
from typer.main import get_command

from contract_server.cli.command_line import COMMANDS, command_line

HEAVY = ("asyncpg", "graphql", "pydantic", "rich", "strawberry", "tortoise")
HELP = f"""
import sys
from contract_server.cli import main
sys.argv = ["contract-server", "--help"]
try:
    main()
finally:
    print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""


def test_help_lists_every_command_and_imports_no_library_of_any() -> None:
    shown = subprocess.run([sys.executable, "-c", HELP], check=True, capture_output=True, text=True)  # noqa: S603 - ours
    assert shown.stderr == "[]\n"
    for name, (_, summary) in COMMANDS.items():
        assert f"  {name} " in shown.stdout
        assert " ".join(summary.split()[:4]) in shown.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    command = get_command(command_line(name)).commands[name]  # type: ignore[attr-defined]  # it is a group
    for explained in (command, *getattr(command, "commands", {}).values()):
        assert explained.help
        assert not explained.get_short_help_str(66).endswith("...")
    listed = COMMANDS[name][1].rstrip(".").replace(",", " ").split()
    assert set(getattr(command, "commands", {})) <= set(listed)


def test_a_command_that_was_not_named_is_only_listed() -> None:
    commands = get_command(command_line("serve")).commands  # type: ignore[attr-defined]  # as above
    assert [len(commands[name].params) for name in ("serve", "due")] == [3, 0]
