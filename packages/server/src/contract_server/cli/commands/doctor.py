"""The command that checks all promises, for people and for monitoring."""

from dataclasses import asdict

import typer
from rich.console import Console
from rich.progress import Progress

from contract_server.cli.bootstrap import with_services
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.output import Json, show_json, show_table
from contract_server.db.availability import is_transient, lacks_schema
from contract_server.monitoring.doctor import count_steps, examine_thoroughly
from contract_server.monitoring.health import Health
from contract_server.services import Services
from contract_server.settings import SettingsError


def doctor(json: Json = False) -> None:
    """Check every promise: nothing is late, erased data is erased, the evidence is complete.

    Exit status: 0 every promise is kept, 1 one is broken, any other: the check could not run.

    Example: contract-server doctor --json
    """
    try:
        health = with_services(_examine)
    except Exception as error:
        if isinstance(error, Refusal | SettingsError) or is_transient(error) or lacks_schema(error):
            raise
        raise Refusal(f"the check could not run: {type(error).__name__}", Status.OUT_OF_REACH) from error
    if json:
        checks = [{**asdict(check), "ok": check.ok} for check in health.checks]
        show_json({"now": health.now, "last_sweep_at": health.last_sweep_at, "ok": health.ok, "checks": checks})
    else:
        rows = [("ok" if check.ok else "BROKEN", check.name, check.count, check.detail) for check in health.checks]
        show_table(("", "promise", "count", "what is promised"), rows)
    raise typer.Exit(Status.DONE if health.ok else Status.NO)


async def _examine(services: Services) -> Health:
    """Run the checks; show on a terminal how far they are."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("contracts and evidence", total=await count_steps())
        return await examine_thoroughly(
            services.clock,
            services.breaker,
            services.ledger,
            must_keep_ledger=not services.settings.development,
            audit_kept_for=services.settings.audit_retention,
            progress=lambda steps: bar.advance(task, steps),
        )
