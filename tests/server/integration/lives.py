"""Random lives of contracts, and gateways that know only what the API tells services.

Days pass by the test clock. Each day, contractors and operators act at random times, the sweep runs or is late, and the
gateways read the feed, or do not. At each midnight the server is down: what a gateway answers one microsecond before,
at and after it is compared with what the database holds.
"""

import runpy
from asyncio import AbstractEventLoop, get_running_loop, run_coroutine_threadsafe, to_thread
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
from tests.server.in_process import development_settings, served
from tests.server.workbench import OPERATOR, sql

from contract_rules import Action, Actor, EventType, Status
from contract_server.accounts.models import Account, Role
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.models import Contract, ContractEvent
from contract_server.contracts.result import ActionRefused
from contract_server.contracts.service import ContractRequest
from contract_server.development.test_clock import MovableClock
from contract_server.integration.models import Scope
from contract_server.services import Services, build_services

GATEWAY_FILE = Path(__file__).parents[3] / "packages/rules/examples/gateway.py"
GATEWAY = runpy.run_path(str(GATEWAY_FILE))
TOKYO = ZoneInfo("Asia/Tokyo")
MICROSECOND, A_DAY = timedelta(microseconds=1), timedelta(days=1)
DAYS = 75
ACTS = [Action.TERMINATE] * 6 + [Action.RESUME] * 2 + [Action.HOLD_ERASURE, Action.RELEASE_ERASURE_HOLD]
ACTS_IN_A_LIFE = 4
OFFLINE = range(20, 30)
"""The days on which the second gateway reads nothing."""

_TRUTH = """
    SELECT contract.id::text AS id, contract.status, contract.version, applied.service_end_at
      FROM contract LEFT JOIN termination_application AS applied
        ON applied.contract_id = contract.id AND applied.withdrawn_at IS NULL
"""


class ServerDown(Exception):
    """What a gateway gets while the server is down."""


@dataclass
class World:
    """A server, contracts, and two gateways, of which one is away for ten days."""

    services: Services
    client: httpx.AsyncClient
    loop: AbstractEventLoop
    random: Random
    contractors: list[Viewer]
    down: bool = False
    gateways: list[Any] = field(default_factory=list)
    past: list[Any] = field(default_factory=list)
    compared: int = 0

    def ask(self, query: str, variables: dict[str, Any]) -> Any:  # noqa: ANN401 - depends on the query
        """Ask the server, from a thread of a gateway."""
        if self.down:
            raise ServerDown
        response = run_coroutine_threadsafe(self._post(query, variables), self.loop).result()
        answer = response.json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def _post(self, query: str, variables: dict[str, Any]) -> httpx.Response:
        return await self.client.post("/graphql", json={"query": query, "variables": variables})

    async def act(self, contractor: Viewer, action: Action) -> None:
        """Ask for an action, whether or not the rules grant it."""
        is_hold = action in {Action.HOLD_ERASURE, Action.RELEASE_ERASURE_HOLD}
        viewer = OPERATOR if is_hold else contractor
        assert contractor.contract_id is not None
        request = ContractRequest(action=action, contract_id=contractor.contract_id, note="case" if is_hold else None)
        with suppress(ActionRefused):
            await self.services.contracts.execute(viewer, request)

    async def read_feeds(self, day: int) -> None:
        """Let the gateways read, one of them not every day."""
        for number, gateway in enumerate(self.gateways):
            if number == 0 or day not in OFFLINE:
                await to_thread(gateway.read_feed)
                self._deliver_again(gateway)

    def _deliver_again(self, gateway: Any) -> None:  # noqa: ANN401 - of a program
        """Let the gateway learn again what it learned before, in another order."""
        for contract_id, facts in self.random.sample(self.past, min(len(self.past), 5)):
            gateway.learn(contract_id, facts)
        self.past += gateway.facts.items()
        self.past = self.random.sample(self.past, min(len(self.past), 1_000))

    async def compare(self, deadline: datetime, gateways: list[Any]) -> None:
        """Compare the answers around a deadline with the database, while the server is down."""
        self.down = True
        truth = await sql(_TRUTH)
        for gateway in gateways:
            try:
                gateway.read_feed()
            except ServerDown:
                assert {row["id"]: row["version"] for row in truth} == {
                    contract_id: facts.version for contract_id, facts in gateway.facts.items()
                }
            for now in (deadline - MICROSECOND, deadline, deadline + MICROSECOND):
                wrong = [row["id"] for row in truth if gateway.may_use(row["id"], now) != is_available(row, now)]
                assert wrong == [], now
                self.compared += len(truth)
        self.down = False


