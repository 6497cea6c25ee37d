"""The accounts are described as they are in the database, by the clock of the demonstration."""

from datetime import timedelta

import pytest

from contract_server.contracts.models import Contract
from contract_server.development.demo.accounts import describe_accounts
from contract_server.development.demo.time_travel import TimeTravel
from contract_server.services import Services


async def state_of(email: str) -> str:
    return next(line.partition(" ")[2].strip() for line in await describe_accounts() if line.startswith(email))


@pytest.fixture
async def travel(services: Services) -> TimeTravel:
    travel = TimeTravel(services)
    await travel.reset()
    return travel


@pytest.mark.usefixtures("travel")
async def test_every_account_has_its_state() -> None:
    assert await state_of("active") == "under contract, 30 members"
    assert (await state_of("grace")).startswith("terminated on ")
    assert "may resume until the end of" in await state_of("lastday")
    assert "too late to resume" in await state_of("closed")
    assert await state_of("operator") == "operator"
    assert len(await describe_accounts()) == 5


async def test_an_erased_account_and_a_moved_clock_are_said_with_the_way_back(
    services: Services, travel: TimeTravel
) -> None:
    await travel.advance(await services.clock.now() + timedelta(days=26, minutes=1))
    assert await state_of("closed") == "erased: make reset-demo brings it back"
    assert "too late to resume" in await state_of("lastday")
    assert (await describe_accounts())[-1].startswith("The clock is 26 days ahead of real time")
    await travel.reset()
    assert await Contract.filter(status="ERASED").count() == 0
