"""The commands for webhooks."""

from dataclasses import asdict
from typing import Annotated

import typer

from contract_server.cli.acting_as import As, with_services_as
from contract_server.cli.bootstrap import with_services
from contract_server.cli.exit_status import Refusal
from contract_server.cli.output import Json, Limit, echo, show_first, show_json, show_table
from contract_server.cli.prompts import Yes, confirm
from contract_server.cli.refusals import refusals_in_words
from contract_server.integration import webhooks
from contract_server.integration.outgoing_http import LONGEST_URL, ForbiddenAddress, InvalidUrl, OutgoingHttp
from contract_server.integration.service_accounts import InvalidName, NameTaken, require_name
from contract_server.services import Services
from contract_server.settings import load_settings
from contract_server.visible_text import InvalidValue, require_line

Name = Annotated[str, typer.Argument(help="The endpoint's name: lower-case letters, digits and hyphens.")]

_LISTED = ("endpoint", "url", "since", "by WEBHOOKS", "disabled", "withdrawn", "pending", "failed")
_LOGGED = ("event", "contract", "state", "queued", "attempts", "delivered", "last failure")
_REFUSALS: dict[type[Exception], str] = {
    InvalidName: "NAME: {}",
    InvalidUrl: "URL: {}",
    InvalidValue: "URL: {}",
    ForbiddenAddress: "URL: {}",
    NameTaken: "an endpoint has this name; choose another one",
    webhooks.EndpointBySetting: "the setting WEBHOOKS lists this endpoint: change it there, then restart the workers",
    webhooks.EndpointWithdrawn: "the setting WEBHOOKS lists this endpoint no longer: list it again, or remove it",
    webhooks.EndpointNotFound: "no endpoint has this name; see `webhooks list`",
}

cli = typer.Typer(no_args_is_help=True)


@cli.command()
def add(
    name: Name, url: Annotated[str, typer.Argument(help="Where to send changes: https://...")], as_: As = None
) -> None:
    """Send all changes from now on to a URL; show the secret.

    The secret signs them.

    Example: contract-server webhooks add billing https://billing.example.jp/hook
    """
    with refusals_in_words(_REFUSALS):
        require_name(name)
        require_line(url, LONGEST_URL)
        OutgoingHttp.by(load_settings()).require(url)  # all before the database is asked
        echo(with_services_as(as_, lambda services: _add(services, name, url)))


async def _add(services: Services, name: str, url: str) -> str:
    if name in services.configured_webhooks:
        raise webhooks.EndpointBySetting
    return await webhooks.add_endpoint(services.outgoing_http, name, url)


@cli.command("list")
def list_(json: Json = False) -> None:
    """List the endpoints, with what is pending and what has failed.

    Example: contract-server webhooks list
    """
    rows = [asdict(endpoint) for endpoint in with_services(lambda _: webhooks.list_endpoints())]
    if json:
        show_json(rows)
    else:
        show_table(_LISTED, [list(row.values()) for row in rows])


@cli.command()
def deliveries(
    name: Name,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List the deliveries to an endpoint, the newest first.

    Example: contract-server webhooks deliveries billing
    """
    found = with_services(lambda _: webhooks.list_deliveries(name, limit + 1))
    show_first(_LOGGED, [asdict(delivery) for delivery in found], limit, json=json)


@cli.command()
def retry(name: Name, as_: As = None) -> None:
    """Send now all that failed or waits; enable a disabled endpoint.

    Example: contract-server webhooks retry billing
    """
    with refusals_in_words(_REFUSALS):
        retried = with_services_as(as_, lambda _: webhooks.retry_deliveries(name))
    echo(f"{retried.deliveries} deliveries that failed or waited are sent now.")
    if retried.was_disabled:
        echo("The endpoint is enabled again. It gets the changes since it was disabled, too.")


@cli.command()
def dismiss(name: Name, as_: As = None) -> None:
    """Close all that failed, without another attempt. The receiver has it from the feed, or needs it no more.

    Example: contract-server webhooks dismiss billing
    """
    with refusals_in_words(_REFUSALS):
        dismissed = with_services_as(as_, lambda _: webhooks.dismiss_deliveries(name))
    if not dismissed:
        raise Refusal("no delivery to this endpoint has failed; see `webhooks deliveries`")
    echo(f"{dismissed} deliveries that failed were dismissed.")


@cli.command()
def rotate(name: Name, as_: As = None) -> None:
    """Show a new secret. Both it and the one before sign until the next rotation.

    Example: contract-server webhooks rotate billing
    """
    with refusals_in_words(_REFUSALS):
        echo(with_services_as(as_, lambda _: webhooks.rotate_secret(name)))


@cli.command()
def remove(name: Name, yes: Yes = False, as_: As = None) -> None:
    """Send nothing more to an endpoint, and forget its deliveries.

    Example: contract-server webhooks remove billing
    """
    confirm(f"Remove the endpoint {name} with its deliveries?", yes=yes)
    with refusals_in_words(_REFUSALS):
        with_services_as(as_, lambda _: webhooks.remove_endpoint(name))
    echo("The endpoint was removed.")
