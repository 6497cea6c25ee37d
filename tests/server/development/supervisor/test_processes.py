"""Programs as managed processes: their output, their end, and the end of their children."""

import signal
import sys
from pathlib import Path

import pytest
from tests.server.development.conftest import is_released

from contract_server.development.errors import DevelopmentError
from contract_server.development.supervisor.processes import Program

PARENT = """
import fcntl, subprocess, sys
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
pause = [sys.executable, "-c", "import signal; signal.pause()"]
subprocess.Popen(pause, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(lock.fileno(),))
print("started", flush=True)
input()
"""


def program(code: str, *arguments: str, lines: list[tuple[str, str]] | None = None) -> Program:
    relay = [] if lines is None else lines
    return Program(
        "tool",
        [sys.executable, "-c", code, *arguments],
        where="here",
        environment={},
        relay=lambda name, line: relay.append((name, line)),
    )


async def test_output_is_relayed_line_by_line_also_without_a_last_line_break() -> None:
    lines: list[tuple[str, str]] = []
    process = program("import sys; print('one'); sys.stderr.write('two')", lines=lines)
    await process.start()
    assert await process.ended() == 0
    assert sorted(lines) == [("tool", "one"), ("tool", "two")]


async def test_a_stop_ends_a_program_with_its_status() -> None:
    process = program("import signal; signal.pause()")
    await process.stop()
    await process.start()
    await process.stop()
    assert await process.ended() == -signal.SIGTERM


async def test_children_of_a_program_end_with_it(tmp_path: Path) -> None:
    process = program(PARENT, str(tmp_path / "lock"))
    await process.start()
    assert await process.ended() == 1  # its standard input is empty
    assert is_released(tmp_path / "lock")


async def test_a_program_that_is_missing_is_one_line(tmp_path: Path) -> None:
    missing = Program("tool", [str(tmp_path / "tool")], where="", environment={}, relay=lambda *_: None)
    with pytest.raises(DevelopmentError, match=r"^tool cannot be run: No such file"):
        await missing.start()
