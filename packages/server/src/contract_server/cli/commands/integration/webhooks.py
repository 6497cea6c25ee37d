"""The commands for webhooks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer

from contract_server.cli.acting_as import As, with_services_as
from contract_server.cli.bootstrap import with_services
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.output import Json, echo, show_first, show_json, show_table
from contract_server.cli.prompts import Yes, confirm
from contract_server.integration import webhooks
from contract_server.integration.outgoing_http import InvalidUrl, OutgoingHttp
from contract_server.integration.service_accounts import InvalidName, NameTaken, require_name

Name = Annotated[str, typer.Argument(help="The endpoint's name: lower-case letters, digits and hyphens.")]

_LISTED = ("endpoint", "url", "since", "disabled", "pending", "failed")
_LOGGED = ("event", "contract", "state", "queued", "attempts", "delivered", "last failure")
_REFUSALS: dict[type[Exception], str] = {
    NameTaken: "an endpoint has this name; choose another one",
    webhooks.EndpointNotFound: "no endpoint has this name; see `webhooks list`",
}

cli = typer.Typer(no_args_is_help=True, help="Webhooks: add, list, deliveries, retry, rotate the secret, remove.")


@cli.command()
def add(
    name: Name, url: Annotated[str, typer.Argument(help="Where to send changes: https://...")], as_: As = None
) -> None:
    """Send all changes from now on to a URL; show the secret.

    The secret signs them.

    Example: contract-server webhooks add billing https://billing.example.jp/hook
    """
    with _refusals_in_words():
        require_name(name)  # both before the database is asked
        OutgoingHttp(development=True).require(url)
        echo(with_services_as(as_, lambda services: webhooks.add_endpoint(services.outgoing_http, name, url)))


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
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 100,
    json: Json = False,
) -> None:
    """List the deliveries to an endpoint, the newest first.

    Example: contract-server webhooks deliveries billing
    """
    found = with_services(lambda _: webhooks.list_deliveries(name, limit + 1))
    show_first(_LOGGED, [asdict(delivery) for delivery in found], limit, json=json)


@cli.command()
def retry(name: Name, as_: As = None) -> None:
    """Send all again that failed, also to an endpoint that was disabled.

    Example: contract-server webhooks retry billing
    """
    with _refusals_in_words():
        retried = with_services_as(as_, lambda _: webhooks.retry_deliveries(name))
    echo(f"{retried} failed deliveries are sent again.")


@cli.command()
def rotate(name: Name, as_: As = None) -> None:
    """Show a new secret. Both it and the one before sign until the next rotation.

    Example: contract-server webhooks rotate billing
    """
    with _refusals_in_words():
        echo(with_services_as(as_, lambda _: webhooks.rotate_secret(name)))


@cli.command()
def remove(name: Name, yes: Yes = False, as_: As = None) -> None:
    """Send nothing more to an endpoint, and forget its deliveries.

    Example: contract-server webhooks remove billing
    """
    confirm(f"Remove the endpoint {name} with its deliveries?", yes=yes)
    with _refusals_in_words():
        with_services_as(as_, lambda _: webhooks.remove_endpoint(name))
    echo("The endpoint was removed.")


@contextmanager
def _refusals_in_words() -> Iterator[None]:
    try:
        yield
    except InvalidName as error:
        raise Refusal(f"NAME: {error}", Status.MISUNDERSTOOD) from None
    except InvalidUrl as error:
        raise Refusal(f"URL: {error}", Status.MISUNDERSTOOD) from None
    except tuple(_REFUSALS) as refusal:
        raise Refusal(_REFUSALS[type(refusal)]) from None
