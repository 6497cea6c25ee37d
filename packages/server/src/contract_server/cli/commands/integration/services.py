"""The commands for the accounts of other services."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from contract_server.cli.acting_as import As, with_services_as
from contract_server.cli.bootstrap import with_services
from contract_server.cli.output import Json, echo, show_json, show_table
from contract_server.cli.prompts import Yes, confirm
from contract_server.cli.refusals import refusals_in_words
from contract_server.cli.values import parser
from contract_server.integration.models import Scope
from contract_server.integration.service_accounts import (
    OVERLAP,
    VALID_FOR,
    InvalidName,
    NameTaken,
    ServiceNotFound,
    list_services,
    require_name,
)
from contract_server.settings.durations import parse_duration, show_duration

Name = Annotated[str, typer.Argument(help="The service's name: lower-case letters, digits and hyphens.")]
LONGEST = timedelta(days=3_650)


@parser
def _parse_span(text: str) -> timedelta:
    span = parse_duration(text)
    if span > LONGEST:
        raise ValueError(f"expected at most {show_duration(LONGEST)}")
    return span


@parser
def _parse_validity(text: str) -> timedelta:
    span = _parse_span(text)
    if not span:
        raise ValueError("expected more than nothing; `services revoke` ends the access of a service")
    return span


ValidFor = Annotated[
    timedelta,
    typer.Option(parser=_parse_validity, metavar="SPAN", help="How long the token is valid: up to 3650d."),
]

_VALID_FOR, _OVERLAP = show_duration(VALID_FOR), show_duration(OVERLAP)
_LISTED = ("service", "scopes", "token since", "expires", "last used", "revoked")
_REFUSALS: dict[type[Exception], str] = {
    InvalidName: "NAME: {}",
    NameTaken: "a service has, or had, this name; choose another one",
    ServiceNotFound: "no service has this name, or it was revoked; see `services list`",
}

cli = typer.Typer(no_args_is_help=True)


@cli.command()
def add(
    name: Name,
    scope: Annotated[list[Scope], typer.Option(help="What the service may do; repeat it for more.")],
    valid_for: ValidFor = _VALID_FOR,  # type: ignore[assignment] # typer parses it
    as_: As = None,
) -> None:
    """Add a service and show its token, once.

    The service sends the token with each request, as `Authorization: Bearer`.

    Example: contract-server services add gateway --scope facts --scope feed
    """
    with refusals_in_words(_REFUSALS):
        require_name(name)  # before the database is asked
        echo(with_services_as(as_, lambda services: services.service_accounts.add(name, scope, valid_for)))


@cli.command("list")
def list_(json: Json = False) -> None:
    """List the services, and when their tokens expire and were used.

    Example: contract-server services list
    """
    rows = [asdict(token) for token in with_services(lambda _: list_services())]
    if json:
        show_json(rows)
    else:
        show_table(_LISTED, [list(row.values()) for row in rows])


@cli.command()
def rotate(
    name: Name,
    overlap: Annotated[
        timedelta,
        typer.Option(parser=_parse_span, metavar="SPAN", help="How long the token so far stays valid: up to 3650d."),
    ] = _OVERLAP,  # type: ignore[assignment] # typer parses it
    valid_for: ValidFor = _VALID_FOR,  # type: ignore[assignment] # as above
    as_: As = None,
) -> None:
    """Give a service a new token and show it, once.

    The token so far stays valid for a while, so that it can be replaced without an interruption. An older one ends.

    Example: contract-server services rotate gateway --overlap 1h
    """
    with refusals_in_words(_REFUSALS):
        echo(with_services_as(as_, lambda services: services.service_accounts.rotate(name, overlap, valid_for)))


@cli.command()
def revoke(name: Name, yes: Yes = False, as_: As = None) -> None:
    """End all tokens of a service at once, for ever.

    Example: contract-server services revoke gateway
    """
    confirm(f"End the access of {name}, for ever?", yes=yes)
    with refusals_in_words(_REFUSALS):
        with_services_as(as_, lambda services: services.service_accounts.revoke(name))
    echo("The service was revoked.")
