"""`contract-server dev`: a complete environment in one terminal, with its data in one folder."""

import asyncio
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from contract_server.development.data_directory import DataDirectory
from contract_server.development.env_file import published_variables
from contract_server.development.errors import DevelopmentError
from contract_server.development.servers.ports import LOOPBACK, require_free_port
from contract_server.development.servers.wheels import find_postgres, find_redis
from contract_server.development.supervisor.processes import DatabaseServer, Program
from contract_server.development.supervisor.readiness import wait_until_ok
from contract_server.development.supervisor.supervisor import Supervisor, together
from contract_server.development.supervisor.terminal import show, show_error, show_output

CONTRACT_SERVER = (sys.executable, "-P", "-m", "contract_server")
"""Command line of this installation; with `-P`, no file in the current folder is imported as a module."""

_BANNER = """
Ready: {base_url}/graphql

  accounts   {accounts}
  password   omakase-demo-2026, for all of them
  mails      {base_url}/dev/mail
  database   . {variables} && psql "$DATABASE_URL"
  start anew make reset-demo
  commands   (set -a; . {variables}; contract-server doctor)
  end        Ctrl-C
"""


def run_development(
    host: str, port: int, directory: Path = Path(".local"), *, command: Sequence[str] = CONTRACT_SERVER
) -> int:
    """Run PostgreSQL, Redis, the API and the worker until Ctrl-C, SIGTERM or SIGHUP; return the exit status.

    An error is printed in one line on standard error, with exit status 1.

    Args:
        host: The address on which the API listens.
        port: Its port.
        directory: Folder of all data; created if it is missing. The next run uses the same data.
        command: Command line of `contract-server`.
    """
    folder = DataDirectory(directory.absolute())
    environment = Environment(host, port, folder, command)
    try:
        with folder.locked(environment.base_url):
            folder.variables_file.unlink(missing_ok=True)  # a killed run leaves it behind
            require_free_port(host, port)
            find_postgres()
            find_redis()
            asyncio.run(environment.run())
    except DevelopmentError as error:
        show_error(f"contract-server: {error}")
        return 1
    return 0


def remove_development(directory: Path = Path(".local")) -> int:
    """Delete the data of an environment that is not running; return the exit status."""
    try:
        DataDirectory(directory.absolute()).remove()
    except DevelopmentError as error:
        show_error(f"contract-server: {error}")
        return 1
    return 0


@dataclass(frozen=True)
class Environment:
    """One environment: the address of its API, its data, and the command of its programs."""

    host: str
    port: int
    folder: DataDirectory
    command: Sequence[str]

    @property
    def base_url(self) -> str:
        """URL of the API for a browser on this machine."""
        host = self._reachable_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    async def run(self) -> None:
        """Start everything, print a banner when it is ready, and run until a stop signal."""
        async with Supervisor(show) as supervisor:
            services = await self._start_databases(supervisor)
            show("migrate    brings the database up to date")
            await supervisor.run(self._program(services, "migrate", "migrate"))
            show("seed-demo  stores the demonstration data, if there is none")
            accounts = await self._seed(supervisor, services)
            with published_variables(self.folder.variables_file, {"BASE_URL": self.base_url, **services}):
                await self._start_programs(supervisor, services)
                show(self._banner(accounts))
                await supervisor.serve()

    async def _start_databases(self, supervisor: Supervisor) -> dict[str, str]:
        """Start PostgreSQL and Redis; return the settings of every program: their addresses, and the data folders."""
        postgres, redis = self.folder.postgres(), self.folder.redis()
        show(f"Starting PostgreSQL and Redis, with their data in {self.folder.path}")
        await together(
            supervisor.start(DatabaseServer(postgres, f"data in {self.folder.path / 'postgres'}")),
            supervisor.start(DatabaseServer(redis, f"data in {self.folder.path / 'redis'}")),
        )
        for folder in (self.folder.mails, self.folder.ledger):
            folder.mkdir(exist_ok=True)
        return {
            "ENVIRONMENT": "development",
            "PUBLIC_URL": self.base_url,
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "MAIL_DIR": str(self.folder.mails),
            "LEDGER_DIR": str(self.folder.ledger),
        }

    async def _seed(self, supervisor: Supervisor, services: Mapping[str, str]) -> list[str]:
        """Store the demonstration data; return the accounts as they are, line by line."""
        lines: list[str] = []
        program = self._program(services, "seed-demo", "seed-demo", relay=lambda _, line: lines.append(line))
        try:
            await supervisor.run(program)
        except DevelopmentError:
            for line in lines:
                show_output("seed-demo", line)
            raise
        return lines

    async def _start_programs(self, supervisor: Supervisor, services: Mapping[str, str]) -> None:
        """Start the API and the worker, and wait until the API is ready."""
        listen = ("--host", self.host, "--port", str(self.port))
        api = self._program(services, "API", "serve", *listen, where=f"{self.base_url}/graphql")
        worker = self._program(services, "worker", "worker", where="does due actions, sends mails")
        ready = partial(wait_until_ok, self._reachable_host, self.port, "/readyz")
        await together(supervisor.start(api, ready=ready), supervisor.start(worker))

    def _program(
        self,
        services: Mapping[str, str],
        name: str,
        *arguments: str,
        where: str = "",
        relay: Callable[[str, str], None] = show_output,
    ) -> Program:
        """A command of `contract-server` with the settings in its environment variables."""
        return Program(
            name,
            (*self.command, *arguments),
            where=where,
            environment={**os.environ, **services, "PYTHONUNBUFFERED": "1"},
            relay=relay,
        )

    def _banner(self, accounts: Sequence[str]) -> str:
        file = os.path.relpath(self.folder.variables_file)
        return _BANNER.format(
            base_url=self.base_url, variables=shlex.quote(file), accounts=f"\n{' ' * 13}".join(accounts)
        )

    @property
    def _reachable_host(self) -> str:
        """An address at which this machine reaches the API, also if the API listens on all addresses."""
        loopback_of = {"0.0.0.0": LOOPBACK, "": LOOPBACK, "::": "::1"}  # noqa: S104 - compared, not bound
        return loopback_of.get(self.host, self.host)
