"""Storing a granted request in one statement, without having locked the contract before.

The rules were asked about the contract as it was read. The statement locks it and does nothing where it has changed
since, or where the time at which the answer of the rules may become another has come meanwhile: the clock is read once
more, and after the lock. What it then writes are the rows that the models would write, one after the other; here they
are all sent together, because each way to the database and back costs more than the writing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import asyncpg
from tortoise.models import Model

from contract_server.clock import Clock
from contract_server.contracts.models import Contract
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.db.rows import Column, Row, columns_of, table_of
from contract_server.db.statements import fetch

# $1 the contract, $2 its version as it was read, $3 until when the answer holds, $4 the application that is withdrawn,
# $5 when; what follows is the contract's new columns, and then those of the new rows
_STATEMENT = """
    WITH held AS MATERIALIZED (SELECT id FROM contract WHERE id = $1 AND version = $2 FOR UPDATE),
         judged AS MATERIALIZED (SELECT id FROM held WHERE {clock} < $3),
         changed AS MATERIALIZED (
             UPDATE contract SET {columns} FROM judged WHERE contract.id = judged.id RETURNING contract.id),
         withdrawn AS (
             UPDATE termination_application SET withdrawn_at = $5 FROM changed WHERE termination_application.id = $4),
         unsaid AS (
             UPDATE outbox_mail SET useful_until = $5 FROM changed
              WHERE $4 IS NOT NULL AND contract_id = changed.id AND state = 'PENDING' AND useful_until > $5){rows}
    SELECT id FROM changed
"""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row of a model, as its columns: making the model's object takes longer than all else that is done with it."""

    model: type[Model]
    columns: Row


@dataclass(frozen=True, slots=True)
class OptimisticWrite:
    """All that a granted request changes."""

    before: ContractSnapshot
    columns: Row
    rows: Sequence[NewRow]
    withdrawn: UUID | None
    at: datetime
    valid_until: datetime


async def write_unless_changed(writing: OptimisticWrite, clock: Clock) -> bool:
    """Store everything, or nothing.

    Returns:
        Whether it is stored. False where the contract has changed, the time has come at which the rules may say
        something else, or somebody was quicker in saying the same.
    """
    before = writing.before
    statement = _statement(clock.sql, tuple(writing.columns), tuple(row.model for row in writing.rows))
    values = [before.id, before.facts.version, writing.valid_until, writing.withdrawn, writing.at]
    values += writing.columns.values()
    for row in writing.rows:
        values += [column.value_in(row.columns) for column in _written(row.model)]
    try:
        return bool(await fetch(statement, *values))
    except asyncpg.UniqueViolationError:  # the same key, or the same mail, came in between
        return False


@lru_cache(maxsize=64)
def _statement(clock: str, columns: tuple[str, ...], models: tuple[type[Model], ...]) -> str:
    place = 5

    def placed(kinds: list[str]) -> list[str]:
        nonlocal place
        found = [f"${number}::{kind}" for number, kind in enumerate(kinds, place + 1)]
        place += len(kinds)
        return found

    changed = placed([columns_of(Contract)[name].kind for name in columns])
    rows = ""
    for number, model in enumerate(models):
        names = ", ".join(column.name for column in _written(model))
        values = ", ".join(placed([column.kind for column in _written(model)]))
        rows += f",\n row_{number} AS (INSERT INTO {table_of(model)} ({names}) SELECT {values} FROM changed)"  # noqa: S608 - our own names
    assignments = ", ".join(f"{name} = {value}" for name, value in zip(columns, changed, strict=True))
    return _STATEMENT.format(clock=clock, columns=assignments, rows=rows)


@lru_cache
def _written(model: type[Model]) -> tuple[Column, ...]:
    """The columns that we write; the database itself gives numbers and times of writing."""
    return tuple(column for column in columns_of(model).values() if not column.is_given_by_database)
