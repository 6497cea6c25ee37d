"""The commands for mails that have failed permanently."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from contract_server.cli.acting_as import As, with_services_as
from contract_server.cli.bootstrap import with_services
from contract_server.cli.exit_status import Refusal
from contract_server.cli.output import Json, Limit, echo, show_first
from contract_server.cli.prompts import require_reason
from contract_server.schedule.failed_mails import EVER, FailedMail, dismiss_mail, list_failed_mails, retry_mails
from contract_server.services import Services
from contract_server.settings.durations import within_utc

_NUMBER = typer.Argument(metavar="MAIL", help="The mail's number, as `mails list` shows it.", min=1, max=2**63 - 1)

_LISTED = ("mail", "contract", "kind", "recipient", "date", "tries", "last failure")

cli = typer.Typer(no_args_is_help=True)


@cli.command("list")
def list_(
    limit: Limit = 1_000,
    json: Json = False,
) -> None:
    """List the failed mails, the oldest first, with their recipients.

    Example: contract-server mails list
    """
    mails = with_services(lambda services: _find(services, limit + 1))
    show_first(_LISTED, mails, limit, json=json)


@cli.command()
def retry(
    mail: Annotated[int | None, _NUMBER] = None,
    all_: Annotated[bool, typer.Option("--all", help="Retry all failed mails.")] = False,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="With --all: only mails queued since then."),
    ] = None,
    as_: As = None,
) -> None:
    """Send a failed mail, or all of them, again at the next sweep. Correct the cause first.

    Example: contract-server mails retry --all --since 2024-04-16
    """
    if (mail is None) != all_ or (since is not None and not all_):
        raise typer.BadParameter("pass the number of a mail, or --all, perhaps with --since")

    async def run(services: Services) -> int:
        after = within_utc(since.replace(tzinfo=services.policies.zone)) if since else EVER
        return await retry_mails(await services.clock.now(), mail, since=after)

    retried = with_services_as(as_, run)
    if not retried:
        which = "each of these mails" if all_ else "this mail"
        raise Refusal(f"{which} has not failed, or is no longer useful; see `contract-server mails list`")
    echo(f"The next sweep sends {retried} mails." if all_ else "The next sweep sends it.")


@cli.command("dismiss")
def dismiss_(
    mail: Annotated[int, _NUMBER],
    reason: Annotated[str | None, typer.Option(help="The reason, for the audit trail (1 to 500 characters).")] = None,
    as_: As = None,
) -> None:
    """Take a failed mail off the list. Its recipient was informed in another way, or need not be.

    Example: contract-server mails dismiss 1201
    """
    note = None if reason is None else require_reason(reason)
    if not with_services_as(as_, lambda _: dismiss_mail(mail, reason=note)):
        raise Refusal("this mail has not failed; see `contract-server mails list`")
    echo("The mail was dismissed.")


async def _find(services: Services, limit: int) -> list[dict[str, Any]]:
    return [_row(mail, services.policies.zone) for mail in await list_failed_mails(limit)]


def _row(mail: FailedMail, zone: ZoneInfo) -> dict[str, Any]:
    return asdict(mail) | {"dated_at": mail.dated_at.astimezone(zone)}
