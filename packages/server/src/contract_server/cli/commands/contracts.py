"""The commands that show contracts."""

from collections.abc import Awaitable, Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from tortoise.models import Model

from contract_rules import Status as ContractStatus
from contract_rules import service_available
from contract_server.accounts.models import Account
from contract_server.cli.bootstrap import with_services
from contract_server.cli.exit_status import Refusal
from contract_server.cli.output import Json, Limit, echo, show_first, show_json, show_table
from contract_server.cli.values import parse_contract_id
from contract_server.contracts.holds.records import HoldRecord, Operator, find_holds
from contract_server.contracts.lookup.receipt_numbers import format_receipt_number
from contract_server.contracts.models import Company, ContractEvent, Member
from contract_server.contracts.queries import ContractFilter, contract_cursor, find_contracts
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.store import find_snapshot
from contract_server.db.pages import LARGEST_PAGE, Part
from contract_server.erasure.confirmations import list_confirmations
from contract_server.services import Services

ContractId = Annotated[UUID, typer.Argument(metavar="CONTRACT", help="The contract's id.", parser=parse_contract_id)]

_LISTED = ("id", "status", "started_on", "ended_on", "resumable_through", "registered_through", "on_hold")
_HEADINGS = [name.replace("_", " ") for name in _LISTED]

cli = typer.Typer(no_args_is_help=True)


@cli.command("list")
def list_(
    status: Annotated[
        list[ContractStatus] | None, typer.Option(help="Only contracts in this status; can be repeated.")
    ] = None,
    erasure_due_by: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only contracts to be erased on or before this day."),
    ] = None,
    on_hold: Annotated[
        bool | None, typer.Option("--on-hold/--not-on-hold", help="Only contracts whose erasure is on hold, or is not.")
    ] = None,
    limit: Limit = LARGEST_PAGE,
    json: Json = False,
) -> None:
    """List contracts, the newest first.

    Example: contract-server contracts list --status TERMINATED --erasure-due-by 2024-04-16
    """

    def find(services: Services) -> Awaitable[list[dict[str, Any]]]:
        due_by = services.policies.end_of(erasure_due_by) if erasure_due_by else None
        filters = ContractFilter(tuple(status) if status else None, due_by, on_hold)
        return _find(filters, limit + 1)

    show_first(_HEADINGS, with_services(find), limit, json=json)


@cli.command("find")
def find_(
    text: Annotated[str, typer.Argument(help="The beginning of a name, address, number or id; a receipt number.")],
    limit: Limit = LARGEST_PAGE,
    json: Json = False,
) -> None:
    """Find contracts by what a caller says.

    Width, case, hyphens and 株式会社 do not matter.

    Example: contract-server contracts find いずみ商店
    """
    contracts = with_services(lambda _: _find(ContractFilter(search=text), limit + 1))
    show_first(_HEADINGS, contracts, limit, json=json)


@cli.command()
def show(contract: ContractId, json: Json = False) -> None:
    """Show everything stored about one contract. That includes personal data.

    Example: contract-server contracts show 018f0000-0000-7000-8000-000000000001 --json
    """
    description = with_services(lambda services: describe(services, contract))
    if json:
        show_json(description)
        return
    lists = [description.pop(name) for name in ("events", "holds", "confirmations")]
    show_table(("contract", ""), _flatten(description))
    for rows in filter(None, lists):
        echo("")
        show_table([name.replace("_", " ") for name in rows[0]], [list(row.values()) for row in rows])


async def require_contract(contract_id: UUID) -> ContractSnapshot:
    """Return the contract in its present state.

    Raises:
        Refusal: There is no such contract.
    """
    contract = await find_snapshot(contract_id)
    if contract is None:
        raise Refusal("there is no such contract; see `contract-server contracts list`")
    return contract


