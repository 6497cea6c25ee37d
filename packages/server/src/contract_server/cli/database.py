"""Bringing a database into shape: its schema, and, in development, something to look at."""

from typing import Annotated

import typer

from contract_server.cli.running import with_database, with_services
from contract_server.db.migrate import migrate as apply_migrations
from contract_server.db.migrate import pending_migrations
from contract_server.settings import load_settings


def migrate(
    check: Annotated[bool, typer.Option("--check", help="Apply nothing; exit with 1 if there is something.")] = False,
) -> None:
    """Bring the database to the schema of this version. Safe to run twice, and by two at a time."""
    settings = load_settings()

    async def run() -> list[str]:
        return await (pending_migrations(settings) if check else apply_migrations(settings))

    names = with_database(run)
    for name in names:
        typer.echo(f"{'pending' if check else 'applied'}: {name}")
    if not names:
        typer.echo("The database is up to date.")
    raise typer.Exit(1 if check and names else 0)


def seed_demo() -> None:
    """Fill an empty development database with the demonstration data."""
    from contract_server.demo.seed import seed_if_empty  # noqa: PLC0415 - not part of production

    if not load_settings().development:
        raise SystemExit("contract-server: demonstration data is for ENVIRONMENT=development alone")
    seeded = with_services(seed_if_empty)
    typer.echo("Demonstration data is in place." if seeded else "There is data already; nothing was changed.")
