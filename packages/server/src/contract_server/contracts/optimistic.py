"""Store a granted request in one statement, without having locked the contract before.

The rules decided on the contract as it was read. The statement locks it, and does nothing if it has changed since, or
if the decision is no longer valid: the clock is read once more, after the lock. Nor does it exceed a budget. All rows
are sent together, because each round trip to the database costs more than the writing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import count
from uuid import UUID

import asyncpg

from contract_server.clock import Clock
from contract_server.db.rows import Insert, Shape, Write, shape_of, table_of
from contract_server.db.statements import Condition, fetch, with_places

# $1 is the contract, $2 its version as it was read, $3 until when the decision is valid
_STATEMENT = """
    WITH held AS MATERIALIZED (SELECT id FROM contract WHERE id = $1 AND version = $2 FOR UPDATE),
         valid AS MATERIALIZED (SELECT id FROM held WHERE {clock} < $3{conditions}){parts}
    SELECT id FROM valid
"""


@dataclass(frozen=True, slots=True)
class OptimisticWrite:
    """All that a granted request changes, and on what condition."""

    contract_id: UUID
    version: int
    valid_until: datetime
    writes: Sequence[Write]
    conditions: Sequence[Condition] = ()


async def write_unless_changed(write: OptimisticWrite, clock: Clock) -> bool:
    """Store everything, or nothing.

    Returns:
        Whether it is stored. False if the contract has changed, the decision is no longer valid, a budget is used
        up, or a concurrent request stored the same key or mail.
    """
    shapes: list[Shape] = []
    values: list[object] = [value for condition in write.conditions for value in condition.values]
    for each in write.writes:
        shape = shape_of(each)
        for row in each.rows:
            shapes.append(shape)
            values += [column.value_in(row) for column in shape.columns]
            values += each.values
    statement = _statement(clock.sql, tuple(condition.sql for condition in write.conditions), tuple(shapes))
    try:
        return bool(await fetch(statement, write.contract_id, write.version, write.valid_until, *values))
    except asyncpg.UniqueViolationError:
        return False


@lru_cache(maxsize=64)
def _statement(clock: str, conditions: tuple[str, ...], shapes: tuple[Shape, ...]) -> str:
    places = count(4)
    more = "".join(f" AND {with_places(condition, places)}" for condition in conditions)
    parts = (_part(shape, places) for shape in shapes)
    written = "".join(f",\n part_{number} AS ({part})" for number, part in enumerate(parts))
    return _STATEMENT.format(clock=clock, conditions=more, parts=written)


def _part(shape: Shape, places: Iterator[int]) -> str:
    """The statement of one row; it changes nothing unless the decision is valid."""
    table = table_of(shape.model)
    written = {column.name: f"${next(places)}::{column.kind}" for column in shape.columns}
    if shape.kind is Insert:
        return f"INSERT INTO {table} ({', '.join(written)}) SELECT {', '.join(written.values())} FROM valid"  # noqa: S608 - our own names
    condition = shape.condition_at(places) or f"{table}.id = {written['id']}"
    changed = ", ".join(f"{name} = {value}" for name, value in written.items() if name != "id")
    return f"UPDATE {table} SET {changed} FROM valid WHERE {condition}"  # noqa: S608 - as above
