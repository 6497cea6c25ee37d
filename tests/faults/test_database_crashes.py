"""PostgreSQL crashes again and again while forty clients are at work: what was acknowledged is there, and what nobody
knows is found out by asking again.

Each client terminates and resumes a contract of their own by turns. Where no answer comes, they ask again with the same
key until one does. The server is never told that the database was away, and is never started again itself.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from tests.conftest import seeded_database
from tests.faults.conftest import Faults
from tests.faults.customers import CHANGES, Customer, Effects, new_customer
from tests.server.running import Client, Running, running

from contract_rules import Action
from contract_server.db.connection import database
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis
from contract_server.services import build_services
from contract_server.settings import EnvironmentName, Settings

CLIENTS = 40
CHANGES_BETWEEN_CRASHES = range(100, 300)


@pytest.fixture(scope="module")
def postgres_that_crashes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL for these tests alone, which keeps what it has said to have kept."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=True)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
async def service(
    postgres_that_crashes: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    url = await seeded_database(postgres_that_crashes)
    async with running(url, redis.url, tmp_path_factory.mktemp("crashes"), worker=False) as found:
        yield found


@dataclass
class Contractor:
    """Somebody who changes their contract, and remembers what they were told."""

    customer: Customer
    client: Client
    told: list[tuple[str, Action, Any]] = field(default_factory=list)
    unknown: int = 0

    async def change(self, database_is_up: asyncio.Event) -> None:
        """Terminate, or else resume; ask until there is an answer."""
        key, action = str(uuid4()), Action.RESUME if len(self.told) % 2 else Action.TERMINATE
        while (answer := await self.ask(key, action)) is None:
            self.unknown += 1
            await database_is_up.wait()
        self.told.append((key, action, answer))

    async def ask(self, key: str, action: Action) -> Any:  # noqa: ANN401 - whatever was answered
        """The answer; None where the server says that it has none."""
        response = await self.client.post(CHANGES[action], id=str(self.customer.contract_id), key=key)
        assert response.status_code in (200, 503), response.text
        return response.json()["data"]["change"] if response.status_code == 200 else None


class Crowd:
    """Everybody at work, until told to stop."""

    def __init__(self, contractors: list[Contractor]) -> None:
        self.database_is_up = asyncio.Event()
        self.database_is_up.set()
        self._contractors = contractors
        self._stopped = False
        self._left, self._so_many_done = 0, asyncio.Event()

    async def work(self) -> None:
        await asyncio.gather(*(self._work(contractor) for contractor in self._contractors))

    async def _work(self, contractor: Contractor) -> None:
        while not self._stopped:
            await contractor.change(self.database_is_up)
            self._left -= 1
            if self._left <= 0:
                self._so_many_done.set()

    async def do(self, changes: int) -> None:
        """Return when so many more changes are acknowledged."""
        self._left = changes
        self._so_many_done.clear()
        await self._so_many_done.wait()

    def stop(self) -> None:
        self._stopped = True


async def test_nothing_acknowledged_is_lost_and_every_unknown_is_resolved_by_its_key(
    postgres_that_crashes: EmbeddedPostgres, service: Running, faults: Faults
) -> None:
    dice = faults.dice("database crashes")
    contractors = await forty_contractors(service)
    crowd = Crowd(contractors)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(crowd.work())
        for _ in range(faults.figure(3, 100)):
            await crowd.do(dice.choice(CHANGES_BETWEEN_CRASHES))
            crowd.database_is_up.clear()
            await asyncio.to_thread(postgres_that_crashes.kill)
            await asyncio.to_thread(postgres_that_crashes.start)
            crowd.database_is_up.set()
        await crowd.do(2 * CLIENTS)
        crowd.stop()

    assert sum(contractor.unknown for contractor in contractors) > 0, "nobody noticed anything"
    async with database(settings_of(service)):
        for contractor in contractors:
            versions = [answer["contract"]["version"] for _, _, answer in contractor.told]
            assert versions == list(range(2, len(versions) + 2))
            assert await Effects.of(contractor.customer) == Effects.after(len(versions))
    for contractor in contractors:
        for key, action, answer in contractor.told[-3:]:
            assert await contractor.ask(key, action) == answer
        await contractor.client.http.aclose()


async def forty_contractors(service: Running) -> list[Contractor]:
    settings = settings_of(service)
    async with database(settings):
        services = build_services(settings)
        customers = [await new_customer(services) for _ in range(CLIENTS)]
        await services.close()
    contractors = [Contractor(customer, service.client()) for customer in customers]
    for contractor in contractors:
        contractor.client.http.headers["Authorization"] = f"Bearer {contractor.customer.token}"
    return contractors


def settings_of(service: Running) -> Settings:
    return Settings(
        environment=EnvironmentName.DEVELOPMENT,
        database_url=SecretStr(service.database_url),
        mail_dir=service.mail_dir,
    )
