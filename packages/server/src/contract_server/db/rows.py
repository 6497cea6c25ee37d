"""Rows written by hand-made statements, with columns, types and defaults as the models have them.

The models remain the only schema. What is here is for the few places where making a model's object for each row, or a
statement for each, takes longer than everything else that is done with it.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import orjson
from tortoise.models import Model

from contract_server.db.statements import execute

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


@dataclass(frozen=True, slots=True)
class Insert:
    """New rows of a model's table; all name the same columns."""

    model: type[Model]
    rows: Sequence[Row]

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those that are named, and those that would be left without what the model says of them."""
        known = columns_of(self.model).values()
        return tuple(each for each in known if each.name in self.rows[0] or not each.is_given_by_database)


@dataclass(frozen=True, slots=True)
class Update:
    """What is to stand in rows of a model's table, which are found by their `id`; all name the same columns."""

    model: type[Model]
    rows: Sequence[Row]

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those that are named."""
        known = columns_of(self.model)
        return tuple(known[name] for name in self.rows[0])


Write = Insert | Update


async def write_rows(*writes: Write) -> None:
    """Carry out all of them in one statement: none sees what another has done, and each row is named once."""
    to_do = [write for write in writes if write.rows]
    if to_do:
        shapes = tuple((type(write), write.model, write.columns) for write in to_do)
        values = [[column.value_in(row) for row in write.rows] for write in to_do for column in write.columns]
        await execute(_writing(shapes), *values)


@lru_cache(maxsize=64)
def _writing(shapes: tuple[tuple[type[Write], type[Model], tuple[Column, ...]], ...]) -> str:
    parts, places = [], itertools.count(1)
    for kind, model, columns in shapes:
        inner = _inserting if kind is Insert else _updating
        parts.append(inner(table_of(model), columns, _unnested(columns, places)))
    *before, last = parts
    withs = ", ".join(f"part_{number} AS ({part})" for number, part in enumerate(before, 1))
    return f"WITH {withs} {last}" if withs else last


def _inserting(table: str, columns: tuple[Column, ...], given: str) -> str:
    names = ", ".join(column.name for column in columns)
    return f"INSERT INTO {table} ({names}) SELECT {', '.join(map(_typed, columns))} FROM {given}"  # noqa: S608 - our own names


def _updating(table: str, columns: tuple[Column, ...], given: str) -> str:
    changed = ", ".join(f"{each.name} = {_typed(each)}" for each in columns if each.name != "id")
    return f"UPDATE {table} SET {changed} FROM {given} WHERE {table}.id = given.id"  # noqa: S608 - as above


def _typed(column: Column) -> str:
    return f"given.{column.name}::{column.kind}"


def _unnested(columns: Sequence[Column], places: Iterator[int]) -> str:
    """One array for each column. Of JSON, its text: asyncpg would take an array of values for one value."""
    arrays = ", ".join(f"${next(places)}::{'text' if each.kind == _JSON else each.kind}[]" for each in columns)
    return f"unnest({arrays}) AS given ({', '.join(each.name for each in columns)})"
