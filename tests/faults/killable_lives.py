"""A program that serves, sweeps and sends webhooks by the test clock, each in a process of its own that can be killed.

Started with `DATABASE_URL FOLDER`; prints the port that it listens on. Reads lines `serve`, `sweep` and `relay` as
`forking.py` says.
"""

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from tests.faults.forking import fork_for_each_line
from tests.server.in_process import development_settings

from contract_server import event_loop, logs
from contract_server.db.connection import database
from contract_server.services import build_services
from contract_server.settings import Settings
from contract_server.web.app import create_app
from contract_server.worker.sweep import sweep_once


def settings_of(database_url: str, folder: Path) -> Settings:
    """As in development, with a ledger and without the breaker, which would stop so many erasures of so few."""
    more = {"ledger_dir": folder / "ledger", "erasure_breaker_contracts": 10**6}
    return development_settings(database_url, folder).model_copy(update=more)


def serve(app: Starlette, listener: socket.socket) -> None:
    uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none")).run(sockets=[listener])


async def sweep(settings: Settings) -> None:
    async with database(settings):
        services = build_services(settings)
        await sweep_once(services)
        await services.close()


async def relay(settings: Settings) -> None:
    async with database(settings):
        services = build_services(settings)
        while await services.webhook_relay.send_ready():
            pass
        await services.close()


def main() -> None:
    logs.configure("CRITICAL")
    database_url, folder = sys.argv[1:]
    settings = settings_of(database_url, Path(folder))
    app = create_app(settings)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tasks: dict[str, Callable[[], None]] = {
            "serve": lambda: serve(app, listener),
            "sweep": lambda: event_loop.run(sweep(settings)),
            "relay": lambda: event_loop.run(relay(settings)),
        }
        print(listener.getsockname()[1], flush=True)
        fork_for_each_line(lambda line: tasks[line]())


if __name__ == "__main__":
    main()
