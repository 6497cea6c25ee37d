"""Processes that can be killed, forked from a program that has everything imported.

The program reads lines; for each it forks a process and prints its pid; when told to `go`, that process does what the
line says; at its end, its exit status is printed.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


async def start_program(module: str, *arguments: str) -> asyncio.subprocess.Process:
    """Start such a program, to be written to and read from."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


class Killable:
    """The program whose processes are killed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._pid = 0
        self.killed = False

    async def begin(self, task: str) -> None:
        """Have a new process serve or send."""
        assert self._process.stdin
        self._process.stdin.write(f"{task}\n".encode())
        self._pid, self.killed = await self.number(), False
        self._process.stdin.write(b"go\n")

    async def number(self) -> int:
        """The next number that the program prints: at first its port, after a `begin` how that process ended."""
        assert self._process.stdout
        return int(await self._process.stdout.readline())

    def kill(self) -> None:
        if not self.killed:
            os.kill(self._pid, signal.SIGKILL)
        self.killed = True


def fork_for_each_line(act: Callable[[str], None]) -> None:
    """Do what each line of standard input says in a process of its own, until there is none left."""
    for line in sys.stdin:
        waits, goes = os.pipe()
        if (pid := os.fork()) == 0:
            os.read(waits, 1)
            act(line.strip())
            os._exit(0)
        print(pid, flush=True)
        assert sys.stdin.readline() == "go\n"
        os.write(goes, b"!")
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
        os.close(waits)
        os.close(goes)