async def describe(services: Services, contract_id: UUID) -> dict[str, Any]:
    """Return everything stored about one contract.

    Raises:
        Refusal: There is no such contract.
    """
    contract = await require_contract(contract_id)
    now, zone = await services.clock.now(), services.policies.zone
    company = await Company.get_or_none(contract_id=contract_id)
    contractor = await Account.get_or_none(contract_id=contract_id).only("id", "name", "email")
    events = await ContractEvent.filter(contract_id=contract_id).order_by("at", "id")
    return {
        **_summary(contract),
        "service_available": service_available(contract.facts, now),
        "application": _application(contract, zone),
        "hold": _hold(contract, zone),
        "holds": [_hold_record(hold, zone) for hold in (await find_holds([contract_id])).get(contract_id, [])],
        "confirmations": [
            {**confirmation, "confirmed_at": confirmation["confirmed_at"].astimezone(zone)}
            for confirmation in await list_confirmations(contract_id)
        ],
        "company": _columns(company, "name", "address", "postal_code", "phone_number") or None,
        "contractor": _columns(contractor, "name", "email") or None,
        "members": await Member.filter(contract_id=contract_id).count(),
        "events": [
            {"at": event.at.astimezone(zone), **_columns(event, "type", "actor", "application_id", "note")}
            for event in events
        ],
    }


def _summary(contract: ContractSnapshot) -> dict[str, Any]:
    """Summarize a contract; its dates are the last days of the periods."""
    facts = contract.facts
    timeline = facts.application.timeline if facts.application else None
    return {
        "id": contract.id,
        "status": facts.status,
        "started_on": contract.started_on,
        "ended_on": timeline.service_end.last_day if timeline else None,
        "resumable_through": timeline.resumption.last_day if timeline else None,
        "registered_through": timeline.erasure.last_day if timeline else None,
        "on_hold": contract.hold is not None,
    }


async def _find(filters: ContractFilter, limit: int) -> list[dict[str, Any]]:
    summaries: list[dict[str, Any]] = []
    after = None
    while len(summaries) < limit:
        page = await find_contracts(filters, Part(min(limit - len(summaries), LARGEST_PAGE), after))
        summaries += [_summary(contract) for contract in page.items]
        if not page.has_next:
            break
        after = contract_cursor(page.items[-1])
    return summaries


def _application(contract: ContractSnapshot, zone: ZoneInfo) -> dict[str, Any] | None:
    application = contract.facts.application
    if application is None:
        return None
    return {
        "id": contract.application_id,
        "requested_at": application.requested_at.astimezone(zone),
        "receipt_number": format_receipt_number(contract.receipt_number) if contract.receipt_number else None,
        "reason": contract.reason,
        "policy_version": application.timeline.policy_version,
    }


def _hold(contract: ContractSnapshot, zone: ZoneInfo) -> dict[str, Any] | None:
    hold = contract.hold
    return {"placed_at": hold.placed_at.astimezone(zone), "reason": hold.reason} if hold else None


def _hold_record(hold: HoldRecord, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": hold.id,
        "reference": hold.reference,
        "placed_at": hold.placed_at.astimezone(zone),
        "placed_by": _name(hold.placed_by),
        "reason": hold.reason,
        "review_on": hold.review_at.astimezone(zone).date() if hold.review_at else None,
        "released_at": hold.released_at.astimezone(zone) if hold.released_at else None,
        "released_by": _name(hold.released_by),
        "release_reason": hold.release_reason,
    }


def _name(operator: Operator | None) -> str | None:
    """Return the operator's name, or the id of an account that is gone."""
    return (operator.name or str(operator.id)) if operator else None


def _columns(row: Model | None, *names: str) -> dict[str, Any]:
    """Return these columns; nothing if the row was erased."""
    return {name: getattr(row, name) for name in names} if row else {}


def _flatten(description: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield names and values; a nested value has the names of both levels."""
    for name, value in description.items():
        if isinstance(value, dict):
            yield from ((f"{name} {part}".replace("_", " "), inner) for part, inner in value.items())
        else:
            yield name.replace("_", " "), value
