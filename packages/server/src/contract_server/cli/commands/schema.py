"""The command that exports the GraphQL schema."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from contract_server.cli.exit_status import Refusal, Status


def export_schema(
    to: Annotated[Path | None, typer.Argument(help="File to write; standard output without it.")] = None,
    production: Annotated[bool, typer.Option("--production", help="Without the development fields.")] = False,
    possible_types: Annotated[
        bool, typer.Option("--possible-types", help="Instead, the types of each interface and union, as JSON.")
    ] = False,
) -> None:
    """Write the GraphQL schema in SDL, or what clients' caches need of it.

    Example: contract-server export-schema --production schema.graphql
    """
    from contract_server.graphql.schema import build_schema, export, export_possible_types  # noqa: PLC0415 - only this command needs it

    schema = build_schema(development=not production)
    text = export_possible_types(schema) if possible_types else export(schema)
    if to is None:
        sys.stdout.write(text)
    else:
        try:
            to.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Refusal(f"{to} cannot be written ({error.strerror})", Status.MISUNDERSTOOD) from None
