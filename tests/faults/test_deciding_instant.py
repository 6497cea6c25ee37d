"""Whoever is at a contract at the very instant that decides gets the rules' answer: a microsecond before it, at it, and
when they had to wait for it.

The clock of the first tests stands still at that instant while everybody is at the contract at once. In the last one it
ticks: a request is made before midnight and gets the contract after it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr
from tests.conftest import migrated_database
from tests.faults.conftest import Faults
from tests.locks import until_a_lock_is_awaited
from tests.server.workbench import (
    APPLIED_AT,
    ERASURE_DUE_AT,
    MICROSECOND,
    SERVICE_ENDS_AT,
    Workbench,
    contract_of,
    sql,
    status_of,
)

from contract_rules import Action, EventType, Reason, Status
from contract_server.accounts.models import Account
from contract_server.accounts.sessions import Sessions
from contract_server.accounts.viewer import Viewer
from contract_server.clock import Clock
from contract_server.contracts.models import ContractEvent, Member
from contract_server.contracts.result import ActionRefused, ActionResult
from contract_server.contracts.service import ContractRequest, ContractService
from contract_server.contracts.viewer_contract import find_viewer_contract
from contract_server.db.connection import database
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.test_clock import MovableClock
from contract_server.services import build_services
from contract_server.settings import EnvironmentName, Settings

MEMBERS = 3
WAITING = 50
LONG_ENOUGH_TO_QUEUE = timedelta(seconds=3)
A_DAY = timedelta(days=1)


@pytest.fixture(scope="module")
async def settings(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Settings]:
    """A migrated database, and more connections than anybody waits on."""
    found = Settings(
        environment=EnvironmentName.DEVELOPMENT,
        database_url=SecretStr(await migrated_database(postgres)),
        database_pool_size=WAITING + 10,
        mail_dir=tmp_path_factory.mktemp("mail"),
    )
    async with database(found):
        yield found


@dataclass
class Contractor:
    """Somebody who is logged in, and asks by the clock of these tests."""

    viewer: Viewer
    token: str
    clock: Clock
    idle_limit: timedelta
    requests: ContractService

    @classmethod
    async def of(cls, bench: Workbench, clock: Clock, requests: ContractService) -> "Contractor":
        viewer = await bench.contract(MEMBERS)
        _, token = await Sessions(bench.settings).open(await Account.get(id=viewer.account_id))
        return cls(viewer, token, clock, bench.settings.session_idle_limit, requests)

    async def ask(self, action: Action, *, at_once: bool = True) -> ActionResult:
        """As the API asks, with a key, and with what was read of the contract beforehand or without."""
        found = await find_viewer_contract(self.token, self.clock, self.idle_limit) if at_once else None
        request = ContractRequest(action=action, contract_id=contract_of(self.viewer))
        return await self.requests.execute(self.viewer, request, str(uuid4()), viewer_contract=found)


async def refusal(asked: Awaitable[ActionResult]) -> Reason | None:
    try:
        await asked
    except ActionRefused as refused:
        return refused.refusal.reason
    return None


async def in_any_order(dice: Random, **everybody: Awaitable[object]) -> dict[str, object]:
    """What each of them was told, who all began at once and in any order."""
    names = sorted(everybody)
    dice.shuffle(names)
    return dict(zip(names, await asyncio.gather(*(everybody[name] for name in names)), strict=True))


def instants(deadline: datetime, faults: Faults, dice: Random) -> list[tuple[timedelta, datetime]]:
    """Instants around the deadline, each for an application a day earlier than the last: none falls due for another."""
    return [
        (day * A_DAY, deadline - day * A_DAY + dice.choice((-1, 0, 1)) * MICROSECOND)
        for day in range(faults.figure(100, 5000))
    ]


async def test_resuming_and_the_end_of_service_at_their_instant(settings: Settings, faults: Faults) -> None:
    bench, dice = Workbench.of(settings), faults.dice("the end of service")
    for earlier, now in instants(SERVICE_ENDS_AT, faults, dice):
        contractor = await applied(bench, APPLIED_AT - earlier)
        bench.clock.instant = now
        told = await in_any_order(
            dice,
            one=refusal(contractor.ask(Action.RESUME)),
            another=refusal(contractor.ask(Action.RESUME, at_once=False)),
            sweep=bench.due_actions.run(),
            patient_sweep=bench.due_actions.run(wait_for_locks=True),
        )
        await bench.due_actions.run()
        contract_id = contract_of(contractor.viewer)
        over = now >= SERVICE_ENDS_AT - earlier
        resumptions = {told["one"], told["another"]}
        assert resumptions == ({Reason.RESUME_WINDOW_CLOSED} if over else {None, Reason.NOT_TERMINATED}), now
        assert await status_of(contract_id) is (Status.TERMINATED if over else Status.ACTIVE), now
        ended = ContractEvent.filter(contract_id=contract_id, type=EventType.SERVICE_ENDED)
        assert await ended.count() == over, now


async def test_resuming_holding_and_erasing_at_their_instant(settings: Settings, faults: Faults) -> None:
    bench, dice = Workbench.of(settings), faults.dice("erasure")
    for earlier, now in instants(ERASURE_DUE_AT, faults, dice):
        contractor = await applied(bench, APPLIED_AT - earlier)
        contract_id = contract_of(contractor.viewer)
        bench.clock.instant = now
        told = await in_any_order(
            dice,
            resumption=refusal(contractor.ask(Action.RESUME)),
            hold=refusal(bench.hold(contract_id)),
            sweep=bench.due_actions.run(),
            patient_sweep=bench.due_actions.run(wait_for_locks=True),
        )
        await bench.due_actions.run()
        erased = await status_of(contract_id) is Status.ERASED
        assert told["hold"] is (Reason.CONTRACT_ERASED if erased else None), now
        assert told["resumption"] in {Reason.RESUME_WINDOW_CLOSED} | ({Reason.CONTRACT_ERASED} if erased else set())
        if now < ERASURE_DUE_AT - earlier:
            assert not erased, now
            assert await Member.filter(contract_id=contract_id).count() == MEMBERS, now


async def applied(bench: Workbench, at: datetime) -> Contractor:
    """A contractor who has applied to terminate at that instant."""
    bench.clock.instant = at
    contractor = await Contractor.of(bench, bench.clock, bench.requests)
    await contractor.ask(Action.TERMINATE)
    return contractor


async def test_whoever_waits_for_the_contract_over_midnight_is_answered_by_the_new_day(
    settings: Settings, faults: Faults
) -> None:
    services, clock, bench = build_services(settings), MovableClock(), Workbench.of(settings)
    waited, ahead = 0, LONG_ENOUGH_TO_QUEUE
    while waited < faults.figure(200, 10_000):
        contractors = [await Contractor.of(bench, clock, services.contracts) for _ in range(WAITING)]
        resuming, terminating = contractors[::2], contractors[1::2]
        answers = [await contractor.ask(Action.TERMINATE) for contractor in resuming]
        application = answers[0].contract.facts.application
        assert application
        midnight = application.timeline.resumption.at
        await clock.move_to(midnight - ahead)
        async with locked(settings, contractors):
            waiting = asyncio.gather(
                *(refusal(each.ask(Action.RESUME, at_once=number % 2 == 0)) for number, each in enumerate(resuming)),
                *(each.ask(Action.TERMINATE, at_once=number % 2 == 0) for number, each in enumerate(terminating)),
            )
            await until_a_lock_is_awaited(sql, count=len(contractors))
            left = midnight - await clock.now()
            if left > timedelta():
                waited += len(contractors)
            ahead = 2 * (ahead - left)  # twice as long as this machine needed to have them all wait
            await until_past(clock, midnight)
        told = await waiting
        assert set(told[: len(resuming)]) == {Reason.RESUME_WINDOW_CLOSED}
        today = midnight.astimezone(services.policies.zone).date()
        for answer in told[len(resuming) :]:
            assert isinstance(answer, ActionResult)
            assert answer.at >= midnight
            assert answer.contract.facts.application
            assert answer.contract.facts.application.timeline.requested_on == today
    await services.close()


@asynccontextmanager
async def locked(settings: Settings, contractors: list[Contractor]) -> AsyncIterator[None]:
    """Somebody else is at all these contracts until the end of the block."""
    somebody = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        async with somebody.transaction():
            ids = [contract_of(contractor.viewer) for contractor in contractors]
            await somebody.execute("SELECT FROM contract WHERE id = ANY ($1) FOR UPDATE", ids)
            yield
    finally:
        await somebody.close()


async def until_past(clock: MovableClock, instant: datetime) -> None:
    while (now := await clock.now()) <= instant:
        await asyncio.sleep((instant - now).total_seconds())
