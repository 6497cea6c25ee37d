"""Every command by its name: the module that defines it, and the line that lists it.

A command's module is imported when the command runs: all of them together take more than a second to import.
"""

from importlib import import_module
from typing import Any

import typer

COMMANDS = {
    "dev": ("processes:dev", "Start everything on this machine, with demonstration data."),
    "serve": ("processes:serve", "Serve the API."),
    "worker": ("processes:worker", "Run the worker: end of service, erasures, mails."),
    "settings": ("settings:settings", "Show every setting: its value, its source and its meaning."),
    "migrate": ("database:migrate", "Bring the database to the schema of this version."),
    "seed-demo": ("database:seed_demo", "Fill an empty development database with demonstration data."),
    "import": ("importing:import_", "Import contracts with their contractors and members."),
    "terminate": ("terminate_resume:terminate", "Terminate a contract (契約終了) for its contractor."),
    "resume": ("terminate_resume:resume", "Resume a contract (契約再開) for its contractor."),
    "hold": ("holds:hold", "Put the erasure of a contract on hold."),
    "release": ("holds:release", "Release a hold on an erasure."),
    "audit": ("audit:audit", "List who did what, newest first."),
    "contracts": ("contracts:cli", "Look at contracts: list, find, show."),
    "user": (
        "users:cli",
        "Accounts: list, show, add, password, unlock, enrol, disable, enable, rename, change-address, transfer.",
    ),
    "services": ("integration.services:cli", "Other services: add, list, rotate, revoke."),
    "webhooks": ("integration.webhooks:cli", "Webhooks: add, list, deliveries, retry, dismiss, rotate, remove."),
    "due": ("schedule:due", "List due actions: all overdue ones, and those of the coming days."),
    "sweep": ("schedule:sweep", "Run all due actions and send pending mails, once."),
    "doctor": ("doctor:doctor", "Check every promise: nothing late, erased data erased, evidence complete."),
    "monitoring": ("monitoring:monitoring", "Show the alerts, or write them as Prometheus' rules."),
    "erasures": ("erasures:cli", "Erasures: plan, approve, retry, replay, evidence."),
    "mails": ("mails:cli", "Failed mails: list, retry, dismiss."),
    "export-schema": ("schema:export_schema", "Write the GraphQL schema in SDL."),
}


def command_line(*names: str) -> typer.Typer:
    """Build the command line. Only the named commands can be run; the others are listed."""
    cli = typer.Typer(
        name="contract-server",
        help="The contract-termination backend of おまかせログイン.",
        epilog="Exit status: 0 done; 1 refused, not found or incomplete; 2 not understood; 3 a setting is missing or"
        " wrong; 4 the database cannot be reached.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        add_completion=False,
    )
    for name, (place, summary) in COMMANDS.items():
        command = _load(place) if name in names else _listed
        if isinstance(command, typer.Typer):
            cli.add_typer(command, name=name, help=summary, short_help=summary)
        else:
            cli.command(name, short_help=summary)(command)
    return cli


def _load(place: str) -> Any:  # noqa: ANN401 - a function, or a `Typer` of several
    module, _, attribute = place.partition(":")
    return getattr(import_module(f"contract_server.cli.commands.{module}"), attribute)


def _listed() -> None:
    """A command that is listed, and not run."""
