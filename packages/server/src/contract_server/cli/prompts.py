"""Prompts: confirmation of changes, and passwords, which no command line may contain."""

import sys
from getpass import getpass
from typing import Annotated

import typer

from contract_server.cli.exit_status import Refusal, Status
from contract_server.visible_text import LONGEST_REASON, InvalidValue, require_line

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


def confirm(question: str, *, yes: bool) -> None:
    """Ask the operator to confirm, unless `yes` is set.

    Raises:
        Refusal: The operator declines, or standard input is no terminal.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refusal("confirmation needs a terminal; pass --yes to confirm without one", Status.MISUNDERSTOOD)
    sys.stderr.write(f"{question} [y/N] ")  # standard output carries the command's result
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Refusal("nothing was changed")


def require_reason(text: str) -> str:
    """Return the value of `--reason`.

    Raises:
        Refusal: It is not one line of visible characters, or too long.
    """
    try:
        return require_line(text, LONGEST_REASON)
    except InvalidValue as error:
        raise Refusal(f"--reason: {error}", Status.MISUNDERSTOOD) from None


def ask_password() -> str:
    """Read a new password: typed twice without echo, or, without a terminal, the first line of standard input.

    Raises:
        Refusal: The two differ, or the line is not UTF-8.
    """
    if not sys.stdin.isatty():
        try:
            return sys.stdin.readline().rstrip("\r\n")
        except UnicodeDecodeError:
            raise Refusal("the password: expected text in UTF-8", Status.MISUNDERSTOOD) from None
    password = getpass("New password: ")
    if getpass("Repeat the password: ") != password:
        raise Refusal("the two passwords differ; nothing was changed", Status.MISUNDERSTOOD)
    return password
