"""The exit statuses of every command, so that a script can tell "no" from "not now"."""

from enum import IntEnum


class Status(IntEnum):
    """What a command came to."""

    DONE = 0
    """What was asked for is so."""
    NO = 1
    """The answer is no: refused, not found, or something is left; nothing was half done."""
    MISUNDERSTOOD = 2
    """The command line, or the file that it names, is not of the kind that is expected."""
    MISCONFIGURED = 3
    """A setting is missing or wrong; the line names it."""
    OUT_OF_REACH = 4
    """The database or Redis is away, or lacks this version's schema: the same command may succeed later."""


class Refusal(Exception):  # not of typer's kinds: what ends a command with one line is said in one place
    """The command ends with one line that says why, and what to do."""

    def __init__(self, message: str, status: Status = Status.NO) -> None:
        super().__init__(message)
        self.status = status
