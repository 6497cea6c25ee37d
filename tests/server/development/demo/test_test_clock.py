"""The test clock: it moves forward only, all instances share it, and a reset returns to real time."""

from datetime import timedelta

import pytest

from contract_server.clock import DatabaseClock
from contract_server.clock import TestClock as ReadClock
from contract_server.development.test_clock import MovableClock
from contract_server.services import Services

pytestmark = pytest.mark.usefixtures("services")

DAY = timedelta(days=1)


async def test_a_moved_clock_is_moved_for_all_and_only_forward() -> None:
    clock, start = MovableClock(), await DatabaseClock().now()
    assert await clock.moved_by() == timedelta()
    await clock.move_to(start + DAY)
    moved_by = await clock.moved_by()
    await clock.move_to(start)
    assert await clock.moved_by() == moved_by
    assert timedelta() < moved_by <= DAY
    assert start + DAY <= await ReadClock().now() < start + DAY + timedelta(minutes=5)


async def test_a_reset_returns_to_real_time(services: Services) -> None:
    await MovableClock().move_to(await services.clock.now() + DAY)
    await MovableClock().reset()
    assert await MovableClock().moved_by() == timedelta()
    assert await services.clock.now() - await DatabaseClock().now() < timedelta(minutes=5)
