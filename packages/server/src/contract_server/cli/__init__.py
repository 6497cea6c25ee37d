"""The `contract-server` command: what operators type. One module a subject, and here the list of them all."""

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
from contract_server.db.availability import is_unavailable, lacks_schema
from contract_server.settings import SettingsError

_OF_DISKS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)

cli = typer.Typer(
    name="contract-server",
    help="The contract-termination backend of おまかせログイン.",
    epilog="Exit status: 0 done; 1 no, or something is left; 2 not understood; 3 a setting is missing or wrong;"
    " 4 the database or Redis is out of reach.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

for panel, commands in {
    "Run it": (processes.dev, processes.serve, processes.worker),
    "Before it runs": (settings.settings, database.migrate, database.seed_demo, importing.import_),
    "Contracts and people": (terminate_resume.terminate, terminate_resume.resume),
    "What falls due": (schedule.due, schedule.sweep, doctor.doctor),
    "For developers": (schema.export_schema,),
}.items():
    for command in commands:
        cli.command(command.__name__.strip("_").replace("_", "-"), rich_help_panel=panel)(command)
cli.add_typer(contracts.cli, name="contracts", rich_help_panel="Contracts and people")
cli.add_typer(users.cli, name="user", rich_help_panel="Contracts and people")
cli.add_typer(erasures.cli, name="erasures", rich_help_panel="What falls due")
cli.add_typer(mails.cli, name="mails", rich_help_panel="What falls due")


def main() -> None:
    """Run the command; what a user can put right is told in one line."""
    try:
        cli()
    except Refusal as refusal:
        _end(str(refusal), refusal.status)
    except SettingsError as error:
        _end(str(error), Status.MISCONFIGURED)
    except Exception as error:
        if lacks_schema(error):
            _end("the database has another version's schema; see `contract-server migrate`", Status.OUT_OF_REACH)
        if isinstance(error, OSError) and error.errno in _OF_DISKS:
            _end(f"what is to be written cannot be ({error.strerror})", Status.NO)
        if not is_unavailable(error):
            raise
        _end("the database cannot be reached; see DATABASE_URL", Status.OUT_OF_REACH)


def _end(message: str, status: Status) -> NoReturn:
    sys.stderr.write(f"contract-server: {message}\n")
    sys.exit(status)
