"""Random lives of contracts, in which server and workers are killed at each statement that they send, in turn.

Three services follow them: the example of a gateway, which reads the feed and is away for ten days; a reader that
notes each change; and a receiver of webhooks, which is down for ten days and confirms each erasure. No change is lost
or comes out of order, and no answer is wrong one microsecond before, at and after each deadline, however often a
message came and in whatever order it is looked at again.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import repeat
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import httpx
from tests.conftest import migrated_database
from tests.faults.conftest import Faults
from tests.faults.forking import Killable, start_program
from tests.faults.killable_lives import settings_of
from tests.faults.proxy import Moment, Proxy, proxied
from tests.server.integration.lives import GATEWAY, MICROSECOND, TOKYO, add_contracts, is_available
from tests.server.integration.receiver import Receiver, receiving
from tests.server.workbench import OPERATOR, first_broken_link, sql, whole_chain

from contract_rules import Action, EventType, Status
from contract_server.accounts.models import Account
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.result import ActionRefused
from contract_server.contracts.service import ContractRequest
from contract_server.db.connection import database
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.test_clock import MovableClock
from contract_server.erasure.models import AwaitedConfirmation
from contract_server.integration import webhooks
from contract_server.integration.models import Scope
from contract_server.services import Services, build_services

Value = TypeVar("Value")

STEP = timedelta(days=3)
STEPS = 24
DOWN = range(8, 12)
"""Steps at which the receiver answers with 503 and the gateway reads nothing: ten days and more."""
WORKERS_AWAY = range(12, 16)
"""Steps without a sweep, over the notices and erasures of those who left first."""
KILLS = 3
"""How often each process is killed in a step, each time one statement later than before."""

CHANGES = """
query ($after: String) {
  changes(after: $after, first: 7) { nodes { id contractId type version } pageInfo { hasNextPage endCursor } }
}
"""
CHANGE = """
mutation ($id: ID!, $key: String!) {
  %sContract(input: { contractId: $id, idempotencyKey: $key }) { __typename ... on Problem { code } }
}
"""
CONFIRM = """
mutation ($id: ID!) {
  confirmErasure(input: { contractId: $id, outcome: DONE }) { __typename ... on Problem { code } }
}
"""
_TRUTH = """
    SELECT contract.id::text AS id, contract.status, contract.version, applied.service_end_at
      FROM contract LEFT JOIN termination_application AS applied
        ON applied.contract_id = contract.id AND applied.withdrawn_at IS NULL
"""
_HISTORY = "SELECT id::text, contract_id::text, type FROM contract_event ORDER BY position"
_AT_ONCE = "UPDATE webhook_delivery SET next_attempt_at = clock_timestamp(), lease_until = NULL WHERE state = 'PENDING'"
_DECIDES = {EventType.STARTED, EventType.TERMINATION_REQUESTED, EventType.RESUMED, EventType.ERASED}
"""The changes that decide whether a contract's service can be used."""


class ServerDied(Exception):
    """What a client gets when the server is killed over its request."""


@dataclass
class Listener:
    """A service that knows what webhooks told it, and nothing else."""

    received: dict[str, dict[str, Any]] = field(default_factory=dict)
    newest: dict[str, dict[str, Any]] = field(default_factory=dict)

    def hear(self, change: dict[str, Any]) -> None:
        """Keep each change once, and the newest that decides."""
        self.received.setdefault(change["id"], change)
        known = self.newest.get(change["contractId"])
        if change["type"] in _DECIDES and (known is None or change["version"] >= known["version"]):
            self.newest[change["contractId"]] = change

    def may_use(self, contract_id: str, now: datetime) -> bool:
        change = self.newest.get(contract_id)
        if change is None or change["type"] == EventType.ERASED:
            return False
        end = change["application"] and datetime.fromisoformat(change["application"]["serviceEnd"]["at"])
        return change["type"] != EventType.TERMINATION_REQUESTED or now < end


