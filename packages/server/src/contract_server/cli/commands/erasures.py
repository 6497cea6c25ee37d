"""Erasures: what is coming, what waits for a person's word, what there is to show for those that were done."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import orjson
import typer

from contract_server.cli.bootstrap import with_services
from contract_server.cli.commands.contracts import ContractId
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.output import Json, show_json, show_table
from contract_server.cli.prompts import Yes, confirm
from contract_server.erasure.breaker import Assessment
from contract_server.erasure.evidence import Evidence, first_broken_link, sealed_records
from contract_server.erasure.forecast import DueDay, FailedAction, erasures_by_day, list_failed_actions
from contract_server.erasure.ledger import LedgerCorrupt, LedgerUnavailable
from contract_server.erasure.replay import ReplayPlan
from contract_server.schedule.failed_actions import retry_failed
from contract_server.services import Services
from contract_server.settings.durations import parse_duration

cli = typer.Typer(
    no_args_is_help=True, help="What is due for erasure, what stops it, what there is to show for what was erased."
)


@cli.command()
def plan(
    within: Annotated[str, typer.Option(help="How far ahead to look: 36h, 7d.", metavar="SPAN")] = "14d",
    json: Json = False,
) -> None:
    """Show what is due for erasure and what soon will be, day by day, and whether the breaker stops it.

    Example: contract-server erasures plan --within 30d
    """
    try:
        ahead = parse_duration(within)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--within") from None

    async def look(services: Services) -> tuple[datetime, Assessment, list[DueDay], list[FailedAction]]:
        now = await services.clock.now()
        by_day = await erasures_by_day(services.policies, now, ahead)
        return now, await services.breaker.assess(now), by_day, await list_failed_actions()

    now, assessment, by_day, set_aside = with_services(look)
    if json:
        breaker = {"due": assessment.due, "limit": assessment.limit, "stops": assessment.stopped}
        acts = [asdict(each) for each in set_aside]
        show_json({"now": now, "breaker": breaker, "days": [asdict(each) for each in by_day], "set_aside": acts})
        return
    show_table(
        ("due on", "contracts", "on hold", "failing", "set aside"),
        [(each.day, each.contracts, each.held, each.failing, each.set_aside) for each in by_day],
    )
    for each in set_aside:
        typer.echo(
            f"{each.act} of {each.contract_id} was set aside after {each.tries} tries ({each.failure});"
            f" once the cause is put right: contract-server erasures retry {each.contract_id}"
        )
    typer.echo(_breaker_in_words(assessment))


@cli.command()
def approve(yes: Yes = False) -> None:
    """Let pass a wave of erasures that the breaker has stopped: exactly what is shown, and no later one.

    Example: contract-server erasures approve
    """

    async def look(services: Services) -> tuple[datetime, Assessment]:
        now = await services.clock.now()
        return now, await services.breaker.assess(now)

    now, seen = with_services(look)
    if not seen.stopped:
        raise Refusal(f"there is nothing to approve: {_breaker_in_words(seen)}")
    confirm(f"Erase {seen.due} contracts that were due by {now.isoformat(timespec='seconds')}?", yes=yes)
    with_services(lambda services: services.breaker.approve(seen, now))
    typer.echo(f"Approved: the next sweeps erase {seen.due} contracts.")


@cli.command()
def retry(contract: ContractId) -> None:
    """Try again, at the next sweep, what has failed for a contract and waits or was set aside.

    Example: contract-server erasures retry 018f0000-0000-7000-8000-000000000004
    """
    if not with_services(lambda _: retry_failed(contract)):
        raise Refusal("nothing that fell due has failed for this contract; see `contract-server erasures plan`")
    typer.echo("The next sweep tries it again.")


@cli.command()
def replay(
    ledger: Annotated[
        list[Path] | None, typer.Argument(help="Folders and files of the ledger; LEDGER_DIR where none is named.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase; without it, only show what would be.")] = False,
    json: Json = False,
) -> None:
    """Erase again, in a database that was restored from a backup, what had been erased since. Before it serves.

    Exit status: 0 the database agrees with the ledger now, 1 something is left to be done.

    Example: contract-server erasures replay --yes
    """

    async def run(services: Services) -> tuple[ReplayPlan, list[UUID]]:
        found = await services.replay.plan(await services.ledger.read(ledger or ()))
        return found, await services.replay.execute(found) if yes else []

    try:
        found, erased = with_services(run)
    except (LedgerUnavailable, LedgerCorrupt) as error:
        raise Refusal(f"nothing was done; the ledger cannot be read: {error}", Status.MISUNDERSTOOD) from None
    left = [entry.contract_id for entry in found.to_erase if entry.contract_id not in erased]
    if json:
        show_json(
            {
                "erased": erased,
                "to_erase": left,
                "erased_already": len(found.erased_already),
                "on_hold": found.held,
                "unknown": found.unknown,
            }
        )
    else:
        _tell_replay(found, erased, left, carried_out=yes)
    raise typer.Exit(Status.NO if left else Status.DONE)


@cli.command()
def evidence(
    contract: Annotated[
        UUID | None, typer.Argument(metavar="CONTRACT", help="The contract's id; all of them where none is named.")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Say whether the chain is whole, and where not.")] = False,
    file: Annotated[Path | None, typer.Option("--from", help="Take the records from a file of such lines.")] = None,
    json: Json = False,
) -> None:
    """Print the evidence of finished erasures, or verify it. As JSON, one record a line, it can be verified anywhere.

    Each record's hash is the SHA-256 of its other fields as `jq -cS 'del(.hash)'` writes them, without the line's end.

    Example: contract-server erasures evidence --json > evidence.jsonl
    """
    chain = _read_evidence(file) if file else with_services(lambda _: sealed_records())
    if verify:
        broken = first_broken_link(chain)
        if broken:
            whose = f" (contract {broken.contract_id})" if broken.contract_id else ""
            raise Refusal(f"the chain is broken at number {broken.sequence}{whose}: {broken.reason}")
        typer.echo(f"The chain is whole: {len(chain)} records.")
        return
    chosen = [each for each in chain if contract is None or each.get("contract_id") == str(contract)]
    if contract and not chosen:
        raise Refusal("no finished erasure of this contract is recorded")
    if json:
        for each in chosen:
            typer.echo(orjson.dumps(each, option=orjson.OPT_SORT_KEYS).decode())
    else:
        columns = ("sequence", "contract_id", "due_at", "finished_at", "erased_rows", "hash")
        show_table(columns, [[each.get(column) for column in columns] for each in chosen])


def _breaker_in_words(assessment: Assessment) -> str:
    if assessment.stopped:
        return (
            f"{assessment.due} contracts are due, more than the {assessment.limit} that pass by themselves:"
            " none is erased until `contract-server erasures approve`."
        )
    if assessment.approval is not None and assessment.due > assessment.limit:
        return f"{assessment.due} contracts are due; what was approved is being erased."
    return f"{assessment.due} contracts are due, and pass."


def _tell_replay(found: ReplayPlan, erased: list[UUID], left: list[UUID], *, carried_out: bool) -> None:
    for contract_id in found.unknown:
        typer.echo(f"unknown here: {contract_id}")
    for contract_id in found.held:
        typer.echo(f"on hold here, and never finished: {contract_id}; erased once the hold is released")
    for contract_id in left if carried_out else ():
        typer.echo(f"not erased: {contract_id}; see the log")
    typer.echo(f"erased again: {len(erased)}, erased already: {len(found.erased_already)}, left: {len(left)}")
    if left and not carried_out:
        typer.echo("Nothing was changed. Say --yes to erase them.")


def _read_evidence(file: Path) -> list[Evidence]:
    try:
        records: list[Evidence] = [orjson.loads(line) for line in file.read_bytes().splitlines()]
        if all(isinstance(each, dict) for each in records):
            return records
    except (OSError, ValueError):
        pass
    raise Refusal(
        f"{file}: expected lines as `contract-server erasures evidence --json` writes them", Status.MISUNDERSTOOD
    )
