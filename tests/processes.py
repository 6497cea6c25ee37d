"""What the system knows of running processes."""

from contextlib import suppress
from pathlib import Path


def children_of(process: int) -> set[int]:
    """The ids of the processes that a process has started."""
    return set(map(int, Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()))


def descendants_of(process: int) -> set[int]:
    """The ids of the processes that a process has started, in any of its threads, and of theirs."""
    found: set[int] = set()
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):  # the thread or the process has ended
            for child in map(int, children.read_text(encoding="ascii").split()):
                found |= {child} | descendants_of(child)
    return found


def is_running(process: int) -> bool:
    return Path(f"/proc/{process}").exists()
