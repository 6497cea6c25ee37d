"""The `contract-server` command of operators. Each subject has one module; this one registers them all."""

import errno
import sys
from typing import NoReturn

import typer

from contract_server.cli.commands import (
    contracts,
    database,
    doctor,
    erasures,
    importing,
    mails,
    processes,
    schedule,
    schema,
    settings,
    terminate_resume,
    users,
)
from contract_server.cli.exit_status import Refusal, Status
from contract_server.db.availability import lacks_schema, transient_reason
from contract_server.settings import SettingsError

_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)

cli = typer.Typer(
    name="contract-server",
    help="The contract-termination backend of おまかせログイン.",
    epilog="Exit status: 0 done; 1 refused, not found or incomplete; 2 not understood; 3 a setting is missing or wrong;"
    " 4 the database or Redis cannot be reached.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

for panel, commands in {
    "Run": (processes.dev, processes.serve, processes.worker),
    "Prepare": (settings.settings, database.migrate, database.seed_demo, importing.import_),
    "Contracts and accounts": (terminate_resume.terminate, terminate_resume.resume),
    "Due work": (schedule.due, schedule.sweep, doctor.doctor),
    "Development": (schema.export_schema,),
}.items():
    for command in commands:
        cli.command(command.__name__.strip("_").replace("_", "-"), rich_help_panel=panel)(command)
cli.add_typer(contracts.cli, name="contracts", rich_help_panel="Contracts and accounts")
cli.add_typer(users.cli, name="user", rich_help_panel="Contracts and accounts")
cli.add_typer(erasures.cli, name="erasures", rich_help_panel="Due work")
cli.add_typer(mails.cli, name="mails", rich_help_panel="Due work")


def main() -> None:
    """Run the command; report errors that the user can correct in one line."""
    try:
        cli()
    except Refusal as refusal:
        _exit(str(refusal), refusal.status)
    except SettingsError as error:
        _exit(str(error), Status.MISCONFIGURED)
    except Exception as error:
        if lacks_schema(error):
            _exit("the database has another version's schema; see `contract-server migrate`", Status.OUT_OF_REACH)
        if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
            _exit(f"writing failed ({error.strerror}); free or replace the disk, and run the command again", Status.NO)
        reason = transient_reason(error)
        if reason is None:
            raise
        _exit(f"{reason}; see DATABASE_URL", Status.OUT_OF_REACH)


def _exit(message: str, status: Status) -> NoReturn:
    sys.stderr.write(f"contract-server: {message}\n")
    sys.exit(status)
