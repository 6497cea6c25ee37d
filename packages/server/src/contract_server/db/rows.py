"""Rows written by hand-made statements, with columns, types and defaults as the models have them.

The models remain the only schema. What is here is for the few places where making a model's object for each row, or a
statement for each, takes longer than everything else that is done with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import orjson
from tortoise.models import Model

from contract_server.db.statements import fetch

Row = Mapping[str, object]

_JSON = "JSONB"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type in PostgreSQL, and what stands in it where nothing was said."""

    name: str
    kind: str
    default: object
    is_given_by_database: bool

    def value_in(self, row: Row) -> object:
        """What the row says, as asyncpg takes it; where it says nothing, as the model has it."""
        value = row[self.name] if self.name in row else self.default() if callable(self.default) else self.default
        return orjson.dumps(value).decode() if self.kind == _JSON and value is not None else value


@lru_cache
def columns_of(model: type[Model]) -> Mapping[str, Column]:
    """The columns of the model's table, by name; those of its key, and numbers and times of writing, among them."""
    meta = model._meta  # noqa: SLF001 - Tortoise offers no public way
    fields = {column: meta.fields_map[name] for name, column in meta.fields_db_projection.items()}
    return MappingProxyType(
        {
            name: Column(
                name,
                # a type without its length: a cast to one would cut off what is too long, where storing it is refused
                kind=field.get_for_dialect("postgres", "SQL_TYPE").partition("(")[0],
                default=field.default,
                is_given_by_database=field.generated or field.has_db_default(),
            )
            for name, field in fields.items()
        }
    )


def table_of(model: type[Model]) -> str:
    """The name of the model's table."""
    return str(model._meta.db_table)  # noqa: SLF001 - as above


async def insert_rows(model: type[Model], rows: Sequence[Row]) -> None:
    """Insert rows that all name the same columns, in one statement."""
    if rows:
        columns = [each for each in columns_of(model).values() if each.name in rows[0] or not each.is_given_by_database]
        await fetch(_inserting(model, tuple(columns)), *_by_column(columns, rows))


async def update_rows(model: type[Model], rows: Sequence[Row]) -> None:
    """Write what rows, found by their `id`, say of the same columns, in one statement."""
    if rows:
        columns = [columns_of(model)[name] for name in rows[0]]
        await fetch(_updating(model, tuple(columns)), *_by_column(columns, rows))


@lru_cache(maxsize=64)
def _inserting(model: type[Model], columns: tuple[Column, ...]) -> str:
    names = ", ".join(column.name for column in columns)
    return f"INSERT INTO {table_of(model)} ({names}) SELECT {_typed(columns)} FROM {_unnested(columns)}"  # noqa: S608 - our own names


@lru_cache(maxsize=64)
def _updating(model: type[Model], columns: tuple[Column, ...]) -> str:
    table = table_of(model)
    changed = ", ".join(f"{each.name} = {_typed([each])}" for each in columns if each.name != "id")
    return f"UPDATE {table} SET {changed} FROM {_unnested(columns)} WHERE {table}.id = given.id"  # noqa: S608 - as above


def _by_column(columns: Sequence[Column], rows: Sequence[Row]) -> list[list[object]]:
    return [[column.value_in(row) for row in rows] for column in columns]


def _typed(columns: Sequence[Column]) -> str:
    return ", ".join(f"given.{each.name}::{each.kind}" for each in columns)


def _unnested(columns: Sequence[Column]) -> str:
    """One array for each column. Of JSON, its text: asyncpg would take an array of values for one value."""
    arrays = ", ".join(
        f"${place}::{'text' if each.kind == _JSON else each.kind}[]" for place, each in enumerate(columns, 1)
    )
    return f"unnest({arrays}) AS given ({', '.join(each.name for each in columns)})"
