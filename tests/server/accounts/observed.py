"""Server and worker as in production's way of logging, with all that they say in files."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.server.running import Client, command, end, free_port, until_ready


@dataclass(frozen=True)
class Observed:
    """A running server, perhaps with a worker, and where their output goes."""

    base_url: str
    database_url: str
    folder: Path

    def client(self) -> Client:
        return Client(self.base_url)

    def said(self) -> dict[str, list[str]]:
        """What each has said so far, line by line."""
        return {file.stem: file.read_text().splitlines() for file in self.folder.glob("*.log")}


@asynccontextmanager
async def observed(
    database_url: str, redis_url: str, folder: Path, *, worker: bool = True, **settings: str
) -> AsyncIterator[Observed]:
    """Migrate, seed, and start a server, and a worker if wanted, with settings of one's own."""
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    variables = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "MAIL_DIR": str(folder / "mail"),
        "PUBLIC_URL": base_url,
        **settings,
    }
    for step in ("migrate", "seed-demo"):
        status, _, errors = await command(variables, step)
        assert status == 0, errors
    processes = [await _start(variables, folder / "server.log", "serve", "--port", str(port))]
    if worker:
        processes.append(await _start(variables, folder / "worker.log", "worker"))
    try:
        await until_ready(base_url)
        yield Observed(base_url, database_url, folder)
    finally:
        for process in processes:
            await end(process)


async def _start(variables: Mapping[str, str], log: Path, *arguments: str) -> asyncio.subprocess.Process:
    with log.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "contract_server",
            *arguments,
            env={"PATH": os.environ["PATH"], **variables},
            stdout=output,
            stderr=output,
        )
