"""A standby takes the primary's place under load: no acknowledged change is lost, and changes soon succeed again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from tests.faults.conftest import Faults
from tests.faults.customers import Effects, change, new_customer
from tests.faults.load import CLIENTS, Load
from tests.faults.replication import Pair, replicated
from tests.faults.waiting import until
from tests.server.in_process import development_settings, seeded_services, served

from contract_rules import Action

RESUMES_WITHIN_S = 5
SHORT_DEADLINE = timedelta(seconds=3)


@dataclass(frozen=True)
class ChangeOfPrimary:
    """How the primary changes, and how often in a short run."""

    by: Callable[[Pair], Awaitable[None]]
    rounds: int


CHANGES_OF_PRIMARY = {
    "planned switchover": ChangeOfPrimary(Pair.switch_over, 3),
    "killed primary": ChangeOfPrimary(Pair.fail_over, 3),
    "primary that falls silent": ChangeOfPrimary(Pair.lose_silently, 1),
}


@pytest.mark.parametrize("change_of_primary", CHANGES_OF_PRIMARY.values(), ids=CHANGES_OF_PRIMARY)
async def test_a_change_of_the_primary_loses_no_acknowledged_change_and_changes_soon_succeed_again(
    change_of_primary: ChangeOfPrimary, faults: Faults, tmp_path: Path
) -> None:
    async with replicated(tmp_path) as pair:
        database = await pair.new_database()
        settings = development_settings(pair.url(database), tmp_path)
        settings = settings.model_copy(update={"changes_per_contract_and_day": 1_000_000})
        loads = faults.figure((change_of_primary.rounds,), (10,) * 10)
        async with seeded_services(settings) as services:
            customers = [[await new_customer(services) for _ in range(CLIENTS)] for _ in loads]
        async with served(settings) as http:
            for clients, rounds in zip(customers, loads, strict=True):  # an account may have a thousand keys a day
                load = Load(http, clients)
                async with load.running():
                    for _ in range(rounds):
                        await change_of_primary.by(pair)
                        await load.goes_on(RESUMES_WITHIN_S)
                        await pair.follow_anew()
                assert min(load.acknowledged.values()) > 0
                assert await load.lost_nothing()


async def test_a_change_that_no_standby_has_is_not_acknowledged_nor_is_its_repetition(tmp_path: Path) -> None:
    async with replicated(tmp_path) as pair:
        database = await pair.new_database()
        settings = development_settings(pair.url(database), tmp_path)
        async with seeded_services(settings) as services:
            customer = await new_customer(services)
        async with served(settings.model_copy(update={"request_deadline": SHORT_DEADLINE})) as http:
            key = str(uuid4())
            await asyncio.to_thread(pair.standby.stop)
            for _ in range(2):  # PostgreSQL stores it on the primary when the first request gives up waiting
                assert (await change(http, customer, Action.TERMINATE, key)).status_code == 503
                assert (await Effects.of(customer)).version == 2
            await asyncio.to_thread(pair.standby.start)
            await until(pair.is_in_step)
            assert (await change(http, customer, Action.TERMINATE, key)).status_code == 200
            assert await Effects.of(customer) == Effects.after(1)


async def test_a_server_waits_for_a_primary_and_says_so(tmp_path: Path) -> None:
    async with replicated(tmp_path) as pair:
        database = await pair.new_database()
        settings = development_settings(pair.url(database), tmp_path)
        async with seeded_services(settings):
            pass
        only_standby = SecretStr(f"{pair.standby.url.rpartition('/')[0]}/{database}")
        async with served(settings.model_copy(update={"database_url": only_standby})) as http:
            refused = await http.get("/readyz")
            assert refused.status_code == 503
            assert refused.json()["reason"].startswith("the database is read-only")
        async with served(settings) as http:
            assert (await http.get("/readyz")).status_code == 200
            await asyncio.to_thread(pair.primary.kill)
            assert (await http.get("/readyz")).json() == {"ok": False, "reason": "the database cannot be reached"}
