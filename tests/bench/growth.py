"""What recurs must cost the same however long the history is: each statement with few contracts, and with many."""

import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from tests.bench.ground import Ground
from tests.recurring import Statements, statements_of_processes, statements_of_requests, with_history

FEW, MANY = 10_000, 1_000_000
MOST_GROWTH = 3
ROUNDS = 15
FLOOR_MS = 1.0
"""Less counts as this much: a thousand random looks into a large index miss the processor's cache, and take as long."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The shortest time of a statement with few contracts and with many, in milliseconds."""

    statement: str
    few: float
    many: float

    @property
    def factor(self) -> float:
        """How many times as long it takes."""
        return max(self.many, FLOOR_MS) / max(self.few, FLOOR_MS)


async def growth(ground: Ground, few: int = FEW, many: int = MANY) -> list[Growth]:
    """Measure each statement; the one that grows most comes first."""
    small, large = [await _times(ground, contracts) for contracts in (few, many)]
    found = [Growth(statement, small[statement], large[statement]) for statement in small.keys() & large.keys()]
    return sorted(found, key=lambda each: each.factor, reverse=True)


async def _times(ground: Ground, contracts: int) -> dict[str, float]:
    """Fill a database with a history, and return the shortest time of each statement, in milliseconds."""
    folder = ground.folder / f"mails-{contracts}"
    folder.mkdir()
    url = await _new_database(ground, f"growth_{contracts}")
    statements = await _statements(url, folder, contracts)
    connection = await asyncpg.connect(url)
    try:
        return {
            statement: await _shortest_ms(connection, statement, values) for statement, values in statements.items()
        }
    finally:
        await connection.close()


async def _new_database(ground: Ground, name: str) -> str:
    await ground.connection.execute(f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(ground.database_url)._replace(path=f"/{name}"))


async def _statements(url: str, folder: Path, contracts: int) -> Statements:
    settings = await with_history(url, folder, contracts)
    return {**await statements_of_processes(settings), **await statements_of_requests(settings)}


async def _shortest_ms(connection: asyncpg.Connection, statement: str, values: tuple[object, ...]) -> float:
    """Run the statement some times, in transactions that are rolled back."""
    took = []
    for _ in range(ROUNDS):
        transaction = connection.transaction()
        await transaction.start()
        began = time.perf_counter()
        await connection.fetch(statement, *values)
        took.append(time.perf_counter() - began)
        await transaction.rollback()
    return min(took) * 1000