def is_available(row: dict[str, Any], now: datetime) -> bool:
    """Whether members may use the service: said here by the date that was promised alone."""
    if row["status"] == Status.ACTIVE:
        return True
    return bool(row["status"] == Status.TERMINATED and now < row["service_end_at"])


async def live(world: World) -> None:
    """Let all contracts live their lives."""
    random, clock = world.random, MovableClock()
    first = (await world.services.clock.now()).astimezone(TOKYO).date() + A_DAY
    acts = [(random.randrange(30), contractor) for contractor in world.contractors for _ in range(ACTS_IN_A_LIFE)]
    for day in range(DAYS):
        today = datetime.combine(first + day * A_DAY, time(), TOKYO)
        await clock.move_to(today + timedelta(hours=9))
        if random.random() < 0.8:
            await world.services.due_actions.run()
        for _, contractor in (act for act in acts if act[0] == day):
            await world.act(contractor, random.choice(ACTS))
        await world.read_feeds(day)
        await world.compare(today + A_DAY, [g for n, g in enumerate(world.gateways) if n == 0 or day not in OFFLINE])
    await world.services.due_actions.run()
    await world.read_feeds(DAYS)


@asynccontextmanager
async def world(database_url: str, folder: Path, contracts: int, seed: int) -> AsyncIterator[World]:
    """A world with that many contracts, none of which has ended."""
    breaker = {"erasure_breaker_contracts": 10**6, "ledger_dir": folder}
    settings = development_settings(database_url, folder).model_copy(update=breaker)
    async with served(settings) as client:
        services = build_services(settings)
        token = await services.service_accounts.add("gateway", [Scope.FEED, Scope.FACTS])
        client.headers["Authorization"] = f"Bearer {token}"
        contractors = await add_contracts(contracts, await services.clock.now())
        world = World(services, client, get_running_loop(), Random(seed), contractors)  # noqa: S311 - repeatable
        world.gateways = [GATEWAY["Gateway"](world.ask) for _ in range(2)]
        yield world
        await services.close()


async def add_contracts(number: int, now: datetime) -> list[Viewer]:
    """Add contracts with a contractor each."""
    ids = [uuid4() for _ in range(number)]
    await Contract.bulk_create(
        [Contract(id=id_, version=1, status=Status.ACTIVE, started_on=date(2023, 1, 1), applications=0) for id_ in ids]
    )
    await ContractEvent.bulk_create(
        [
            ContractEvent(contract_id=id_, at=now, type=EventType.STARTED, actor=Actor.CONTRACTOR, version=1)
            for id_ in ids
        ]
    )
    accounts = [
        Account(role=Role.CONTRACTOR, name="名前", email=f"{id_}@example.jp", password_hash="", contract_id=id_)
        for id_ in ids
    ]
    await Account.bulk_create(accounts)
    return [_viewer(account, id_, now) for account, id_ in zip(accounts, ids, strict=True)]


def _viewer(account: Account, contract_id: UUID, now: datetime) -> Viewer:
    return Viewer(account.id, uuid4(), account.name, account.email, Role.CONTRACTOR, contract_id, now)


async def survive(database_url: str, folder: Path, contracts: int, seed: int) -> int:
    """Live through all of it; how many answers were compared."""
    async with world(database_url, folder, contracts, seed) as lived:
        await live(lived)
        assert lived.gateways[0].facts == lived.gateways[1].facts
        assert {facts.status for facts in lived.gateways[0].facts.values()} >= {Status.ERASED, Status.ACTIVE}
        return lived.compared
