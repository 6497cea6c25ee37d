"""The commands for erasures: plan, approval, retry, replay, evidence."""

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import typer

from contract_rules import Language
from contract_server import event_loop
from contract_server.cli.acting_as import As, with_services_as
from contract_server.cli.bootstrap import Result, with_services
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.output import Json, echo, show_json, show_table
from contract_server.cli.prompts import Yes, confirm
from contract_server.cli.values import Within, parse_contract_id
from contract_server.contracts.result import NotPossible
from contract_server.erasure.breaker import Assessment
from contract_server.erasure.evidence import Evidence, sealed_records, verify_chain
from contract_server.erasure.forecast import DueDay, FailedAction, erasures_by_day, list_failed_actions
from contract_server.erasure.ledger import LedgerCorrupt, LedgerUnavailable
from contract_server.erasure.models import ErasureApprovalRequest
from contract_server.erasure.replay import ReplayPlan
from contract_server.graphql.operations.problems import NOT_POSSIBLE
from contract_server.policies.policies import served_policies
from contract_server.schedule.failed_actions import retry_failed
from contract_server.services import Services

_EXPECTED_LINES = "expected lines as `contract-server erasures evidence --json` writes them"

cli = typer.Typer(no_args_is_help=True)


@cli.command()
def plan(
    within: Within = "14d",  # type: ignore[assignment] # typer parses it
    json: Json = False,
) -> None:
    """Show the due and the coming erasures, day by day. It is said which the breaker stops.

    Example: contract-server erasures plan --within 30d
    """

    async def forecast(services: Services) -> tuple[datetime, Assessment, list[DueDay], list[FailedAction]]:
        now = await services.clock.now()
        by_day = await erasures_by_day(services.policies, now, within)
        return now, await services.breaker.assess(now), by_day, await list_failed_actions()

    now, assessment, by_day, failed = with_services(forecast)
    if json:
        breaker = {"due": assessment.due, "limit": assessment.limit, "stops": assessment.stopped}
        actions = [asdict(action) for action in failed]
        show_json({"now": now, "breaker": breaker, "days": [asdict(day) for day in by_day], "set_aside": actions})
        return
    show_table(
        ("due on", "contracts", "on hold", "failing", "set aside"),
        [(day.day, day.contracts, day.held, day.failing, day.set_aside) for day in by_day],
    )
    for action in failed:
        echo(
            f"{action.act} of {action.contract_id} failed after {action.tries} tries ({action.failure}); correct the"
            f" cause, then run: contract-server erasures retry {action.contract_id}"
        )
    echo(_breaker_in_words(assessment))


@cli.command()
def approve(as_: As = None, yes: Yes = False) -> None:
    """Approve a wave of erasures that the breaker has stopped. No later ones are approved with it.

    In production, the first operator asks by this command, and another one approves by it.

    Example: contract-server erasures approve
    """

    async def assess(services: Services) -> tuple[datetime, Assessment, ErasureApprovalRequest | None]:
        now = await services.clock.now()
        request = await services.approvals.find_request() if services.settings.needs_second_person else None
        return now, await services.breaker.assess(now), request

    now, assessment, request = with_services_as(as_, assess)
    if not assessment.stopped:
        raise Refusal(f"there is nothing to approve: {_breaker_in_words(assessment)}")
    contracts, due_by = (request.contracts, request.requested_at) if request else (assessment.due, now)
    confirm(f"Erase {contracts} contracts that were due by {due_by.isoformat(timespec='seconds')}?", yes=yes)

    async def approve_or_request(services: Services) -> str:
        if not services.settings.needs_second_person:
            await services.breaker.approve(assessment, now)
        elif request is None:
            await services.approvals.request()
            return "Requested: another operator approves it by the same command."
        else:
            await services.approvals.approve(request.id)
        return f"Approved: the next sweeps erase {contracts} contracts."

    try:
        echo(with_services_as(as_, approve_or_request))
    except NotPossible as error:
        raise Refusal(NOT_POSSIBLE[error.obstacle][Language.EN]) from None


@cli.command()
def retry(
    contract: Annotated[
        UUID | None, typer.Argument(parser=parse_contract_id, metavar="CONTRACT", help="The contract's id.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Retry the failed actions of all contracts.")] = False,
    as_: As = None,
) -> None:
    """Retry the failed actions of a contract, or of all. Correct the cause first: the next sweep runs them.

    Example: contract-server erasures retry 018f0000-0000-7000-8000-000000000004
    """
    if (contract is None) != all_:
        raise typer.BadParameter("pass the id of a contract, or --all")
    retried = with_services_as(as_, lambda _: retry_failed(contract))
    if not retried:
        raise Refusal("no such due action has failed; see `contract-server erasures plan`")
    echo(f"The next sweep tries {retried} actions again." if all_ else "The next sweep tries again.")


@cli.command()
def replay(
    ledger: Annotated[
        list[Path] | None, typer.Argument(help="Folders and files of the ledger; LEDGER_DIR without them.")
    ] = None,
    as_: As = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase; without it, only show what would be erased.")] = False,
    json: Json = False,
) -> None:
    """Repeat the erasures that a restored backup has undone. Run it before the server starts.

    Exit status: 0 the database agrees with the ledger, 1 erasures are left to do.

    Example: contract-server erasures replay --yes
    """

    async def run(services: Services) -> tuple[ReplayPlan, list[UUID]]:
        undone = await services.replay.plan(await services.ledger.read(ledger or ()))
        return undone, await services.replay.execute(undone) if yes else []

    try:
        undone, erased = with_services_as(as_, run) if yes else with_services(run)
    except (LedgerUnavailable, LedgerCorrupt) as error:
        raise Refusal(f"nothing was done; the ledger cannot be read: {error}", Status.MISUNDERSTOOD) from None
    remaining = [entry.contract_id for entry in undone.to_erase if entry.contract_id not in erased]
    if json:
        show_json(
            {
                "erased": erased,
                "to_erase": remaining,
                "erased_already": len(undone.erased_already),
                "on_hold": undone.held,
                "unknown": undone.unknown,
            }
        )
    else:
        _show_replay(undone, erased, remaining, carried_out=yes)
    raise typer.Exit(Status.NO if remaining else Status.DONE)


