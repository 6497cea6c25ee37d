"""Telling the worker that there is something to do now. Never needed: its next sweep finds it all the same."""

from typing import Protocol


class WakeUps(Protocol):
    """Wakes the worker."""

    def wake(self) -> None:
        """Say that there is something to do. Returns at once and never fails."""
        ...


class NoWakeUps:
    """Wakes nobody: the sweep does it in its own time."""

    def wake(self) -> None:
        """Do nothing."""
