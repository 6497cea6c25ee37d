"""Output of commands: a table for people, JSON for scripts."""

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

from contract_server.visible_text import escape

_WIDTH_IN_PIPES = 10_000

Limit = Annotated[int, typer.Option(min=1, max=1_000_000, help="Show at most this many.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")]


def show_json(document: object) -> None:
    """Write one JSON document; Japanese text stays readable."""
    sys.stdout.write(escape(json.dumps(document, ensure_ascii=False, indent=2, default=_format), keep="\n") + "\n")


def echo(*lines: str, err: bool = False) -> None:
    """Write lines for people. What they quote cannot begin another line, move the cursor or hide text."""
    for line in lines:
        typer.echo(escape(line), err=err)  # noqa: TID251 - the one place that escapes


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table. In a pipe, it is as wide as its content."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(format_cell(cell) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_IN_PIPES
    console.print(table)


def show_first(headings: Sequence[str], rows: Sequence[Mapping[str, Any]], limit: int, *, json: bool) -> None:
    """Write the first `limit` rows; if there are more, say so on standard error."""
    if json:
        show_json(rows[:limit])
    else:
        show_table(headings, [list(row.values()) for row in rows[:limit]])
    if len(rows) > limit:
        echo(f"contract-server: only the first {limit} are shown; see --limit", err=True)


def format_cell(value: object) -> Text:
    """Format a cell; text that users have typed is never markup, nor a command to the terminal."""
    return Text("-" if value is None else escape(_format(value) if isinstance(value, bool | datetime) else str(value)))


def _format(value: object) -> str:
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
