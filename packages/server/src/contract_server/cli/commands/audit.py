"""The command that shows and verifies the audit trail."""

from collections.abc import Awaitable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from contract_notify import normalize_address
from contract_server.accounts.email import find_account
from contract_server.audit.chain import verify_audit
from contract_server.audit.log import LogEntry, LogFilter, find_entries
from contract_server.audit.models import AuditAction
from contract_server.cli.bootstrap import with_services
from contract_server.cli.exit_status import Refusal
from contract_server.cli.output import Json, Limit, echo, show_first
from contract_server.cli.values import parse_contract_id
from contract_server.services import Services
from contract_server.settings.durations import within_utc

_LISTED = ("at", "action", "by", "interface", "about", "contract", "subject", "reason")


def audit(
    *,
    contract: Annotated[
        UUID | None,
        typer.Option(parser=parse_contract_id, metavar="CONTRACT", help="Only entries about this contract."),
    ] = None,
    account: Annotated[str | None, typer.Option(metavar="EMAIL", help="Only what this account did.")] = None,
    action: Annotated[AuditAction | None, typer.Option(help="Only this action.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Only entries since then.")
    ] = None,
    limit: Limit = 100,
    verify: Annotated[bool, typer.Option("--verify", help="Check that the trail is complete and unchanged.")] = False,
    json: Json = False,
) -> None:
    """Show who did what, when, from where and why, the newest first; or verify the hash chain.

    Example: contract-server audit --account operator@example.jp --since 2024-04-01
    """
    if verify:
        _verify()
        return

    async def find(services: Services) -> list[dict[str, Any]]:
        zone = services.policies.zone
        account_id = await _account_id(account) if account else None
        wanted = LogFilter(action, account_id, contract, within_utc(since.replace(tzinfo=zone)) if since else None)
        return [_row(entry, zone, json=json) for entry in await find_entries(wanted, limit + 1)]

    show_first(_LISTED, with_services(find), limit, json=json)


def _verify() -> None:
    def run(services: Services) -> Awaitable[Any]:
        return verify_audit(services.settings.audit_retention)

    broken, verified = with_services(run)
    if broken:
        raise Refusal(f"the audit trail is broken at seal {broken.sequence}: {broken.reason}")
    echo(f"The audit trail is whole: {verified} seals.")


async def _account_id(email: str) -> UUID:
    account = await find_account(normalize_address(email))
    if account is None:
        raise Refusal("--account: no account has this address; check how it is written")
    return account.id


def _row(entry: LogEntry, zone: ZoneInfo, *, json: bool) -> dict[str, Any]:
    at = entry.at.astimezone(zone)
    if json:
        people = {name: person and person._asdict() for name, person in (("by", entry.account), ("about", entry.about))}
        return asdict(entry) | {"at": at, "account": people["by"], "about": people["about"]}
    return {
        "at": at,
        "action": entry.event_type or entry.action,
        "by": (entry.account and (entry.account.name or entry.account.id)) or entry.actor,
        "interface": entry.interface,
        "about": entry.about and (entry.about.name or entry.about.id),
        "contract": entry.contract_id,
        "subject": entry.subject,
        "reason": entry.reason,
    }
