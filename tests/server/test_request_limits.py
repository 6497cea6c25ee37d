"""Requests in progress: two of a key at once, the others in their order, and no place is ever lost."""

import asyncio
from collections.abc import Hashable
from datetime import timedelta

import pytest

from contract_server.request_limits import ALWAYS_ACCEPTED, IN_FLIGHT, QUEUED, InFlight, Load, Overloaded, RateLimited


class Work:
    """Requests that stay in flight until they are released."""

    def __init__(self) -> None:
        self.in_flight = InFlight()
        self.begun: list[int] = []
        self.release = asyncio.Event()

    async def run(self, number: int, key: Hashable = "a session") -> None:
        async with self.in_flight.place(key):
            self.begun.append(number)
            await self.release.wait()


async def settled() -> None:
    """Let every task run as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_two_of_a_key_are_in_flight_and_the_others_follow_in_their_order() -> None:
    work = Work()
    tasks = [asyncio.create_task(work.run(number)) for number in range(IN_FLIGHT + QUEUED)]
    await settled()
    assert work.begun == list(range(IN_FLIGHT))
    work.release.set()
    await asyncio.gather(*tasks)
    assert work.begun == list(range(IN_FLIGHT + QUEUED))


async def test_what_exceeds_the_queue_is_refused_at_once_and_another_key_is_not() -> None:
    work = Work()
    tasks = [asyncio.create_task(work.run(number)) for number in range(IN_FLIGHT + QUEUED)]
    await settled()
    with pytest.raises(RateLimited):
        await work.run(99)
    other = asyncio.create_task(work.run(100, "another session"))
    await settled()
    assert work.begun[-1] == 100
    work.release.set()
    await asyncio.gather(*tasks, other)


@pytest.mark.parametrize("cancelled", [0, IN_FLIGHT, IN_FLIGHT + 1])
async def test_a_cancelled_request_gives_its_place_to_the_next(cancelled: int) -> None:
    work = Work()
    tasks = [asyncio.create_task(work.run(number)) for number in range(IN_FLIGHT + 2)]
    await settled()
    tasks[cancelled].cancel()
    await settled()
    work.release.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(work.run(number) for number in (10, 11)))
    assert work.begun[-2:] == [10, 11]


async def test_a_request_that_fails_gives_its_place_back() -> None:
    in_flight = InFlight()
    for _ in range(3 * (IN_FLIGHT + QUEUED)):
        with pytest.raises(ValueError, match="a defect"):
            async with in_flight.place("a session"):
                raise ValueError("a defect")


async def test_keys_without_requests_take_no_memory() -> None:
    work = Work()
    work.release.set()
    await asyncio.gather(*(work.run(number, f"session {number % 100}") for number in range(1_000)))
    assert not vars(work.in_flight)["_queues"]


DEADLINE = 10


class Day:
    """Requests of which each begins and ends when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.load = Load(timedelta(seconds=DEADLINE), clock=lambda: self.now)

    def one_after_another(self, count: int, seconds: float) -> None:
        for _ in range(count):
            began = self.load.begin()
            self.now += seconds
            self.load.end(began)

    def at_once(self, count: int) -> None:
        for _ in range(count):
            self.load.begin()

    def has_capacity(self) -> bool:
        try:
            self.load.require_capacity()
        except Overloaded:
            return False
        return True


def test_many_requests_are_accepted_as_long_as_each_is_quick() -> None:
    day = Day()
    day.one_after_another(1_000, seconds=DEADLINE / 2)
    day.at_once(10 * ALWAYS_ACCEPTED)
    assert day.has_capacity()


def test_slow_requests_are_accepted_as_long_as_they_are_few() -> None:
    day = Day()
    day.one_after_another(1_000, seconds=DEADLINE)
    day.at_once(ALWAYS_ACCEPTED - 1)
    assert day.has_capacity()
    day.at_once(1)
    assert not day.has_capacity()


def test_one_slow_request_among_many_is_no_overload() -> None:
    day = Day()
    day.one_after_another(1_000, seconds=0.01)
    day.one_after_another(1, seconds=DEADLINE)
    day.at_once(ALWAYS_ACCEPTED)
    assert day.has_capacity()


def test_an_overload_ends_when_requests_become_quick_again() -> None:
    day = Day()
    day.one_after_another(100, seconds=DEADLINE)
    day.at_once(ALWAYS_ACCEPTED)
    assert not day.has_capacity()
    day.one_after_another(100, seconds=0.01)
    assert day.has_capacity()
