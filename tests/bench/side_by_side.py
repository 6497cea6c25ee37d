"""The servers one after the other and again, each with the same work on the same database."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from tests.bench.ground import until_quiet
from tests.bench.load import Run, load
from tests.bench.targets import Target
from tests.bench.work import Work, write_requests

WARM_UP_CONNECTIONS, WARM_UP_S = 16, 3
FASTEST_PER_SECOND = 6_000  # of what writes; so many requests are prepared, and each writes once


@dataclass(frozen=True, slots=True)
class Case:
    """One cell of the tables."""

    work: str
    connections: int
    target: str


Runs = dict[Case, list[Run]]


async def measure(
    works: Sequence[Work],
    targets: Sequence[Target],
    connection: asyncpg.Connection,
    folder: Path,
    *,
    rounds: int,
    seconds: int,
    connections: Sequence[int],
) -> AsyncIterator[tuple[Case, Run]]:
    """Every run, as it ends."""
    for work in works:
        for target in targets:
            await _try_out(work, target, connection)
            await work.prepare(connection)
            await _warm_up(work, target, connection, folder)
        for count in connections:
            file = folder / f"{work.name}-{count}.requests"
            await asyncio.to_thread(write_requests, work, count, FASTEST_PER_SECOND * seconds, file)
            for number in range(rounds):
                for target in targets if number % 2 == 0 else reversed(targets):
                    await work.prepare(connection)
                    run = await load(target, file, count, seconds)
                    await until_quiet(connection)
                    await work.check(connection, run.answered, count)
                    yield Case(work.name, count, target.name), run
            file.unlink()


async def _try_out(work: Work, target: Target, connection: asyncpg.Connection) -> None:
    await work.prepare(connection)
    async with httpx.AsyncClient(base_url=target.base_url, timeout=30) as client:
        await work.try_out(client)


async def _warm_up(work: Work, target: Target, connection: asyncpg.Connection, folder: Path) -> None:
    """Let compilers see what they compile, and pools open what they hold."""
    file = folder / f"{work.name}-{target.name}.requests"
    await asyncio.to_thread(write_requests, work, WARM_UP_CONNECTIONS, FASTEST_PER_SECOND * WARM_UP_S, file)
    await load(target, file, WARM_UP_CONNECTIONS, WARM_UP_S)
    await until_quiet(connection)
    file.unlink()


def collected(pairs: Sequence[tuple[Case, Run]]) -> Runs:
    """The runs of each cell."""
    runs: Runs = defaultdict(list)
    for case, run in pairs:
        runs[case].append(run)
    return dict(runs)
