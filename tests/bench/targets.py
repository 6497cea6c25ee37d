"""The servers that are measured: each a process on the first core, with the same database."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from tests.server.running import free_port, stop_process

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"
_ON_THE_FIRST_CORE = ("taskset", "--cpu-list", "0")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Kind:
    """A server: what it is called in the tables, and how it is started on a port."""

    title: str
    command: tuple[str, ...]


def _uvicorn(python: str, module: str) -> tuple[str, ...]:
    return (python, "-m", "uvicorn", f"{module}:app", "--no-access-log", "--log-level", "warning", "--port")


_OF_PEERS = str(ROOT / ".local/peers/bin/python")

KINDS: Mapping[str, Kind] = {
    "limit": Kind("the limit: bare ASGI, asyncpg, orjson", _uvicorn(sys.executable, "tests.bench.peers.limit")),
    "product": Kind("**this product**", (sys.executable, "-m", "contract_server", "serve", "--port")),
    "tutorial": Kind("Strawberry + Tortoise, tutorial", _uvicorn(sys.executable, "tests.bench.peers.tutorial")),
    "ariadne": Kind("Ariadne + asyncpg", _uvicorn(_OF_PEERS, "tests.bench.peers.ariadne_server")),
    "yoga": Kind("graphql-yoga + pg", ("node", str(PEERS / "yoga.mjs"))),
    "mercurius": Kind("mercurius with jit + pg", ("node", str(PEERS / "mercurius.mjs"))),
}


@dataclass(frozen=True, slots=True)
class Target:
    """A server that answers."""

    name: str
    base_url: str
    pid: int

    def cpu_seconds(self) -> float:
        """How long its process has computed so far, all threads together."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


def missing(name: str) -> str | None:
    """What has to be installed before a server can be started; None where nothing has."""
    if name == "ariadne" and not Path(_OF_PEERS).exists():
        return "make bench-peers"
    if name in ("yoga", "mercurius"):
        if not shutil.which("node"):
            return "Node 20"
        if not (PEERS / "node_modules").exists():
            return "make bench-peers"
    return None


@asynccontextmanager
async def started(names: list[str], variables: Mapping[str, str], folder: Path) -> AsyncIterator[list[Target]]:
    """All of them, ended afterwards."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_started(name, variables, folder)) for name in names]


@asynccontextmanager
async def _started(name: str, variables: Mapping[str, str], folder: Path) -> AsyncIterator[Target]:
    port = free_port()
    with (folder / f"{name}.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *_ON_THE_FIRST_CORE,
            *KINDS[name].command,
            str(port),
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "NODE_ENV": "production", **variables},
            stdout=output,
            stderr=output,
        )
    try:
        target = Target(name, f"http://127.0.0.1:{port}", process.pid)
        await _until_it_answers(target, process, folder / f"{name}.log")
        yield target
    finally:
        await stop_process(process)


async def _until_it_answers(target: Target, process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient(base_url=target.base_url) as client:
        while True:
            if process.returncode is not None:
                raise SystemExit(f"{target.name} has ended by itself:\n{_read(log)}")
            try:
                await client.get("/readyz")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return


def _read(log: Path) -> str:
    return log.read_text()
