"""The `contract-server` command of operators. Each subject has one module; `command_line` names them all."""

import sys

from contract_server.cli.command_line import command_line
from contract_server.cli.exit_status import Refusal
from contract_server.visible_text import escape, escape_unencodable


def main() -> None:
    """Run the command; report errors that the user can correct in one line."""
    escape_unencodable(sys.stdout)
    escape_unencodable(sys.stderr)
    try:
        command_line(*sys.argv[1:2])()
    except Refusal as refusal:
        _exit(refusal)
    except Exception as error:
        from contract_server.cli.failures import describe_failure  # noqa: PLC0415 - its imports take long

        failure = describe_failure(error)
        if failure is None:
            raise
        _exit(failure)


def _exit(refusal: Refusal) -> None:
    sys.stderr.write(f"contract-server: {escape(str(refusal))}\n")
    sys.exit(refusal.status)
