"""Debian's Patroni, etcd and HAProxy with the documented settings, each machine an address of the loopback network."""

import asyncio
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.faults.waiting import until

from contract_server.development.servers.run_as import Identity
from contract_server.development.servers.watchdog import Watchdog

DOCUMENTED = Path(__file__).parents[2] / "packages" / "server" / "docs" / "patroni"
PROGRAMS = ("patroni", "etcd", "haproxy")
ARE_INSTALLED = all(shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in PROGRAMS)

NODES = ("db1", "db2", "db3")
PASSWORD = "password-of-postgres"
_IN_THE_DOCUMENTS = "/var/lib/postgresql/contracts"
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Machines:
    """Programs on the machines of one cluster, which run as a user that is not root."""

    folder: Path
    network: str = field(default_factory=lambda: f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250)}")
    _running: dict[str, tuple[subprocess.Popen[bytes], Watchdog]] = field(default_factory=dict)

    def address(self, machine: str) -> str:
        machines = ("proxy", "etcd1", *NODES)
        return f"{self.network}.{machines.index(machine) + 1}"

    def start(self, name: str, *command: str | Path) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - programs of the system, arguments of our own
                command, stdout=log, stderr=log, env={"PATH": _PATH}, start_new_session=True, **_identity()
            )
        self._running[name] = (process, Watchdog(process.pid, signal.SIGTERM))

    def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        process, watchdog = self._running.pop(name)
        process.send_signal(number)
        process.wait()
        watchdog.release()

    def end_all(self) -> None:
        for name in reversed(list(self._running)):
            self.end(name)

    def configure(self, document: str, machine: str) -> Path:
        """Write a documented file for one of the machines."""
        text = (DOCUMENTED / document).read_text(encoding="utf-8")
        changes = {
            "etcd1:2379,etcd2:2379,etcd3:2379": f"{self.address('etcd1')}:2379",
            _IN_THE_DOCUMENTS: str(self.folder / machine),
            "10.0.0.0/8": "127.0.0.0/8",
            "name: db1": f"name: {machine}",
            **{f" {each}:": f" {self.address(each if document == 'haproxy.cfg' else machine)}:" for each in NODES},
            "proxy:": f"{self.address('proxy')}:",
        }
        for old, new in changes.items():
            text = text.replace(old, new)
        file = self.folder / f"{machine}.{document}"
        file.write_text(text)
        return file


class Cluster:
    """Three nodes, of which one is the primary and one its synchronous standby."""

    def __init__(self, folder: Path) -> None:
        self._machines = Machines(folder)
        self._http = httpx.AsyncClient(timeout=60)
        self._lost: str | None = None

    def url(self, *hosts: str) -> str:
        """The URL of the application's database at those machines."""
        addresses = ",".join(f"{self._machines.address(host)}:5432" for host in hosts)
        return f"postgresql://postgres:{PASSWORD}@{addresses}/contracts?target_session_attrs=read-write"

    async def start(self) -> None:
        own, peers = (f"http://{self._machines.address('etcd1')}:{port}" for port in (2379, 2380))
        self._machines.start(
            "etcd1",
            "etcd",
            f"--data-dir={self._machines.folder / 'etcd1'}",
            *(f"--{name}-client-urls={own}" for name in ("listen", "advertise")),
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
        )
        for node in NODES:
            self._start_node(node)
        self._machines.start("proxy", "haproxy", "-db", "-f", self._machines.configure("haproxy.cfg", "proxy"))
        await until(self.is_whole)

    def _start_node(self, node: str) -> None:
        home = self._machines.folder / node
        home.mkdir(exist_ok=True)
        _give(home)
        self._machines.start(node, "patroni", self._machines.configure("patroni.yml", node))

    async def is_whole(self) -> bool:
        """Whether every node serves: the primary, its synchronous standby and one more."""
        members = await self._members()
        roles = sorted(member["role"] for member in members if member["state"] in ("running", "streaming"))
        return roles == ["leader", "replica", "sync_standby"]

    async def switch_over(self) -> None:
        """Ask Patroni for a planned switchover, and wait until there is another primary."""
        leader = await self._leader()
        assert leader
        response = await self._http.post(self._api(leader) + "/switchover", json={"leader": leader})
        assert response.status_code == 200, response.text
        await self._wait_for_another(leader)

    async def lose_primary(self) -> None:
        """Kill everything on the primary's machine, and wait until there is another primary."""
        self._lost = await self._leader()
        assert self._lost
        self._machines.end(self._lost, signal.SIGKILL)
        note = self._machines.folder / self._lost / "data" / "postmaster.pid"
        os.kill(int(note.read_text().split()[0]), signal.SIGKILL)
        await self._wait_for_another(self._lost)

    async def _wait_for_another(self, leader: str) -> None:
        async def is_another() -> bool:
            return await self._leader() not in (None, leader)

        await until(is_another)

    async def repair(self) -> None:
        """Start the lost machine again, and wait until the cluster is whole."""
        if self._lost is not None:
            self._start_node(self._lost)
            self._lost = None
        await until(self.is_whole)

    async def close(self) -> None:
        await self._http.aclose()
        await asyncio.to_thread(self._machines.end_all)

    async def _leader(self) -> str | None:
        return next((member["name"] for member in await self._members() if member["role"] == "leader"), None)

    async def _members(self) -> list[dict[str, Any]]:
        for node in NODES:
            with suppress(httpx.TransportError):
                members: list[dict[str, Any]] = (await self._http.get(self._api(node) + "/cluster")).json()["members"]
                return members
        return []

    def _api(self, node: str) -> str:
        return f"http://{self._machines.address(node)}:8008"


@asynccontextmanager
async def clustered() -> AsyncIterator[Cluster]:
    """Start a cluster for the block."""
    folder = _new_folder()
    cluster = Cluster(folder)
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.close()
        shutil.rmtree(folder)


def _new_folder() -> Path:
    folder = Path(f"/var/tmp/patroni-{secrets.token_hex(6)}")  # noqa: S108 - a path that the other user may enter
    folder.mkdir(mode=0o711)
    _give(folder)
    return folder


def _identity() -> Identity:
    """PostgreSQL refuses to run as root."""
    if os.geteuid():
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _give(path: Path) -> None:
    identity = _identity()
    if identity:
        os.chown(path, identity["user"], identity["group"])
