"""Run `contract-server` as a person at a terminal does, or as a script."""

import asyncio
import os
import pty
import sys
from collections.abc import Mapping
from dataclasses import dataclass

RECORDED = ('"event":"audit entry written"', '"event":"contract changed"', '"event":"registration changed"')
"""Every change leaves such a line in the log, which goes to standard error."""


@dataclass(frozen=True)
class Ended:
    """The result of a command; its errors without the log lines of what it has changed."""

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
    encoding = variables.get("PYTHONIOENCODING", "utf-8")
    lines = errors.decode(encoding).splitlines(keepends=True)
    told = [line for line in lines if not any(event in line for event in RECORDED)]
    return Ended(process.returncode or 0, output.decode(encoding), "".join(told))


async def run_at_terminal(variables: Mapping[str, str], *arguments: str, answers: Mapping[str, str]) -> Ended:
    """Run a command to its end at a terminal, and type the answer to each question when it appears.

    The terminal shows standard error; standard output is redirected, as in `command > file`.
    """
    screen, terminal = pty.openpty()
    process = await _start(variables, arguments, stdin=terminal, stderr=terminal)
    os.close(terminal)
    shown = await asyncio.to_thread(_watch, screen, dict(answers))
    output, _ = await process.communicate()
    os.close(screen)
    return Ended(process.returncode or 0, output.decode(), shown)


def _watch(screen: int, answers: dict[str, str]) -> str:
    """Return what the terminal shows until the command ends; type the answers to its questions."""
    shown = b""
    while True:
        try:
            chunk = os.read(screen, 4096)
        except OSError:  # on Linux: no process has the terminal open any more
            chunk = b""
        if not chunk:
            return shown.decode().replace("\r\n", "\n")
        shown += chunk
        for question in [question for question in answers if question in shown.decode(errors="ignore")]:
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
