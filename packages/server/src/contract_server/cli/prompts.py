"""Asking before something is changed that cannot be taken back, and for what no command line may hold."""

import sys
from getpass import getpass
from typing import Annotated

import typer

from contract_server.cli.exit_status import Refusal, Status

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before it is done.")]


def confirm(question: str, *, yes: bool) -> None:
    """Go on where the operator agrees, on the command line already or when asked.

    Raises:
        Refusal: They do not, or there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refusal("nobody is there to be asked: say --yes to agree beforehand", Status.MISUNDERSTOOD)
    sys.stderr.write(f"{question} [y/N] ")  # not where a script reads the answer
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Refusal("nothing was changed")


def ask_password() -> str:
    """A new password: typed twice unseen, or, where nobody is at the terminal, the first line of standard input.

    Raises:
        Refusal: The two are not the same.
    """
    if not sys.stdin.isatty():
        try:
            return sys.stdin.readline().rstrip("\r\n")
        except UnicodeDecodeError:
            raise Refusal("the password: expected text in UTF-8", Status.MISUNDERSTOOD) from None
    password = getpass("New password: ")
    if getpass("The same again: ") != password:
        raise Refusal("the two are not the same; nothing was changed", Status.MISUNDERSTOOD)
    return password
