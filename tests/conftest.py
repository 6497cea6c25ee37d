"""Real servers for every test that wants them: one PostgreSQL and one Redis a run, and databases of one's own."""

import logging
import secrets
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from hypothesis import settings
from playwright.async_api import Browser, async_playwright
from tests.chromium import ARGUMENTS, PATH

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

settings.register_profile("untimed", deadline=None)  # how long an example takes says more of the machine than of us
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this run's own."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A Redis of this run's own."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as server:
        yield server


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PATH, args=ARGUMENTS)
        yield browser
        await browser.close()


def pytest_configure() -> None:
    """Let the clients of these tests be silent: the application's log configuration would write down each request."""
    logging.getLogger("httpx").setLevel(logging.WARNING)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser's tests out where there is no Chromium."""
    if PATH is None:
        left_out = [item for item in items if item.get_closest_marker("browser")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that they were."""
    if PATH is None:
        terminalreporter.write_line("The browser's tests were left out: this machine has no Chromium.")


async def new_database(postgres: EmbeddedPostgres) -> str:
    """The URL of a new, empty database."""
    name = f"test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(postgres.url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return f"{postgres.url.rpartition('/')[0]}/{name}"
