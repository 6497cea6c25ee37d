"""The commands for due actions: list them, run them once."""

from datetime import timedelta
from typing import Any

import typer

from contract_server.cli.bootstrap import with_services
from contract_server.cli.exit_status import Status
from contract_server.cli.output import Json, Limit, echo, show_first
from contract_server.cli.values import Within
from contract_server.contracts.due import list_due
from contract_server.schedule.due_actions import SweepReport
from contract_server.services import Services
from contract_server.settings import load_worker_settings
from contract_server.settings.durations import so_far_ahead
from contract_server.worker.sweep import sweep_once


def due(
    within: Within = "7d",  # type: ignore[assignment] # typer parses it
    limit: Limit = 1_000,
    json: Json = False,
) -> None:
    """List due actions, the oldest first: all overdue ones, and those of the coming days.

    Example: contract-server due --within 30d --json
    """
    rows = with_services(lambda services: _due(services, within, limit + 1))
    show_first(("contract", "act", "due at", "overdue", "on hold"), rows, limit, json=json)


async def _due(services: Services, within: timedelta, limit: int) -> list[dict[str, Any]]:
    now = await services.clock.now()
    return [
        {
            "contract_id": due_action.contract_id,
            "act": due_action.action,
            "due_at": due_action.due_at.astimezone(services.policies.zone),
            "overdue": due_action.due_at <= now and not due_action.on_hold,
            "on_hold": due_action.on_hold,
        }
        for due_action in await list_due(so_far_ahead(now, within), limit)
    ]


def sweep() -> None:
    """Run all due actions and send pending mails once, as the worker does regularly. Needs no Redis.

    Exit status: 0 no due action failed, 1 one failed: the next sweeps try again.

    Example: contract-server sweep
    """
    load_worker_settings()
    report = with_services(_sweep)
    echo(f"done: {report.done}, failed: {len(report.failed)}, left for later: {len(report.skipped)}")
    raise typer.Exit(Status.NO if report.failed else Status.DONE)


async def _sweep(services: Services) -> SweepReport:
    """Sweep until one sweep is complete: the duration of each is limited."""
    report = await sweep_once(services)
    while not report.complete:
        before, report = report, await sweep_once(services)
        report.done += before.done
        report.failed |= before.failed
    return report
