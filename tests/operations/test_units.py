"""The example units are valid for systemd, and the processes they start run."""

import asyncio
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.conftest import new_database
from tests.server.running import command, free_port, start, stop_process, until_ready

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.settings import Settings

FOLDER = Path(__file__).parents[2] / "packages" / "server" / "docs" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
INSTALLED_IN, BIN = "/opt/contract-server/bin", str(Path(sys.executable).parent)
SYSTEMD = shutil.which("systemd-analyze")

URL_OF_NO_SERVER = "smtp://127.0.0.1:1?starttls=never"


class Unit:
    """A unit as systemd reads it, for one instance."""

    def __init__(self, path: Path, instance: str = "", credentials: str = "") -> None:
        text = path.read_text(encoding="utf-8").replace(INSTALLED_IN, BIN)
        self.text = text.replace("%i", instance).replace("%d", credentials)

    def values(self, name: str) -> list[str]:
        return re.findall(rf"^{name}=(.*)$", self.text, re.MULTILINE)

    def variables(self) -> dict[str, str]:
        return dict(word.split("=", 1) for line in self.values("Environment") for word in line.split())

    def command(self) -> list[str]:
        (line,) = self.values("ExecStart")
        return line.split()


def unit(name: str, instance: str = "", credentials: str = "") -> Unit:
    return Unit(FOLDER / name, instance, credentials)


def variables_shared_by_all() -> dict[str, str]:
    """The variables of `/etc/contract-server/environment`."""
    lines = (FOLDER / "environment").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.mark.skipif(SYSTEMD is None, reason="this machine has no systemd")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    assert SYSTEMD is not None
    for path in UNITS:
        (tmp_path / path.name).write_text(Unit(path, "8001", "%d").text, encoding="utf-8")
    files = sorted(tmp_path.iterdir())
    verified = subprocess.run([SYSTEMD, "verify", *files], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_variable_of_a_unit_is_a_setting(path: Path) -> None:
    settings = {name.upper() for name in Settings.model_fields}
    variables = Unit(path).variables().keys() | variables_shared_by_all().keys()
    assert {name.removesuffix("_FILE") for name in variables} <= settings


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_secret_file_of_a_unit_is_handed_over_to_it(path: Path) -> None:
    service = Unit(path, credentials="/run/credentials")
    handed_over = {f"/run/credentials/{line.split(':')[0]}" for line in service.values("LoadCredential")}
    assert {value for name, value in service.variables().items() if name.endswith("_FILE")} == handed_over


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_what_runs_for_ever_may_open_more_descriptors_than_one_peer_opens_connections(path: Path) -> None:
    service = Unit(path)
    limits = [int(limit) for limit in service.values("LimitNOFILE")]
    assert bool(limits) is bool(service.values("Restart"))
    assert all(limit >= 100 * Settings.model_fields["connections_per_peer"].default for limit in limits)


def two_free_ports() -> tuple[str, int]:
    """An instance's number, which is its port, and the port of its metrics."""
    while True:
        instance = secrets.randbelow(8_000) + 2_000
        try:
            for port in (instance, 10_000 + instance):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return str(instance), 10_000 + instance


async def test_what_the_units_start_migrates_serves_and_works(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path: Path
) -> None:
    for name, value in {
        "database_url": await new_database(postgres),
        "redis_url": f"{redis.url.rpartition('/')[0]}/0",
        "smtp_url": URL_OF_NO_SERVER,
        "secret_key": secrets.token_hex(32),
    }.items():
        (tmp_path / name).write_text(f"{value}\n", encoding="utf-8")
    (port, of_server), (number, of_worker) = two_free_ports(), two_free_ports()
    migration, server, worker = (
        unit("contract-migrate.service", credentials=str(tmp_path)),
        unit("contract-server@.service", port, str(tmp_path)),
        unit("contract-worker@.service", number, str(tmp_path)),
    )
    shared = {"PATH": os.environ["PATH"], **variables_shared_by_all()}
    assert migration.command()[0] == f"{BIN}/contract-server"
    status, _, errors = await command({**shared, **migration.variables()}, *migration.command()[1:])
    assert status == 0, errors
    processes = [
        await asyncio.create_subprocess_exec(*service.command(), env={**shared, **service.variables()})
        for service in (server, worker)
    ]
    try:
        await until_ready(f"http://127.0.0.1:{port}")
        async with httpx.AsyncClient() as client:
            for metrics_port in (of_server, of_worker):
                await until_scraped(client, f"http://127.0.0.1:{metrics_port}/metrics")
    finally:
        for process in processes:
            await stop_process(process)


async def test_the_server_reports_to_systemd_when_it_serves(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    port, address = free_port(), str(tmp_path / "notify")
    assert unit("contract-server@.service").values("Type") == ["notify"]
    variables = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": await new_database(postgres),
        "MAIL_DIR": str(tmp_path),
        "NOTIFY_SOCKET": address,
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.setblocking(False)
        process = start(variables, tmp_path / "server.log", "serve", "--port", str(port), "--workers", "2")
        try:
            async with asyncio.timeout(30), httpx.AsyncClient() as client:
                assert await asyncio.get_running_loop().sock_recv(systemd, 64) == b"READY=1"
                assert (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
        finally:
            await stop_process(process)


async def until_scraped(client: httpx.AsyncClient, address: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                assert "contract_database_reachable 1.0" in (await client.get(address)).text
            except httpx.ConnectError:
                await asyncio.sleep(0.1)
            else:
                return
