"""The command that imports contracts from a file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from contract_rules import Actor
from contract_server.accounts.tokens import new_token
from contract_server.cli.acting_as import As, with_services_as
from contract_server.cli.bootstrap import with_services
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.output import Json, echo, show_json
from contract_server.db.transaction import direct_connection
from contract_server.onboarding.importer import Importer
from contract_server.onboarding.lines import BrokenLine, Encoding, Format, Line, UnreadableFile, read_lines
from contract_server.onboarding.staging import ImportReport
from contract_server.services import Services

_LINES_PER_UPDATE = 2_000


def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="JSON Lines or CSV.")],
    *,
    form: Annotated[Format | None, typer.Option("--format", help="Needed if the file's name does not show it.")] = None,
    encoding: Annotated[Encoding, typer.Option(help="The character encoding of the file.")] = Encoding.UTF_8,
    refused: Annotated[
        Path | None,
        typer.Option(help="File for refused lines, one JSON object each. [default: FILE.refused.jsonl]"),
    ] = None,
    outcomes: Annotated[
        Path | None,
        typer.Option(help="File for outcomes, one JSON object per contract. [default: FILE.outcomes.jsonl]"),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Replace the registrations of contracts that exist; remove absent members.")
    ] = False,
    as_: As = None,
    check: Annotated[
        bool, typer.Option("--check", "--dry-run", help="Store nothing; report what would be stored.")
    ] = False,
    json: Json = False,
) -> None:
    """Import contracts with their contractors and members: each contract completely, or not at all.

    A contract that exists already is skipped, so a file can be imported again. A contractor without a
    password hash sets a password with the link that "forgot my password" mails.

    With --update, what is registered of such a contract becomes what the file says. A member is known by
    the member_id, or else by the address; a member that the file leaves out is removed and erased at once.
    The file of outcomes lists the changes of each contract. Passwords and first days stay.

    Examples: contract-server import contracts.jsonl --check,
    contract-server import 契約.csv --encoding shift_jis,
    contract-server import contracts.jsonl --update --dry-run
    """
    refusals_path = refused or file.with_name(f"{file.name}.refused.jsonl")
    outcomes_path = outcomes or file.with_name(f"{file.name}.outcomes.jsonl")
    if len({path.resolve() for path in (file, refusals_path, outcomes_path)}) < 3:  # noqa: PLR2004 - these three
        raise Refusal("--refused, --outcomes: expected two files, none of them the imported one", Status.MISUNDERSTOOD)
    form = form or _format_of(file)
    try:
        with (
            file.open("rb") as source,
            _open("--refused", refusals_path) as refusals,
            _open("--outcomes", outcomes_path) as results,
            _progress(source, file) as show_progress,
        ):
            lines = show_progress(read_lines(source, form, encoding))
            run = with_services if check else partial(with_services_as, as_)
            report = run(lambda services: _run(services, lines, refusals, results, update=update, check=check))
    except UnreadableFile as error:
        raise Refusal(f"{file.name}: {error}", Status.MISUNDERSTOOD) from None
    _show(report, refusals_path, outcomes_path, check=check, json=json)
    raise typer.Exit(Status.NO if report.refused_lines else Status.DONE)


async def _run(
    services: Services,
    lines: Iterator[Line | BrokenLine],
    refusals: BinaryIO,
    results: BinaryIO,
    *,
    update: bool,
    check: bool,
) -> ImportReport:
    unusable_hash = await services.passwords.hash(new_token())  # of a random value: no password fits it
    now = await services.clock.now()
    put_all = partial(services.registration_updates.put_all, actor=Actor.OPERATOR, store=not check)
    async with direct_connection().acquire_connection() as connection:
        dry_run = connection.transaction() if check else None
        if dry_run:
            await dry_run.start()
        importer = Importer(
            connection,
            policies=services.policies,
            now=now,
            unusable_hash=unusable_hash,
            report_refusal=lambda line: refusals.writelines([orjson.dumps(line), b"\n"]),
            report_outcome=lambda outcome: results.writelines([orjson.dumps(outcome), b"\n"]),
            update=put_all if update else None,
        )
        report = await importer.run(lines)
        if dry_run:
            await dry_run.rollback()
    return report


def _open(option: str, path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise Refusal(f"{option}: {path} cannot be written ({type(error).__name__})", Status.MISUNDERSTOOD) from None


def _format_of(file: Path) -> Format:
    try:
        return Format(file.suffix.lower().lstrip("."))
    except ValueError:
        raise Refusal(f"{file.name}: pass --format jsonl or --format csv", Status.MISUNDERSTOOD) from None


@contextmanager
def _progress(
    source: BinaryIO, file: Path
) -> Iterator[Callable[[Iterator[Line | BrokenLine]], Iterator[Line | BrokenLine]]]:
    """Show on a terminal how much of the file has been read; elsewhere, show nothing."""
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

        def show_progress(lines: Iterator[Line | BrokenLine]) -> Iterator[Line | BrokenLine]:
            for index, line in enumerate(lines):
                if index % _LINES_PER_UPDATE == 0:
                    bar.update(task, completed=source.tell())
                yield line
            bar.update(task, completed=source.tell(), description=f"{file.name}: read, now storing")

        yield show_progress


def _show(report: ImportReport, refusals: Path, outcomes: Path, *, check: bool, json: bool) -> None:
    if json:
        show_json({**asdict(report), "stored": not check, "refused": str(refusals), "outcomes": str(outcomes)})
        return
    done = "would be imported" if check else "imported"
    echo(f"{done}: {report.contracts} contracts with {report.members} members")
    if report.updated_contracts:
        updated = "would be updated" if check else "updated"
        members = f"{report.added_members} added, {report.changed_members} changed, {report.removed_members} removed"
        echo(f"{updated}: {report.updated_contracts} contracts; members: {members}; see {outcomes}")
    if report.unchanged_contracts:
        echo(f"unchanged: {report.unchanged_contracts} contracts")
    if report.skipped_contracts:
        echo(f"skipped: {report.skipped_contracts} contracts that exist already; see {outcomes}")
    if report.refused_lines:
        echo(f"refused: {report.refused_contracts} contracts, because of {report.refused_lines} lines; see {refusals}")
    if report.lines_of_no_contract:
        echo(f"{report.lines_of_no_contract} of these lines belong to no contract")
