"""Taking contracts over from a file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, BinaryIO

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from contract_server.accounts.tokens import new_token
from contract_server.cli.bootstrap import with_services
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.output import Json, show_json
from contract_server.db.transaction import current_connection
from contract_server.onboarding.importer import Importer
from contract_server.onboarding.lines import BrokenLine, Encoding, Format, Line, UnreadableFile, read_lines
from contract_server.onboarding.staging import ImportReport
from contract_server.services import Services

_SAID_EVERY_LINES = 2_000


def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="JSON Lines or CSV.")],
    *,
    form: Annotated[Format | None, typer.Option("--format", help="Where the file's name does not tell.")] = None,
    encoding: Annotated[Encoding, typer.Option(help="How characters are written.")] = Encoding.UTF_8,
    refused: Annotated[
        Path | None,
        typer.Option(help="Where refused lines are told, one JSON object each. [default: FILE.refused.jsonl]"),
    ] = None,
    outcomes: Annotated[
        Path | None,
        typer.Option(
            help="Where each contract's outcome is told, one JSON object each. [default: FILE.outcomes.jsonl]"
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Store nothing; say what would be.")] = False,
    json: Json = False,
) -> None:
    """Import contracts with their contractors and members: each contract whole, or not at all.

    A contract that is there already is skipped, so a file can be imported again. A contractor without a
    password hash sets a password by the link that "forgot my password" mails.

    Examples: contract-server import contracts.jsonl --check,
    contract-server import 契約.csv --encoding shift_jis
    """
    told = refused or file.with_name(f"{file.name}.refused.jsonl")
    settled = outcomes or file.with_name(f"{file.name}.outcomes.jsonl")
    if len({path.resolve() for path in (file, told, settled)}) < 3:  # noqa: PLR2004 - these three
        raise Refusal("--refused, --outcomes: expected two files, and not the one that is read", Status.MISUNDERSTOOD)
    form = form or _format_of(file)
    try:
        with (
            file.open("rb") as source,
            _written("--refused", told) as refusals,
            _written("--outcomes", settled) as ends,
            _progress(source, file) as following,
        ):
            lines = following(read_lines(source, form, encoding))
            report = with_services(lambda services: _run(services, lines, refusals, ends, check=check))
    except UnreadableFile as error:
        raise Refusal(f"{file.name}: {error}", Status.MISUNDERSTOOD) from None
    _show(report, told, settled, check=check, json=json)
    raise typer.Exit(Status.NO if report.refused_lines else Status.DONE)


async def _run(
    services: Services, lines: Iterator[Line | BrokenLine], refusals: BinaryIO, ends: BinaryIO, *, check: bool
) -> ImportReport:
    unusable_hash = await services.passwords.hash(new_token())  # of something that nobody knows
    now = await services.clock.now()
    async with current_connection().acquire_connection() as connection:
        everything = connection.transaction() if check else None
        if everything:
            await everything.start()
        importer = Importer(
            connection,
            policies=services.policies,
            now=now,
            unusable_hash=unusable_hash,
            report_refusal=lambda line: refusals.writelines([orjson.dumps(line), b"\n"]),
            report_outcome=lambda outcome: ends.writelines([orjson.dumps(outcome), b"\n"]),
        )
        report = await importer.run(lines)
        if everything:
            await everything.rollback()
    return report


def _written(option: str, path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise Refusal(f"{option}: {path} cannot be written ({type(error).__name__})", Status.MISUNDERSTOOD) from None


def _format_of(file: Path) -> Format:
    try:
        return Format(file.suffix.lower().lstrip("."))
    except ValueError:
        raise Refusal(f"{file.name}: say --format jsonl or --format csv", Status.MISUNDERSTOOD) from None


@contextmanager
def _progress(
    source: BinaryIO, file: Path
) -> Iterator[Callable[[Iterator[Line | BrokenLine]], Iterator[Line | BrokenLine]]]:
    """A bar on a terminal that shows how much of the file has been read; nothing anywhere else."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(file.name, total=file.stat().st_size)

        def following(lines: Iterator[Line | BrokenLine]) -> Iterator[Line | BrokenLine]:
            for place, line in enumerate(lines):
                if place % _SAID_EVERY_LINES == 0:
                    bar.update(task, completed=source.tell())
                yield line
            bar.update(task, completed=source.tell(), description=f"{file.name}: read, now storing")

        yield following


def _show(report: ImportReport, told: Path, settled: Path, *, check: bool, json: bool) -> None:
    if json:
        show_json({**asdict(report), "stored": not check, "refused": str(told), "outcomes": str(settled)})
        return
    done = "would be imported" if check else "imported"
    typer.echo(f"{done}: {report.contracts} contracts with {report.members} members")
    if report.skipped_contracts:
        typer.echo(f"skipped: {report.skipped_contracts} contracts that are there already; see {settled}")
    if report.refused_lines:
        typer.echo(
            f"refused: {report.refused_contracts} contracts, because of {report.refused_lines} lines; see {told}"
        )
    if report.lines_of_no_contract:
        typer.echo(f"{report.lines_of_no_contract} of these lines are part of no contract")
