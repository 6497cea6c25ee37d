"""The heartbeat of `make test-faults` finds what holds an event loop, and nothing else."""

import asyncio
import time
from pathlib import Path

from tests.faults.watched import BEAT_S, watch
from tests.server.hostile.heartbeat import LONGEST_HOLD


def burn(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def lines_of(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


async def lines_of_a_loop_in_which(log: Path, *callbacks: float) -> list[str]:
    """A loop of its own, in which callbacks burn as much CPU as they say, with a beat after each."""

    async def run() -> None:
        watch(log)
        for seconds in callbacks:
            await asyncio.sleep(2 * BEAT_S)
            burn(seconds)
        await asyncio.sleep(2 * BEAT_S)

    await asyncio.to_thread(asyncio.run, run())
    return lines_of(log)


async def test_a_loop_that_is_held_is_told_each_time(tmp_path: Path) -> None:
    lines = await lines_of_a_loop_in_which(tmp_path / "held", LONGEST_HOLD + 0.05, 0.01, LONGEST_HOLD + 0.05)
    assert len(lines) == 2
    assert "held its event loop" in lines[0]


async def test_a_loop_that_waits_or_works_shortly_is_not(tmp_path: Path) -> None:
    assert await lines_of_a_loop_in_which(tmp_path / "held", *[LONGEST_HOLD / 5] * 10) == []
