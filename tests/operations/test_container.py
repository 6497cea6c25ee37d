"""The container image holds what is locked, and runs everything as an ordinary user who can write no file of it."""

import asyncio
import os
import re
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from tests.conftest import new_database
from tests.operations.container import CACHE, ROOT, Image, built_image, run
from tests.processes import children_of
from tests.server.running import free_port, until_ready
from typer.main import get_command

from contract_server.cli.command_line import COMMANDS, command_line
from contract_server.cli.exit_status import Status
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.settings import Settings

LOCK = ROOT / "packages" / "server" / "requirements.lock"
COMPOSE = ROOT / "packages" / "server" / "compose.yaml"
UV = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))

Variables = dict[str, str]


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    build = ("build", "--quiet", "--wheel", "--all-packages", "--no-build-isolation", "--python", sys.executable)
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    run(UV, *build, "-o", "dist")
    with built_image(locked_wheels()) as image:
        yield image


def locked_wheels() -> Path:
    """A folder of all locked wheels, also those that the Python of these tests does not need."""
    folder, everything = CACHE / "wheels", CACHE / "everything.lock"
    everything.write_text(re.sub(r" ; .*(?= \\$)", "", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE))
    download = ("download", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:")
    run(sys.executable, "-m", "pip", *download, "-r", str(everything), "-d", str(folder))
    return folder


@pytest.fixture
async def variables(image: Image, postgres: EmbeddedPostgres, redis: EmbeddedRedis) -> Variables:
    return {
        **image.variables(),
        "DATABASE_URL": await new_database(postgres),
        "REDIS_URL": f"{redis.url.rpartition('/')[0]}/0",
        "SMTP_URL": "smtp://127.0.0.1:1?starttls=never",
        "PUBLIC_URL": "https://keiyaku.example.jp",
        "MAIL_SENDER": "no-reply@keiyaku.example.jp",
        "MAIL_DOMAIN": "keiyaku.example.jp",
        "SECRET_KEY": secrets.token_hex(32),
        "LEDGER_DIR": "/tmp",  # noqa: S108 - of the container
        "METRICS_HOST": "127.0.0.1",
    }


@asynccontextmanager
async def running(image: Image, variables: Variables, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a process of the image until the block ends."""
    process = await asyncio.create_subprocess_exec(*image.entrypoint(*arguments), env=variables)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def status_of(command: list[str], variables: Variables) -> int:
    process = await asyncio.create_subprocess_exec(*command, env=variables)
    return await process.wait()


async def until_healthy(image: Image, variables: Variables) -> None:
    async with asyncio.timeout(60):
        while await status_of(image.health_check(), variables):
            await asyncio.sleep(0.2)


async def stop(process: asyncio.subprocess.Process) -> int:
    """Send SIGTERM to process 1 of the container, and return its exit status."""
    (first,) = children_of(process.pid)
    os.kill(first, signal.SIGTERM)
    return await process.wait()


@pytest.mark.container
async def test_the_image_serves_works_and_runs_commands(image: Image, variables: Variables) -> None:
    assert await status_of(image.entrypoint("migrate"), variables) == Status.DONE
    port = free_port()
    of_server, of_worker = ({**variables, "METRICS_PORT": str(free_port())} for _ in range(2))
    serve = ("serve", "--port", str(port), "--workers", "2")
    async with running(image, of_server, *serve) as server, running(image, of_worker, "worker") as worker:
        await until_ready(f"http://127.0.0.1:{port}")
        for process_variables in (of_server, of_worker):
            await until_healthy(image, process_variables)
        assert await status_of(image.entrypoint("doctor"), variables) == Status.DONE
        assert await stop(server) == Status.DONE
        assert await stop(worker) == Status.DONE
    assert await status_of(image.health_check(), of_server) != Status.DONE


@pytest.mark.container
async def test_nothing_of_the_image_runs_as_root_or_can_be_written(image: Image) -> None:
    write = ("sh", "-c", "test $(id -u) = 10001 && ! touch /opt/contract-server/x && ! touch /x")
    assert await status_of(image.command(*write), image.variables()) == 0


@pytest.mark.container
def test_the_image_has_what_is_locked_and_no_tool_that_installs_more(image: Image) -> None:
    folders = (image.files / "opt/contract-server/lib").glob("python*/site-packages/*.dist-info")
    installed = {folder.name.removesuffix(".dist-info").replace("_", "-").lower() for folder in folders}
    ours = {name for name in installed if name.startswith("contract-")}
    assert {name.rpartition("-")[0] for name in ours} == {"contract-notify", "contract-rules", "contract-server"}
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    locked = {line.split()[0].replace("==", "-").lower() for line in lines if "==" in line}
    assert not {name for name in installed - ours if not name.startswith("setuptools-")} - locked


def test_compose_sets_settings_and_runs_commands_that_exist() -> None:
    services = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    known = {name.upper() for name in Settings.model_fields}
    ours = [services[name] for name in ("server", "worker", "migrate")]
    for service in ours:
        assert service["environment"].keys() <= known
        assert service["read_only"]
        group = get_command(command_line(*COMMANDS))
        assert group.commands[service["command"][0]]  # type: ignore[attr-defined]  # it is a group
    assert set(services) - {"server", "worker", "migrate", "ledger"} == {"postgres", "redis"}