@dataclass
class World:
    """Contracts, a program whose processes are killed, and those who follow."""

    services: Services
    proxy: Proxy
    killable: Killable
    receiver: Receiver
    base_url: str
    random: Random
    contractors: list[Viewer]
    tokens: dict[UUID, str]
    token: str
    statements: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    gateway: Any = None
    listener: Listener = field(default_factory=Listener)
    seen: list[dict[str, Any]] = field(default_factory=list)
    cursor: str | None = None
    confirmed: set[str] = field(default_factory=set)

    # ------------------------------------------------------------ killing

    async def at_each_statement(self, name: str, task: Callable[[], Awaitable[Value]]) -> Value:
        """Do it, killed some times: at the statement behind the one of the last time. At last it comes to its end."""
        for left in reversed(range(KILLS + 1)):
            at = self.statements.get(name, 0) + 1
            moment = self.random.choice(list(Moment))
            self.proxy.arm(at if left else None, moment, self._kill)
            with suppress(ServerDied):
                done = await task()
                if not self.proxy.broken:
                    self.statements[name] = 0 if left else self.statements.get(name, 0)
                    return done
            self.statements[name] = at
        raise AssertionError(f"{name} does not come to its end")

    def _kill(self) -> None:
        self.killable.kill()
        self.kills += 1

    async def work(self, task: str) -> None:
        """Have a new process work, until its end or its death."""
        await self.killable.begin(task)
        status = await self.killable.number()
        if self.killable.killed:
            raise ServerDied
        assert status == 0, task

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """A server process; it is dead at the end of the block at the latest."""
        await self.killable.begin("serve")
        try:
            yield
        finally:
            self.killable.kill()
            assert await self.killable.number() == -signal.SIGKILL

    async def ask(self, query: str, variables: dict[str, Any], token: str | None = None) -> Any:  # noqa: ANN401 - JSON
        """Ask the server."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        try:
            async with httpx.AsyncClient(base_url=self.base_url, headers=headers, timeout=30) as client:
                answer = (await client.post("/graphql", json={"query": query, "variables": variables})).json()
        except httpx.TransportError:
            raise ServerDied from None
        if self.killable.killed:
            raise ServerDied
        assert "errors" not in answer, answer
        return answer["data"]

    # ------------------------------------------------------------ what happens

    async def act(self, contractor: Viewer, action: Action, key: str) -> None:
        """Ask for an action, again with the same key when the server dies over it."""

        async def ask() -> None:
            async with self.serving():
                variables = {"id": str(contractor.contract_id), "key": key}
                await self.ask(CHANGE % action.lower(), variables, self.tokens[contractor.account_id])

        await self.at_each_statement("act", ask)

    async def hold_or_release(self, contractor: Viewer, action: Action) -> None:
        assert contractor.contract_id is not None
        with suppress(ActionRefused):
            request = ContractRequest(action=action, contract_id=contractor.contract_id, note="case")
            await self.services.contracts.execute(OPERATOR, request)

    async def note_changes(self) -> None:
        """Read the feed, each page until the server lives long enough."""

        async def read() -> bool:
            async with self.serving():
                page = (await self.ask(CHANGES, {"after": self.cursor}))["changes"]
            self.seen += page["nodes"]
            self.cursor = page["pageInfo"]["endCursor"] or self.cursor
            return bool(page["pageInfo"]["hasNextPage"])

        while await self.at_each_statement("feed", read):
            pass

    async def read_as_gateway(self) -> None:
        """Let the example read the feed; what it knows is not lost with the server."""
        loop = asyncio.get_running_loop()

        def ask(query: str, variables: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
            return asyncio.run_coroutine_threadsafe(self.ask(query, variables), loop).result()

        async def read() -> None:
            self.gateway = self.gateway or GATEWAY["Gateway"](ask)
            async with self.serving():
                await asyncio.to_thread(self.gateway.read_feed)

        await self.at_each_statement("gateway", read)

    async def send_webhooks(self, *, down: bool) -> None:
        """Send what is pending, with no pauses; the receiver hears it, and some of what it heard before again."""
        self.receiver.answers = repeat(503 if down else 204)
        before = len(self.receiver.received)
        await sql(_AT_ONCE)
        await self.at_each_statement("relay", self._relay)
        if not down:
            messages = [request.content for request in self.receiver.received]
            again = self.random.choices(messages, k=5) if messages else []
            for change in [*messages[before:], *again]:
                self.listener.hear(change)

    async def _relay(self) -> None:
        await sql(_AT_ONCE)
        await self.work("relay")

    async def confirm_erasures(self) -> None:
        """Confirm what the receiver was told is erased."""
        erased = [change for change in self.listener.received.values() if change["type"] == EventType.ERASED]
        for change in erased:
            if change["contractId"] not in self.confirmed:
                await self.at_each_statement("confirm", lambda change=change: self._confirm(change["contractId"]))  # type: ignore[misc]

    async def _confirm(self, contract_id: str) -> None:
        async with self.serving():
            answer = await self.ask(CONFIRM, {"id": contract_id})
        assert answer["confirmErasure"] == {"__typename": "ErasureConfirmed"}
        self.confirmed.add(contract_id)

    async def compare(self, until: datetime) -> None:
        """Compare the answers with the database, around each midnight, while no server runs."""
        truth = await sql(_TRUTH)
        midnight = datetime.combine((until - STEP).astimezone(TOKYO).date() + timedelta(days=1), time(), TOKYO)
        while midnight <= until:
            for now in (midnight - MICROSECOND, midnight, midnight + MICROSECOND):
                for knows in (self.gateway, self.listener):
                    wrong = [row["id"] for row in truth if knows.may_use(row["id"], now) != is_available(row, now)]
                    assert wrong == [], (now, type(knows))
            midnight += timedelta(days=1)


async def live(world: World) -> None:
    """Let all contracts live their lives."""
    random, clock = world.random, MovableClock()
    start = await world.services.clock.now()
    for step in range(STEPS):
        now = start + step * STEP
        await clock.move_to(now)
        if step not in WORKERS_AWAY:
            await world.at_each_statement("sweep", lambda: world.work("sweep"))
        for number, contractor in enumerate(world.contractors):
            if step < STEPS // 3 and random.random() < 1 / 4:
                await world.act(contractor, random.choice([Action.TERMINATE] * 3 + [Action.RESUME]), f"{step} {number}")
            if random.random() < 1 / 20:
                action = random.choice([Action.HOLD_ERASURE, Action.RELEASE_ERASURE_HOLD])
                await world.hold_or_release(contractor, action)
        await world.note_changes()
        await world.send_webhooks(down=step in DOWN)
        if step not in DOWN:
            await world.read_as_gateway()
            await world.confirm_erasures()
            await world.compare(now + STEP)


async def test_no_change_is_lost_and_no_answer_is_wrong_whatever_is_killed(
    postgres: EmbeddedPostgres, tmp_path: Path, faults: Faults
) -> None:
    url, random = await migrated_database(postgres), faults.dice("lives with kills")
    (tmp_path / "ledger").mkdir()
    settings = settings_of(url, tmp_path)
    async with proxied(url) as (proxy, proxied_url), receiving() as receiver, database(settings):
        program = await start_program("tests.faults.killable_lives", proxied_url, str(tmp_path))
        killable, services = Killable(program), build_services(settings)
        contractors = await add_contracts(faults.figure(8, 200), await services.clock.now())
        token = await services.service_accounts.add("gateway", [Scope.FEED, Scope.FACTS, Scope.ERASURES])
        await webhooks.add_endpoint(services.outgoing_http, "billing", receiver.url)
        await sql("UPDATE webhook_endpoint SET queued_to = 0")
        tokens = {}
        for contractor in contractors:
            account = await Account.get(id=contractor.account_id)
            _, tokens[account.id] = await services.sessions.open(account)
        base_url = f"http://127.0.0.1:{await killable.number()}"
        world = World(services, proxy, killable, receiver, base_url, random, contractors, tokens, token)
        await live(world)
        await assert_nothing_is_lost(world)
        await services.close()
        assert program.stdin
        program.stdin.close()
        await program.wait()


async def assert_nothing_is_lost(world: World) -> None:
    history = await sql(_HISTORY)
    assert [change["id"] for change in world.seen] == [row["id"] for row in history]
    assert world.listener.received.keys() == {row["id"] for row in history}
    for contractor in world.contractors:
        contract_id = str(contractor.contract_id)
        told = [change["type"] for change in world.listener.received.values() if change["contractId"] == contract_id]
        types = [row["type"] for row in history if row["contract_id"] == contract_id]
        assert told == types
        if EventType.ERASED in types:
            assert types[-2:] == [EventType.ERASURE_DUE, EventType.ERASED] or EventType.ERASURE_HELD in types
            assert types.count(EventType.ERASED) == 1
    erased = {row["contract_id"] for row in history if row["type"] == EventType.ERASED}
    assert erased, "no life went to its end"
    assert {row["id"] for row in await sql(_TRUTH) if row["status"] == Status.ERASED} == erased == world.confirmed
    assert await AwaitedConfirmation.all().count() == 0
    assert first_broken_link(await whole_chain()) is None
    assert len(await whole_chain()) == 2 * len(erased)
    assert world.kills > STEPS
