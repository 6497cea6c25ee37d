"""Row writer: many changes in one statement, with the columns, types and defaults of the models.

The models remain the only definition of the schema. The row writer is for the few hot paths where a model object or a
statement per row would take most of the time.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import orjson
from tortoise.fields.base import DB_DEFAULT_NOT_SET
from tortoise.models import Model

from contract_server.db.statements import execute, with_places

Row = Mapping[str, object]

_JSON = "JSONB"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type in PostgreSQL, and its default."""

    name: str
    kind: str
    default: object
    is_set_by_database: bool

    def value_in(self, row: Row) -> object:
        """The row's value, or else the default, in the form that asyncpg takes."""
        value = row[self.name] if self.name in row else self.default() if callable(self.default) else self.default
        return orjson.dumps(value).decode() if self.kind == _JSON and value is not None else value


@lru_cache
def columns_of(model: type[Model]) -> Mapping[str, Column]:
    """The columns of the model's table by name, including those that the database sets."""
    table = model.describe(serializable=False)
    fields = [table["pk_field"], *table["data_fields"]]
    return MappingProxyType({field["db_column"]: _column(field) for field in fields})


def _column(field: Mapping[str, Any]) -> Column:
    types = field["db_field_types"]
    return Column(
        field["db_column"],
        # without the length: a cast would truncate a value that is too long, but storing it is refused
        kind=types.get("postgres", types[""]).partition("(")[0],
        default=field["default"],
        is_set_by_database=field["generated"] or field["db_default"] is not DB_DEFAULT_NOT_SET,
    )


def table_of(model: type[Model]) -> str:
    """The name of the model's table."""
    return str(model.describe()["table"])


@dataclass(frozen=True, slots=True)
class Insert:
    """New rows of a model's table, all with the same columns."""

    condition: ClassVar[str] = ""
    values: ClassVar[tuple[object, ...]] = ()

    model: type[Model]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Update:
    """New values for rows of a model's table by `id`, all with the same columns."""

    condition: ClassVar[str] = ""
    values: ClassVar[tuple[object, ...]] = ()

    model: type[Model]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class UpdateWhere:
    """New values for all rows that meet a condition: SQL with `{}` for each value."""

    model: type[Model]
    columns: Row
    condition: str
    values: tuple[object, ...]

    @property
    def rows(self) -> Sequence[Row]:
        """The new values as one row."""
        return (self.columns,)


Write = Insert | Update | UpdateWhere


class Shape(NamedTuple):
    """The parts of a write that its statement depends on: all but the values."""

    kind: type[Write]
    model: type[Model]
    names: tuple[str, ...]
    condition: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns to write: the named ones, and for new rows also those with a model default."""
        return _columns_to_write(self)

    def condition_at(self, places: Iterator[int]) -> str:
        """The condition in SQL, its values at the next places of the statement; empty if there is none."""
        return with_places(self.condition, places)


def shape_of(write: Write) -> Shape:
    """The shape of a write that has rows."""
    return Shape(type(write), write.model, tuple(write.rows[0]), write.condition)


@lru_cache(maxsize=256)
def _columns_to_write(shape: Shape) -> tuple[Column, ...]:
    known = columns_of(shape.model)
    if shape.kind is not Insert:
        return tuple(known[name] for name in shape.names)
    return tuple(column for name, column in known.items() if name in shape.names or not column.is_set_by_database)


async def write_rows(*writes: Write) -> None:
    """Execute all writes in one statement. A write does not see the others' effects, so no row may be in two."""
    rows: dict[tuple[Shape, tuple[object, ...]], list[Row]] = {}
    for write in writes:
        if write.rows:
            rows.setdefault((shape_of(write), write.values), []).extend(write.rows)
    values: list[object] = []
    for (shape, condition_values), new_rows in rows.items():
        values += [[column.value_in(row) for row in new_rows] for column in shape.columns]
        values += condition_values
    if rows:
        await execute(_writing(tuple(shape for shape, _ in rows)), *values)


@lru_cache(maxsize=64)
def _writing(shapes: tuple[Shape, ...]) -> str:
    places = itertools.count(1)
    *before, last = [_part(shape, places) for shape in shapes]
    withs = ", ".join(f"part_{number} AS ({part})" for number, part in enumerate(before, 1))
    return f"WITH {withs} {last}" if withs else last


def _part(shape: Shape, places: Iterator[int]) -> str:
    table, columns = table_of(shape.model), shape.columns
    new = _unnested(columns, places)
    if shape.kind is Insert:
        names = ", ".join(column.name for column in columns)
        return f"INSERT INTO {table} ({names}) SELECT {', '.join(map(_typed, columns))} FROM {new}"  # noqa: S608 - our own names
    changed = ", ".join(f"{column.name} = {_typed(column)}" for column in columns if column.name != "id")
    condition = shape.condition_at(places) or f"{table}.id = new.id"
    return f"UPDATE {table} SET {changed} FROM {new} WHERE {condition}"  # noqa: S608 - as above


def _typed(column: Column) -> str:
    return f"new.{column.name}::{column.kind}"


def _unnested(columns: Sequence[Column], places: Iterator[int]) -> str:
    """One array per column. JSON is passed as text, because asyncpg would encode an array as one JSON value."""
    arrays = ", ".join(f"${next(places)}::{'text' if column.kind == _JSON else column.kind}[]" for column in columns)
    return f"unnest({arrays}) AS new ({', '.join(column.name for column in columns)})"
