"""What the system knows of running processes."""

from pathlib import Path


def children_of(process: int) -> set[int]:
    """The ids of the processes that a process has started."""
    return set(map(int, Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()))


def is_running(process: int) -> bool:
    return Path(f"/proc/{process}").exists()
