"""Values of the command line that typer has no type for."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from contract_server.settings.durations import parse_duration

_Value = TypeVar("_Value")


def parser(parse: Callable[[str], _Value]) -> Callable[[str], _Value]:
    """Make a parser whose `ValueError` is shown as it is written; typer would put its own words before it."""

    @wraps(parse)
    def parse_parameter(text: str) -> _Value:
        try:
            return parse(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return parse_parameter


def parse_contract_id(text: str) -> UUID:
    """Read the id of a contract."""
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(
            "expected the id of a contract; `contract-server contracts find` finds it by what a caller says"
        ) from None


parse_span = parser(parse_duration)

Within = Annotated[timedelta, typer.Option(parser=parse_span, metavar="SPAN", help="How far ahead to look: 36h, 7d.")]
