"""The web application inside the test process, so that tests can count statements."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
from pydantic import SecretStr

from contract_server.contracts.viewer_contract import ViewerContract, find_viewer_contract
from contract_server.db.connection import database
from contract_server.db.migrate import migrate
from contract_server.development.demo.seed import seed_if_empty
from contract_server.services import Services, build_services
from contract_server.settings import EnvironmentName, Settings
from contract_server.web.app import create_app


def development_settings(database_url: str, folder: Path) -> Settings:
    """The settings of a development environment without a worker."""
    return Settings(
        environment=EnvironmentName.DEVELOPMENT, database_url=SecretStr(database_url), mail_dir=folder / "mail"
    )


@asynccontextmanager
async def seeded_services(settings: Settings) -> AsyncIterator[Services]:
    """The services with a database that is migrated and seeded."""
    async with database(settings):
        await migrate(settings)
        services = build_services(settings)
        await seed_if_empty(services)
        try:
            yield services
        finally:
            await services.close()


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Start the application for the block, and yield a client of it."""
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client,
    ):
        yield client


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Collect the SQL statements of the block from Tortoise's log."""
    statements: list[str] = []

    class Count(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            statements.append(record.getMessage())

    logger, handler = logging.getLogger("tortoise.db_client"), Count()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield statements
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


async def find_viewer(services: Services, token: str) -> ViewerContract | None:
    """The account and the contract of a session."""
    return await find_viewer_contract(token, services.clock, services.settings.session_idle_limit)
