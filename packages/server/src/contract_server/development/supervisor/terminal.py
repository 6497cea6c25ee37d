"""Output in the terminal where the environment runs."""

import sys
from contextlib import suppress


def show(line: str) -> None:
    """Print a line of the supervisor."""
    _write(line)


def show_output(name: str, line: str) -> None:
    """Print a process's line after its name."""
    _write(f"{name:<10} | {line}")


def show_error(line: str) -> None:
    """Print an error."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def _write(line: str) -> None:
    # the terminal may be gone already, and everything must still stop gracefully
    with suppress(OSError):
        print(line, flush=True)
