"""Real servers for every test that wants them: one PostgreSQL and one Redis a run, and databases of one's own."""

import gc
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import date
from typing import Any

import asyncpg
import pytest
from hypothesis import settings
from playwright.async_api import Browser, async_playwright
from tests.chromium import ARGUMENTS, PATH
from tests.roles import create_roles
from tests.server.running import command

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


def pytest_collection() -> None:
    """Collect tests without collecting garbage: almost everything that is made stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Exclude what was made so far from garbage collection for good."""
    gc.freeze()
    gc.enable()


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


async def ask(postgres: EmbeddedPostgres, statement: str) -> Any:  # noqa: ANN401 - depends on the statement
    """Execute a statement in a connection of its own; return the first value, if it has one."""
    connection = await asyncpg.connect(postgres.url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


_TEMPLATES: dict[tuple[EmbeddedPostgres, tuple[str, ...], date], str] = {}
"""The databases that others are copied from, by their server, the command that fills them, and its day in Tokyo."""


async def new_database(postgres: EmbeddedPostgres) -> str:
    """The URL of a new, empty database."""
    return await _create_database(postgres, "template1")


async def migrated_database(postgres: EmbeddedPostgres) -> str:
    """The URL of a new database with this version's schema. A copy takes a tenth of the time of the migrations."""
    return await _create_database(postgres, await _template(postgres, ("migrate", "--roles"), new_database))


async def seeded_database(postgres: EmbeddedPostgres) -> str:
    """The URL of a new database with the demonstration data."""
    return await _create_database(postgres, await _template(postgres, ("seed-demo",), migrated_database))


async def _template(
    postgres: EmbeddedPostgres, step: tuple[str, ...], new: Callable[[EmbeddedPostgres], Awaitable[str]]
) -> str:
    """The name of a database that a command has filled. No process is connected to it."""
    key = (postgres, step, await _today(postgres))
    if key not in _TEMPLATES:
        url = await new(postgres)
        await create_roles(url)
        variables = {"ENVIRONMENT": "development", "DATABASE_URL": url, "SMTP_URL": "smtp://127.0.0.1:1"}
        status, _, errors = await command(variables, *step)
        assert status == 0, errors
        _TEMPLATES[key] = url.rpartition("/")[2]
    return _TEMPLATES[key]


async def _today(postgres: EmbeddedPostgres) -> date:
    today: date = await ask(postgres, "SELECT (now() AT TIME ZONE 'Asia/Tokyo')::date")
    return today


async def _create_database(postgres: EmbeddedPostgres, template: str) -> str:
    name = f"test_{secrets.token_hex(6)}"
    await ask(postgres, f"CREATE DATABASE {name} TEMPLATE {template}")
    return f"{postgres.url.rpartition('/')[0]}/{name}"
