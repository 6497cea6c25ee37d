"""How a command reaches the database and the services, once, and lets go of both."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from contract_server import event_loop, logs
from contract_server.db.connection import database
from contract_server.monitoring.startup_checks import find_known_startup_problem, find_startup_problem
from contract_server.services import Services, build_services
from contract_server.settings import SettingsError, load_settings

Result = TypeVar("Result")


def with_database(act: Callable[[], Awaitable[Result]], *, no_statement_timeout: bool = False) -> Result:
    """What `act` returns, awaited with a connection to the database, whose statements may be no_statement_timeout."""

    async def run() -> Result:
        async with database(load_settings(), no_statement_timeout=no_statement_timeout):
            return await act()

    return event_loop.run(run())


def with_services(act: Callable[[Services], Awaitable[Result]]) -> Result:
    """What `act` returns, awaited with the services that the settings ask for.

    Raises:
        SettingsError: The database is none to serve from.
    """
    settings = load_settings()
    logs.configure(settings.log_level)

    async def run() -> Result:
        services = build_services(settings)
        try:
            _refuse(await find_startup_problem(settings, services.policies))
            return await act(services)
        finally:
            await services.close()

    return with_database(run)


def refuse_startup_problems() -> None:
    """See that the database, where it can be reached already, is one to serve from.

    Raises:
        SettingsError: It is not.
    """
    _refuse(with_database(lambda: find_known_startup_problem(load_settings())))


def _refuse(obstacle: str | None) -> None:
    if obstacle:
        raise SettingsError(obstacle)
