"""What falls due, and doing it by hand."""

import typer

from contract_server.cli.running import with_services
from contract_server.sweep import sweep_once


def sweep() -> None:
    """Do once what the worker does again and again, without Redis: all that is due, and the mails that are owed."""
    report = with_services(sweep_once)
    typer.echo(f"done: {report.done}, failed: {len(report.failed)}, left for later: {len(report.passed_over)}")
    raise typer.Exit(1 if report.failed else 0)
