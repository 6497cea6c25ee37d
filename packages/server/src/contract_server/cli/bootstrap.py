"""Open the database and the services for one command, and close them afterwards."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from contract_server import event_loop, logs
from contract_server.db.connection import database
from contract_server.monitoring.startup_checks import find_known_startup_problem, find_startup_problem
from contract_server.services import Services, build_services
from contract_server.settings import SettingsError, load_settings

Result = TypeVar("Result")


def with_database(operation: Callable[[], Awaitable[Result]], *, for_migrations: bool = False) -> Result:
    """Run `operation` with a connection to the database, and return its result."""

    async def run() -> Result:
        async with database(load_settings(), for_migrations=for_migrations):
            return await operation()

    return event_loop.run(run())


def with_services(operation: Callable[[Services], Awaitable[Result]]) -> Result:
    """Run `operation` with the services that the settings describe, and return its result.

    Raises:
        SettingsError: The database is unfit to serve from.
    """
    settings = load_settings()
    logs.configure(settings.log_level)

    async def run() -> Result:
        services = build_services(settings)
        try:
            _raise_if(await find_startup_problem(settings, services.policies))
            return await operation(services)
        finally:
            await services.close()

    return with_database(run)


def refuse_startup_problems() -> None:
    """Run the startup checks, unless the database cannot be reached yet.

    Raises:
        SettingsError: The database is unfit to serve from.
    """
    _raise_if(with_database(lambda: find_known_startup_problem(load_settings())))


def _raise_if(problem: str | None) -> None:
    if problem:
        raise SettingsError(problem)
