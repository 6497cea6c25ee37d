"""The `contract-server` command."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from contract_server import logs
from contract_server.db.availability import is_unavailable
from contract_server.db.connection import database
from contract_server.db.migrate import migrate as apply_migrations
from contract_server.db.migrate import pending_migrations
from contract_server.services import Services, build_services
from contract_server.settings import SettingsError, load_settings

Result = TypeVar("Result")

cli = typer.Typer(
    name="contract-server",
    help="The contract-termination backend of おまかせログイン.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@cli.command()
def dev(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
) -> None:
    """Start everything on this machine, with demonstration data: PostgreSQL, Redis, API and worker."""
    from contract_server.dev.environment import run_development  # noqa: PLC0415 - not part of production

    raise typer.Exit(run_development(host, port))


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
) -> None:
    """Serve the API."""
    import uvicorn  # noqa: PLC0415 - only this command needs it

    from contract_server.app.main import create_app  # noqa: PLC0415 - as above

    uvicorn.run(
        create_app(load_settings()),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=20,
    )


@cli.command()
def worker() -> None:
    """Run the worker, as `arq contract_server.jobs.worker.WorkerSettings` does: end of service, erasures, mails."""
    from arq.worker import run_worker  # noqa: PLC0415 - only this command needs it
    from redis.exceptions import RedisError  # noqa: PLC0415 - as above

    load_settings()
    from contract_server.jobs.worker import WorkerSettings  # noqa: PLC0415 - reads the settings when imported

    try:
        run_worker(WorkerSettings)  # type: ignore[arg-type]  # arq's own type asks for an instance
    except (RedisError, OSError) as error:
        raise SystemExit(f"contract-server: Redis cannot be reached ({type(error).__name__})") from None


@cli.command()
def migrate(
    check: Annotated[bool, typer.Option("--check", help="Apply nothing; exit with 1 if there is something.")] = False,
) -> None:
    """Bring the database to the schema of this version. Safe to run twice, and by two at a time."""
    settings = load_settings()

    async def run() -> list[str]:
        async with database(settings):
            return await (pending_migrations(settings) if check else apply_migrations(settings))

    names = _run(run)
    for name in names:
        typer.echo(f"{'pending' if check else 'applied'}: {name}")
    if not names:
        typer.echo("The database is up to date.")
    raise typer.Exit(1 if check and names else 0)


@cli.command()
def sweep() -> None:
    """Do once what the worker does again and again, without Redis: all that is due, and the mails that are owed."""
    from contract_server.sweep import sweep_once  # noqa: PLC0415 - only this command needs it

    report = _with_services(sweep_once)
    typer.echo(f"done: {report.done}, failed: {len(report.failed)}, left for later: {len(report.passed_over)}")
    raise typer.Exit(1 if report.failed else 0)


@cli.command("seed-demo")
def seed_demo() -> None:
    """Fill an empty development database with the demonstration data."""
    from contract_server.demo.seed import seed_if_empty  # noqa: PLC0415 - not part of production

    if not load_settings().development:
        raise SystemExit("contract-server: demonstration data is for ENVIRONMENT=development alone")
    seeded = _with_services(seed_if_empty)
    typer.echo("Demonstration data is in place." if seeded else "There is data already; nothing was changed.")


@cli.command("export-schema")
def export_schema(
    to: Annotated[Path | None, typer.Argument(help="File to write; standard output when absent.")] = None,
    production: Annotated[bool, typer.Option("--production", help="Without the development fields.")] = False,
) -> None:
    """Write the GraphQL schema in SDL."""
    from contract_server.graphql.schema import build_schema, export  # noqa: PLC0415 - only this command needs it

    text = export(build_schema(development=not production))
    if to is None:
        typer.echo(text, nl=False)
    else:
        to.write_text(text, encoding="utf-8")


def _with_services(act: Callable[[Services], Awaitable[Result]]) -> Result:
    settings = load_settings()
    logs.configure(settings.log_level)

    async def run() -> Result:
        async with database(settings):
            services = build_services(settings)
            try:
                return await act(services)
            finally:
                await services.close()

    return _run(run)


def _run(act: Callable[[], Awaitable[Result]]) -> Result:
    async def awaited() -> Result:
        return await act()

    return asyncio.run(awaited())


def main() -> None:
    """Run the command; what a user can put right is told in one line."""
    try:
        cli()
    except SettingsError as error:
        sys.exit(f"contract-server: {error}")
    except Exception as error:
        if not is_unavailable(error):
            raise
        sys.exit("contract-server: the database cannot be reached; see DATABASE_URL")
