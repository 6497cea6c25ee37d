"""A worker sweeps by itself while no tick comes and no other worker sweeps; it tells so once."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from contract_server.worker.own_sweeps import EVERY_SECONDS, SILENCE_S, OwnSweeps


class Stage:
    """A worker's loop and its time, which passes when the loop sleeps; things happen at their second."""

    def __init__(self, *, swept_by_others: Callable[[float], bool] = lambda _: False, fails: bool = False) -> None:
        self.now = 0.0
        self.swept_at: list[float] = []
        self.events: dict[float, Callable[[], None]] = {}
        self._swept_by_others = swept_by_others
        self._fails = fails
        self.own_sweeps = OwnSweeps(self._sweep, was_swept=self._was_swept, now=lambda: self.now, sleep=self._sleep)

    async def _sweep(self) -> None:
        self.swept_at.append(self.now)
        if self._fails:
            raise OSError

    async def _was_swept(self) -> bool:
        return self._swept_by_others(self.now)

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now > 60:
            raise asyncio.CancelledError
        self.events.get(self.now, lambda: None)()

    async def run(self) -> None:
        while self.now <= 60:
            with suppress(OSError, asyncio.CancelledError):
                await self.own_sweeps.serve()

    def tick_every(self, seconds: int, until: int = 60) -> None:
        self.events |= {float(at): self.own_sweeps.tick for at in range(0, until + 1, seconds)}


async def test_ticks_leave_nothing_to_do(told: list[dict[str, Any]]) -> None:
    stage = Stage()
    stage.tick_every(EVERY_SECONDS)
    await stage.run()
    assert (told, stage.swept_at) == ([], [])


@pytest.mark.parametrize("fails", [False, True])
async def test_after_15_seconds_without_a_tick_it_sweeps_every_5_seconds_and_tells_so_once(
    told: list[dict[str, Any]], fails: bool
) -> None:
    stage = Stage(fails=fails)
    await stage.run()
    (line,) = told
    assert SILENCE_S == 15
    assert stage.swept_at == [15, 20, 25, 30, 35, 40, 45, 50, 55, 60]
    assert (line["event"], line["level"], line["redis"]) == ("channel paused", "error", None)


async def test_a_tick_ends_it_and_the_next_silence_is_told_again(told: list[dict[str, Any]]) -> None:
    stage = Stage()
    stage.own_sweeps.redis_failed(ConnectionError())
    stage.events[20.0] = stage.own_sweeps.tick
    await stage.run()
    assert stage.swept_at == [15, 35, 40, 45, 50, 55, 60]
    assert [(line["event"], line.get("redis")) for line in told] == [
        ("channel paused", "ConnectionError"),
        ("channel resumed", None),
        ("channel paused", None),
    ]


async def test_while_another_worker_sweeps_it_does_not(told: list[dict[str, Any]]) -> None:
    stage = Stage(swept_by_others=lambda now: now < 40)
    await stage.run()
    assert stage.swept_at == [40, 45, 50, 55, 60]
    assert len(told) == 1


async def test_its_own_sweeps_are_no_reason_to_stop() -> None:
    swept_at: list[float] = []
    stage = Stage(swept_by_others=lambda _: bool(swept_at))
    stage.swept_at = swept_at
    await stage.run()
    assert stage.swept_at == [15, 20, 25, 30, 35, 40, 45, 50, 55, 60]
