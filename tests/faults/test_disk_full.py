"""A full disk under the database: changes and `/readyz` are refused with the reason, and go on once there is space."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest
from tests.conftest import ask, new_database
from tests.faults.customers import CHANGES, Customer, Effects, change, new_customer
from tests.faults.load import Load
from tests.faults.small_disk import OnSmallDisk, SmallDisk, small_disk
from tests.faults.waiting import until
from tests.server.in_process import development_settings, seeded_services, served

pytestmark = pytest.mark.small_disk

CLIENTS = 10
REASON = "the database has used up its disk, memory or connections"


@dataclass(frozen=True)
class Program:
    """The application on a database whose disk can be filled."""

    http: httpx.AsyncClient
    disk: SmallDisk
    postgres: OnSmallDisk
    customers: list[Customer]

    async def change(self, number: int, key: str) -> httpx.Response:
        """The first customer's change of that number."""
        return await change(self.http, self.customers[0], tuple(CHANGES)[number % 2], key)

    async def is_ready(self) -> bool:
        return (await self.http.get("/readyz")).status_code == 200


@contextmanager
def removed_later(postgres: OnSmallDisk) -> Iterator[OnSmallDisk]:
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.remove()


@asynccontextmanager
async def on_small_disk(folder: Path, part: str) -> AsyncIterator[Program]:
    """Serve from a database of which that part is on a small disk."""
    with small_disk() as disk, removed_later(OnSmallDisk(folder / "postgres", disk, part)) as postgres:
        settings = development_settings(await new_database(postgres), folder)
        settings = settings.model_copy(update={"changes_per_contract_and_day": 1_000_000})
        async with seeded_services(settings) as services:
            customers = [await new_customer(services) for _ in range(CLIENTS)]
        async with served(settings) as http:
            yield Program(http, disk, postgres, customers)


async def test_a_server_on_a_full_disk_is_not_ready_until_there_is_space_again(tmp_path: Path) -> None:
    async with on_small_disk(tmp_path, "base") as program:
        assert await program.is_ready()
        program.disk.fill()
        changes, key = 0, str(uuid4())
        while (response := await program.change(changes, key)).status_code == 200:
            changes, key = changes + 1, str(uuid4())
        assert (response.status_code, int(response.headers["Retry-After"]) > 0) == (503, True)
        for _ in range(3):  # asking does not make it ready
            assert (await program.http.get("/readyz")).json() == {"ok": False, "reason": REASON}
        program.disk.free()
        assert await program.is_ready()
        assert (await program.change(changes, key)).status_code == 200
        assert await Effects.of(program.customers[0]) == Effects.after(changes + 1)


@pytest.mark.parametrize("part", ["base", "pg_wal"])
async def test_a_full_disk_loses_no_acknowledged_change_and_changes_go_on_once_there_is_space(
    part: str, tmp_path: Path
) -> None:
    async with on_small_disk(tmp_path, part) as program:
        load = Load(program.http, program.customers)
        async with load.running():
            await load.progress.wait()
            program.disk.fill()
            await begin_segments_until(load.refused, program.postgres)
            program.disk.free()
            await asyncio.to_thread(program.postgres.start)  # as a service manager, if it has not recovered by itself
            load.progress.clear()
            await load.progress.wait()
        await until(program.is_ready)
        assert min(load.acknowledged.values()) > 0
        assert await load.lost_nothing()


async def begin_segments_until(refused: asyncio.Event, postgres: OnSmallDisk) -> None:
    """Use up the segments of the log that are left; PostgreSQL ends all sessions when it cannot begin the next one."""
    while not refused.is_set():
        with suppress(OSError, asyncpg.PostgresError):
            await ask(postgres, "SELECT pg_switch_wal()")
