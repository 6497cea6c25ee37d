"""Who gets the next turn, and who is told to come back."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from contract_server.accounts.fair_queue import FairQueue, Requester, TooBusy

ANNA, BERT, CARLA = (Requester(f"{name}@example.jp", f"source of {name}") for name in ("anna", "bert", "carla"))


class Occupied:
    """A queue whose one turn is taken until `release`, and the order of those who get a turn then."""

    def __init__(self) -> None:
        self._queue = FairQueue(1, longest_line=5)
        self._order: list[str] = []
        self._released = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def take(self) -> None:
        await self.add("first", ANNA)
        self._order.clear()

    async def add(self, name: str, requester: Requester) -> asyncio.Task[None]:
        async def take_turn() -> None:
            async with self._queue.turn(requester):
                self._order.append(name)
                await self._released.wait()

        task = asyncio.create_task(take_turn())
        self._tasks.append(task)
        await asyncio.sleep(0)
        return task

    async def release(self) -> list[str]:
        """The order of turns. At the end, the queue must be free again."""
        self._released.set()
        await asyncio.wait(self._tasks)
        order = self._order.copy()
        await (await self.add("last", CARLA))
        assert self._order == [*order, "last"]
        return order


@pytest.fixture
async def occupied() -> AsyncIterator[Occupied]:
    occupied = Occupied()
    await occupied.take()
    yield occupied
    await occupied.release()


async def test_an_account_waits_twice_from_wherever_it_comes(occupied: Occupied) -> None:
    tasks = [await occupied.add(str(number), Requester("anna@example.jp", f"source {number}")) for number in range(4)]
    assert await occupied.release() == ["0", "1"]
    assert [type(task.exception()) for task in tasks[2:]] == [TooBusy, TooBusy]


async def test_a_source_waits_twice_whatever_its_accounts(occupied: Occupied) -> None:
    tasks = [await occupied.add(str(number), Requester(f"{number}@example.jp", "one source")) for number in range(4)]
    assert await occupied.release() == ["0", "1"]
    assert [type(task.exception()) for task in tasks[2:]] == [TooBusy, TooBusy]


@pytest.mark.parametrize("single", [Requester("bert@example.jp", ANNA.source), Requester(ANNA.account, "elsewhere")])
async def test_a_single_try_takes_the_second_place_of_a_flood_from_its_own_source_or_at_its_own_account(
    occupied: Occupied, single: Requester
) -> None:
    await occupied.add("flood 1", ANNA)
    displaced = await occupied.add("flood 2", ANNA)
    await occupied.add("single", single)
    refused = await occupied.add("flood 3", ANNA)
    assert await occupied.release() == ["flood 1", "single"]
    assert [type(task.exception()) for task in (displaced, refused)] == [TooBusy, TooBusy]


async def test_known_and_unknown_devices_take_turns_and_cannot_fill_each_others_line(occupied: Occupied) -> None:
    for number in range(5):
        await occupied.add(str(number), Requester(f"{number}@example.jp", f"source {number}"))
    refused = await occupied.add("unknown", BERT)
    for name in "abc":
        await occupied.add(name, Requester(f"{name}@example.jp", f"device {name}", is_known_device=True))
    assert await occupied.release() == ["a", "0", "b", "1", "c", "2", "3", "4"]
    assert isinstance(refused.exception(), TooBusy)


async def test_an_account_with_many_known_devices_waits_twice(occupied: Occupied) -> None:
    for number in range(5):
        await occupied.add(str(number), Requester("anna@example.jp", f"device {number}", is_known_device=True))
    await occupied.add("bert", Requester("bert@example.jp", "device of bert", is_known_device=True))
    assert await occupied.release() == ["0", "1", "bert"]


async def test_a_caller_that_goes_away_leaves_its_place(occupied: Occupied) -> None:
    gone = await occupied.add("gone", ANNA)
    await occupied.add("anna", ANNA)
    gone.cancel()
    await asyncio.wait({gone})
    await occupied.add("anna again", ANNA)
    assert await occupied.release() == ["anna", "anna again"]


@pytest.mark.parametrize("hesitation", [0, 1])
async def test_a_turn_that_comes_as_the_caller_goes_away_is_passed_on(occupied: Occupied, hesitation: int) -> None:
    gone = await occupied.add("gone", ANNA)
    await occupied.add("bert", BERT)
    releasing = asyncio.create_task(occupied.release())
    for _ in range(1 + hesitation):  # before and after its turn is given
        await asyncio.sleep(0)
    gone.cancel()
    assert await releasing == ["bert"]


async def test_a_turn_that_fails_is_passed_on() -> None:
    queue = FairQueue(1)
    with pytest.raises(ZeroDivisionError):
        async with queue.turn(ANNA):
            raise ZeroDivisionError
    async with queue.turn(ANNA):
        pass
