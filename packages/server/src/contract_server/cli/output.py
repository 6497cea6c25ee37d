"""Showing what was found: a table for people, JSON for scripts."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDEST = 10_000

Json = Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")]


def show_json(found: object) -> None:
    """One JSON document; Japanese stays readable."""
    json.dump(found, sys.stdout, ensure_ascii=False, indent=2, default=_written)
    sys.stdout.write("\n")


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as wide as what is in it; through a pipe nothing is cut off."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(in_words(cell) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDEST
    console.print(table)


def show_first(headings: Sequence[str], found: Sequence[Mapping[str, Any]], limit: int, *, json: bool) -> None:
    """So many of what was found, and, where there is more, a word of that which no script reads."""
    if json:
        show_json(found[:limit])
    else:
        show_table(headings, [list(each.values()) for each in found[:limit]])
    if len(found) > limit:
        typer.echo(f"contract-server: there is more than these {limit}; see --limit", err=True)


def in_words(value: object) -> Text:
    """A cell: never read as markup, whatever people have typed."""
    return Text("-" if value is None else _written(value) if isinstance(value, bool | datetime) else str(value))


def _written(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case Enum():
            return str(value.value)
        case _:
            return str(value)