@cli.command()
def evidence(
    contract: Annotated[
        UUID | None,
        typer.Argument(
            parser=parse_contract_id, metavar="CONTRACT", help="The contract's id; all contracts without it."
        ),
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Check that the chain is complete and unchanged.")] = False,
    file: Annotated[Path | None, typer.Option("--from", help="Read the records from a file of JSON lines.")] = None,
    json: Json = False,
) -> None:
    """Print the evidence of finished erasures, or verify it.

    What other services have confirmed is in the same chain. With --json, each line is one record, as it is hashed.

    Each record's hash is the SHA-256 of its other fields as `jq -cS 'del(.hash)'` writes them, without the line end.

    Example: contract-server erasures evidence --json > evidence.jsonl
    """

    def run(consume: Callable[[AsyncIterator[Evidence], ZoneInfo], Coroutine[Any, Any, Result]]) -> Result:
        if file:
            return event_loop.run(consume(_read_evidence(file), served_policies().zone))
        return with_services(lambda services: consume(sealed_records(), services.policies.zone))

    if verify:
        broken, verified = run(lambda chain, _: verify_chain(chain))
        if broken:
            of_contract = f" (contract {broken.contract_id})" if broken.contract_id else ""
            raise Refusal(f"the chain is broken at number {broken.sequence}{of_contract}: {broken.reason}")
        echo(f"The chain is whole: {verified} records.")
    elif not run(lambda chain, zone: _show_evidence(chain, zone, contract, json=json)) and contract:
        raise Refusal("no finished erasure of this contract is recorded")


async def _show_evidence(chain: AsyncIterator[Evidence], zone: ZoneInfo, contract: UUID | None, *, json: bool) -> int:
    """Show the records of one contract, or all; return their number."""
    rows, shown = [], 0
    async for record in chain:
        if contract is not None and record.get("contract_id") != str(contract):
            continue
        shown += 1
        if json:  # a line at a time: a table needs the width of all its rows
            echo(orjson.dumps(record, option=orjson.OPT_SORT_KEYS).decode())
        else:
            rows.append(_evidence_in_words(record, zone))
    if rows or (not json and contract is None):
        show_table(("number", "contract", "at", "what", "hash"), rows)
    return shown


def _evidence_in_words(record: Evidence, zone: ZoneInfo) -> list[object]:
    try:
        at, what = _confirmation(record) if "confirmed_at" in record else _erasure(record, zone)
        instant = datetime.fromisoformat(at).astimezone(zone)
        return [record["sequence"], record["contract_id"], instant, what, record["hash"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Refusal(f"--from: {_EXPECTED_LINES}", Status.MISUNDERSTOOD) from None


def _erasure(record: Evidence, zone: ZoneInfo) -> tuple[str, str]:
    due_at = datetime.fromisoformat(record["due_at"]).astimezone(zone)
    erased = ", ".join(f"{count} of {table}" for table, count in sorted(record["erased_rows"].items()))
    return record["finished_at"], f"was due at {due_at.isoformat(timespec='seconds')} and erased: {erased or 'no rows'}"


def _confirmation(record: Evidence) -> tuple[str, str]:
    retained = f" until {record['until']}: {record['reason']}" if record["until"] else ""
    return record["confirmed_at"], f"confirmed by {record['service_name']}: {record['outcome']}{retained}"


def _breaker_in_words(assessment: Assessment) -> str:
    if assessment.stopped:
        return (
            f"{assessment.due} contracts are due, more than the limit of {assessment.limit}:"
            " none is erased until you run `contract-server erasures approve`."
        )
    if assessment.approval is not None and assessment.due > assessment.limit:
        return f"{assessment.due} contracts are due; the approved ones are being erased."
    return f"{assessment.due} contracts are due, within the limit of {assessment.limit}."


def _show_replay(undone: ReplayPlan, erased: list[UUID], remaining: list[UUID], *, carried_out: bool) -> None:
    for contract_id in undone.unknown:
        echo(f"not in this database: {contract_id}")
    for contract_id in undone.held:
        echo(f"on hold, and never completely erased: {contract_id}; release the hold to erase it")
    for contract_id in remaining if carried_out else ():
        echo(f"not erased: {contract_id}; see the log")
    echo(f"erased again: {len(erased)}, erased already: {len(undone.erased_already)}, left: {len(remaining)}")
    if remaining and not carried_out:
        echo("Nothing was changed. Pass --yes to erase them.")


async def _read_evidence(file: Path) -> AsyncIterator[Evidence]:
    try:
        with file.open("rb") as lines:
            for line in lines:
                record = orjson.loads(line)
                if not isinstance(record, dict):
                    raise TypeError  # noqa: TRY301 - reported like a line that is no JSON
                yield record
    except OSError as error:
        raise Refusal(f"--from: {file} cannot be read ({error.strerror})", Status.MISUNDERSTOOD) from None
    except (ValueError, TypeError):
        raise Refusal(f"--from: {file}: {_EXPECTED_LINES}", Status.MISUNDERSTOOD) from None
