"""What people see in the terminal where the environment runs."""

import sys
from contextlib import suppress


def say(line: str) -> None:
    """A line of the supervisor's own."""
    _write(line)


def relay(name: str, line: str) -> None:
    """A line that a child has written, with its name before it."""
    _write(f"{name:<10} | {line}")


def complain(line: str) -> None:
    """Why it goes no further."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def _write(line: str) -> None:
    # the terminal may be gone already, and everything is to be stopped in good order all the same
    with suppress(OSError):
        print(line, flush=True)
