"""The `contract-server` command: what operators type. One module a subject, and here the list of them all."""

import sys

import typer

from contract_server.cli import database, processes, schedule, schema
from contract_server.db.availability import is_unavailable
from contract_server.settings import SettingsError

cli = typer.Typer(
    name="contract-server",
    help="The contract-termination backend of おまかせログイン.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

for panel, commands in {
    "Run it": (processes.dev, processes.serve, processes.worker),
    "The database": (database.migrate, database.seed_demo),
    "What falls due": (schedule.sweep,),
    "For developers": (schema.export_schema,),
}.items():
    for command in commands:
        cli.command(rich_help_panel=panel)(command)


def main() -> None:
    """Run the command; what a user can put right is told in one line."""
    try:
        cli()
    except SettingsError as error:
        sys.exit(f"contract-server: {error}")
    except Exception as error:
        if not is_unavailable(error):
            raise
        sys.exit("contract-server: the database cannot be reached; see DATABASE_URL")
