"""The commands that prepare a database: its schema and, in development, demonstration data."""

from datetime import timedelta
from typing import Annotated

import typer

from contract_server.cli.bootstrap import with_database, with_services
from contract_server.cli.exit_status import Refusal, Status
from contract_server.cli.output import echo
from contract_server.cli.values import parse_span
from contract_server.db.availability import is_contended
from contract_server.db.migrate import migrate as apply_migrations
from contract_server.db.migrate import pending_migrations, planned_statements
from contract_server.db.roles import DatabaseRole, RolesMissing, grant_rights
from contract_server.services import Services
from contract_server.settings import Settings, load_settings


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Apply nothing; exit with 1 if a migration is pending.")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Apply nothing; print the SQL of pending migrations.")] = False,
    wait: Annotated[
        timedelta,
        typer.Option(parser=parse_span, metavar="SPAN", help="How long to try while another session holds a lock."),
    ] = "1m",  # type: ignore[assignment] # typer parses it
    roles: Annotated[
        bool, typer.Option("--roles", help="Then give the roles of servers, workers and readers their rights.")
    ] = False,
) -> None:
    """Bring the database to the schema of this version. Safe to run twice, or twice at the same time.

    Where tables are large, look at the SQL first: contract-server migrate --plan
    """
    settings = load_settings()
    if plan:
        _show_plan(settings)
        return

    async def run() -> list[str]:
        return await (pending_migrations(settings) if check else apply_migrations(settings, wait))

    try:
        names = with_database(run, for_migrations=True)
    except Exception as error:
        if not is_contended(error):
            raise
        raise Refusal(
            "a migration waits for a lock that another session holds, such as a backup or an open transaction; run the"
            " command again when that has ended: it goes on where it stopped",
            Status.OUT_OF_REACH,
        ) from None
    for name in names:
        echo(f"{'pending' if check else 'applied'}: {name}")
    if not names:
        echo("The database is up to date.")
    if roles and not check:
        _grant_rights(settings)
    raise typer.Exit(Status.NO if check and names else Status.DONE)


def _show_plan(settings: Settings) -> None:
    planned = with_database(lambda: planned_statements(settings))
    for name, statements in planned.items():
        echo(f"-- {name}", *(line for sql in statements for line in _end_statement(sql).splitlines()), "")
    if not planned:
        echo("-- The database is up to date.")


def _grant_rights(settings: Settings) -> None:
    try:
        with_database(lambda: grant_rights(development=settings.development), for_migrations=True)
    except RolesMissing as missing:
        create = " ".join(f"CREATE ROLE {name} LOGIN PASSWORD '…';" for name in missing.names)
        raise Refusal(f"no rights were granted, because roles are missing; run {create} then this again") from None
    echo(f"The roles have their rights: {', '.join(DatabaseRole)}.")


def seed_demo(
    again: Annotated[
        bool, typer.Option("--reset", help="Delete everything first, and return to real time; sessions stay valid.")
    ] = False,
) -> None:
    """Fill an empty development database with the demonstration data, and show its accounts as they are.

    Example: ENVIRONMENT=development contract-server seed-demo
    """
    from contract_server.development.demo.accounts import describe_accounts  # noqa: PLC0415 - not part of production
    from contract_server.development.demo.seed import reset, seed_if_empty  # noqa: PLC0415 - as above

    if not load_settings().development:
        raise Refusal("demonstration data is only for development; set ENVIRONMENT=development")

    async def run(services: Services) -> list[str]:
        await (reset(services) if again else seed_if_empty(services))
        return await describe_accounts()

    echo(*with_services(run))


def _end_statement(statement: str) -> str:
    """End a statement as psql needs it; a comment stays as it is."""
    text = statement.strip()
    return text if text.startswith("--") or text.endswith(";") else f"{text};"
