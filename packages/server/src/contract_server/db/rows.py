"""Rows written by hand-made statements, with columns, types and defaults as the models have them.

The models remain the only schema. What is here is for the few places where making a model's object for each row, or a
statement for each, takes longer than everything else that is done with it.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

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


@dataclass(frozen=True, slots=True)
class Update:
    """New values for rows of a model's table, found by their `id`; all name the same columns."""

    model: type[Model]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class UpdateWhere:
    """New values for all rows that meet a condition, in SQL with `{}` for each of its values."""

    model: type[Model]
    columns: Row
    condition: str
    values: tuple[object, ...]

    @property
    def rows(self) -> Sequence[Row]:
        """The new values, as the one row that they are."""
        return (self.columns,)


Write = Insert | Update | UpdateWhere


class Shape(NamedTuple):
    """What a statement depends on, apart from the values."""

    kind: type[Write]
    model: type[Model]
    names: tuple[str, ...]
    condition: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns to write: the named ones, and in new rows those for which the model has a default."""
        return _columns_to_write(self)


def shape_of(write: Write) -> Shape:
    """The shape of a write that has rows."""
    return Shape(type(write), write.model, tuple(write.rows[0]), getattr(write, "condition", ""))


@lru_cache(maxsize=256)
def _columns_to_write(shape: Shape) -> tuple[Column, ...]:
    known = columns_of(shape.model)
    if shape.kind is not Insert:
        return tuple(known[name] for name in shape.names)
    return tuple(column for name, column in known.items() if name in shape.names or not column.is_given_by_database)


async def write_rows(*writes: Write) -> None:
    """Carry out all writes in one statement. None sees the effect of another, and no row is written twice."""
    rows: dict[Shape, list[Row]] = {}
    conditions: dict[Shape, tuple[object, ...]] = {}
    for write in writes:
        if write.rows:
            shape = shape_of(write)
            rows.setdefault(shape, []).extend(write.rows)
            conditions[shape] = write.values if isinstance(write, UpdateWhere) else ()
    values: list[object] = []
    for shape, written in rows.items():
        values += [[column.value_in(row) for row in written] for column in shape.columns]
        values += conditions[shape]
    if rows:
        await execute(_writing(tuple((shape, len(conditions[shape])) for shape in rows)), *values)


@lru_cache(maxsize=64)
def _writing(shapes: tuple[tuple[Shape, int], ...]) -> str:
    places = itertools.count(1)
    *before, last = [_part(shape, values, places) for shape, values in shapes]
    withs = ", ".join(f"part_{number} AS ({part})" for number, part in enumerate(before, 1))
    return f"WITH {withs} {last}" if withs else last


def _part(shape: Shape, values: int, places: Iterator[int]) -> str:
    table, columns = table_of(shape.model), shape.columns
    given = _unnested(columns, places)
    if shape.kind is Insert:
        names = ", ".join(column.name for column in columns)
        return f"INSERT INTO {table} ({names}) SELECT {', '.join(map(_typed, columns))} FROM {given}"  # noqa: S608 - our own names
    changed = ", ".join(f"{column.name} = {_typed(column)}" for column in columns if column.name != "id")
    condition = shape.condition.format(*(f"${next(places)}" for _ in range(values))) or f"{table}.id = given.id"
    return f"UPDATE {table} SET {changed} FROM {given} WHERE {condition}"  # noqa: S608 - as above


def _typed(column: Column) -> str:
    return f"given.{column.name}::{column.kind}"


def _unnested(columns: Sequence[Column], places: Iterator[int]) -> str:
    """One array for each column. Of JSON, its text: asyncpg would take an array of values for one value."""
    arrays = ", ".join(f"${next(places)}::{'text' if column.kind == _JSON else column.kind}[]" for column in columns)
    return f"unnest({arrays}) AS given ({', '.join(column.name for column in columns)})"
