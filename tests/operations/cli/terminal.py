"""Somebody at a terminal, or a script, that runs `contract-server`."""

import asyncio
import os
import pty
import sys
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ended:
    """What a command came to."""

    status: int
    output: str
    errors: str

    @property
    def refusal(self) -> tuple[int, str]:
        """The status and the one line that says why."""
        assert self.errors.count("\n") == 1, self.errors
        return self.status, self.errors.removeprefix("contract-server: ").rstrip("\n")


async def run(variables: Mapping[str, str], *arguments: str, given: str = "") -> Ended:
    """Run a command to its end as a script does, with `given` as its standard input."""
    process = await _start(variables, arguments, stdin=asyncio.subprocess.PIPE)
    output, errors = await process.communicate(given.encode())
    return Ended(process.returncode or 0, output.decode(), errors.decode())


async def run_at_terminal(variables: Mapping[str, str], *arguments: str, answers: Mapping[str, str]) -> Ended:
    """Run a command to its end with somebody there, who answers each question once it is asked.

    What a terminal shows is standard error: standard output goes elsewhere, as in `command > file`.
    """
    screen, terminal = pty.openpty()
    process = await _start(variables, arguments, stdin=terminal, stderr=terminal)
    os.close(terminal)
    shown = await asyncio.to_thread(_watch, screen, dict(answers))
    output, _ = await process.communicate()
    os.close(screen)
    return Ended(process.returncode or 0, output.decode(), shown)


def _watch(screen: int, answers: dict[str, str]) -> str:
    """All that is shown until the command ends, with the answers typed when their questions have appeared."""
    shown = b""
    while True:
        try:
            news = os.read(screen, 4096)
        except OSError:  # how Linux says that nobody has the terminal open any more
            news = b""
        if not news:
            return shown.decode().replace("\r\n", "\n")
        shown += news
        for question in [each for each in answers if each in shown.decode(errors="ignore")]:
            os.write(screen, answers.pop(question).encode())


async def _start(
    variables: Mapping[str, str], arguments: tuple[str, ...], stdin: int, stderr: int = asyncio.subprocess.PIPE
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "contract_server",
        *arguments,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", **variables},
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=stderr,
    )
