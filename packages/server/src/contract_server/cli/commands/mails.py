"""The commands for mails that have failed permanently."""

from dataclasses import asdict
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from contract_server.cli.bootstrap import with_services
from contract_server.cli.exit_status import Refusal
from contract_server.cli.output import Json, show_first
from contract_server.schedule.failed_mails import FailedMail, dismiss_mail, list_failed_mails, retry_mail
from contract_server.services import Services

MailNumber = Annotated[
    int, typer.Argument(metavar="MAIL", help="The mail's number, as `mails list` shows it.", min=1, max=2**63 - 1)
]

_LISTED = ("mail", "contract", "kind", "recipient", "date", "tries", "last failure")

cli = typer.Typer(no_args_is_help=True, help="Failed mails: list, retry, dismiss.")


@cli.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 1_000,
    json: Json = False,
) -> None:
    """List the failed mails, the oldest first, with their recipients.

    Example: contract-server mails list
    """
    mails = with_services(lambda services: _find(services, limit + 1))
    show_first(_LISTED, mails, limit, json=json)


@cli.command()
def retry(mail: MailNumber) -> None:
    """Send a failed mail again at the next sweep. Correct the cause first.

    Example: contract-server mails retry 1201
    """

    async def run(services: Services) -> bool:
        return await retry_mail(mail, await services.clock.now())

    if not with_services(run):
        raise Refusal("this mail has not failed, or is no longer useful; see `contract-server mails list`")
    typer.echo("The next sweep sends it.")


@cli.command("dismiss")
def dismiss_(mail: MailNumber) -> None:
    """Take a failed mail off the list: its recipient was informed in another way, or need not be.

    Example: contract-server mails dismiss 1201
    """
    if not with_services(lambda _: dismiss_mail(mail)):
        raise Refusal("this mail has not failed; see `contract-server mails list`")
    typer.echo("The mail was dismissed.")


async def _find(services: Services, limit: int) -> list[dict[str, Any]]:
    return [_row(mail, services.policies.zone) for mail in await list_failed_mails(limit)]


def _row(mail: FailedMail, zone: ZoneInfo) -> dict[str, Any]:
    return asdict(mail) | {"dated_at": mail.dated_at.astimezone(zone)}
