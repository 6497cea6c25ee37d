"""A program that has everything imported, and serves or sends in processes of its own, each of which can be killed.

Started with `DATABASE_URL SMTP_URL`; prints the port that it listens on. Reads lines `serve` and `send` as `forking.py`
says; for each, a process serves on that port, or sends the mails that are owed.
"""

import socket
import sys
from collections.abc import Callable

import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from tests.faults.forking import fork_for_each_line
from tests.faults.watched import watch_servers

from contract_server import event_loop
from contract_server.db.connection import database
from contract_server.services import build_services
from contract_server.settings import Settings
from contract_server.web.app import create_app

SECRET_KEY = "a key for the faults, of 32 characters"
HOST = "keiyaku.example.jp"
NO_REDIS = "redis://127.0.0.1:1/0"


def settings_of(database_url: str, smtp_url: str) -> Settings:
    """In production, and without a Redis, which nothing here needs."""
    return Settings(
        database_url=SecretStr(database_url),
        smtp_url=SecretStr(smtp_url),
        redis_url=SecretStr(NO_REDIS),
        public_url=f"https://{HOST}",
        mail_sender="no-reply@example.jp",
        secret_key=SecretStr(SECRET_KEY),
        log_level="ERROR",
    )


def serve(app: Starlette, listener: socket.socket) -> None:
    uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none")).run(sockets=[listener])


async def send(settings: Settings) -> None:
    async with database(settings):
        services = build_services(settings)
        await services.mail_relay.drain()
        await services.close()


def main() -> None:
    watch_servers()
    settings = settings_of(*sys.argv[1:])
    app = create_app(settings)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tasks: dict[str, Callable[[], None]] = {
            "serve": lambda: serve(app, listener),
            "send": lambda: event_loop.run(send(settings)),
        }
        print(listener.getsockname()[1], flush=True)
        fork_for_each_line(lambda line: tasks[line]())


if __name__ == "__main__":
    main()
