"""Processes that can be killed, forked from a program that has everything imported.

The program reads lines; for each it forks a process and prints its pid; when told to `go`, that process does what the
line says; at its end, its exit status is printed.
"""

import asyncio
import os
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
