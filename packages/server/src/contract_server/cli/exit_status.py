"""The exit statuses of all commands: scripts can distinguish a refusal from an outage."""

from enum import IntEnum


class Status(IntEnum):
    """The result of a command."""

    DONE = 0
    """The command did its work."""
    NO = 1
    """Refused, not found, or work is left; no single change was half done."""
    MISUNDERSTOOD = 2
    """The command line, or a file that it names, is not in the expected form."""
    MISCONFIGURED = 3
    """A setting is missing or wrong; the error line names it."""
    OUT_OF_REACH = 4
    """The database does not serve, or lacks this version's schema: the same command may succeed later."""


class Refusal(Exception):  # no exception of typer: `main` formats every error line
    """An error that ends the command with one line: what is wrong, and what to do."""

    def __init__(self, message: str, status: Status = Status.NO) -> None:
        super().__init__(message)
        self.status = status
