"""Shapes: how JSON writes a value, how it is read back, and what a JSON Schema says of it, each defined once.

The shape of a record is made of the shapes of its fields, so that a format is one table. Reading is strict: every key
is written and no other is, and an error names the path of the field and says what to write there.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar
from zoneinfo import ZoneInfo

from contract_rules.instants import local_time, zone_named

Thing = TypeVar("Thing")
Choice = TypeVar("Choice", bound=StrEnum)
Schema = dict[str, Any]

DAY_PATTERN: Final = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
HOUR_AND_MINUTE: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
INSTANT_PATTERN: Final = f"{DAY_PATTERN}T{HOUR_AND_MINUTE}:[0-5][0-9]([.][0-9]{{1,6}})?(Z|[+-]{HOUR_AND_MINUTE})"
A_MINUTE: Final = timedelta(minutes=1)
LONGEST_SHOWN: Final = 60


class FactsError(ValueError):
    """JSON that is not of its format; the message names the field and says what to write there."""


@dataclass(frozen=True, slots=True)
class Shape(Generic[Thing]):
    """One kind of value.

    Fields:
        expected: what to write, in errors.
        schema: what a JSON Schema says of it.
        read: makes the thing of parsed JSON; takes the path to name in errors.
        data: the thing in the types of JSON.
        definition: of a record, the schema that `schema` refers to.
    """

    expected: str
    schema: Schema
    read: Callable[[object, str], Thing]
    data: Callable[[Any], object]
    definition: Schema | None = None


def scalar(
    expected: str, schema: Schema, read_value: Callable[[Any], Thing], data: Callable[[Thing], object]
) -> Shape[Thing]:
    """A value whose reader raises a ValueError or TypeError for what is none."""

    def read(value: object, path: str) -> Thing:
        try:
            return read_value(value)
        except (TypeError, ValueError):
            raise FactsError(f"{path} is {shown(value)}: write {expected}") from None

    return Shape(expected, schema, read, data)


def whole(least: int) -> Shape[int]:
    """A whole number that is not less."""

    def read(value: object) -> int:
        if type(value) is not int or value < least:
            raise ValueError
        return value

    return scalar(f"a whole number of {least} or more", {"type": "integer", "minimum": least}, read, int)


def member(choices: type[Choice]) -> Shape[Choice]:
    """A member of an enumeration, by its value."""
    values = [str(choice) for choice in choices]
    return scalar(f"one of {', '.join(values)}", {"enum": values}, lambda value: choices(_text(value)), str)


def optional(shape: Shape[Thing]) -> Shape[Thing | None]:
    """A value, or null for None."""
    return Shape(
        f"{shape.expected}, or null",
        {"anyOf": [shape.schema, {"type": "null"}]},
        lambda value, path: None if value is None else shape.read(value, path),
        lambda thing: None if thing is None else shape.data(thing),
    )


def many(shape: Shape[Thing]) -> Shape[tuple[Thing, ...]]:
    """A list of values of one shape."""
    expected = f"a list, each {shape.expected}"

    def read(value: object, path: str) -> tuple[Thing, ...]:
        if not isinstance(value, list):
            raise FactsError(f"{path} is {shown(value)}: write {expected}")
        return tuple(shape.read(each, f"{path}[{number}]") for number, each in enumerate(value))

    return Shape(
        expected, {"type": "array", "items": shape.schema}, read, lambda things: [shape.data(each) for each in things]
    )


def record(
    name: str, makes: Callable[..., Thing], fields: Mapping[str, Shape[Any]], tags: Mapping[str, str] | None = None
) -> Shape[Thing]:
    """An object with exactly these keys: the fields of the thing that it makes, and the texts that tell it from others.

    A ValueError of `makes` is an error of the record.
    """
    tags = dict(tags or {})
    expected = f"an object with {', '.join([*tags, *fields])}"

    def read(value: object, path: str) -> Thing:
        if not isinstance(value, dict):
            raise FactsError(f"{path} is {shown(value)}: write {expected}")
        for key in value:
            if key not in fields and key not in tags:
                raise FactsError(f"{path} has {shown(key)}, which is no key of the format: write {expected}")
        for key in fields:
            if key not in value:
                raise FactsError(f"{path}.{key} is missing: write {fields[key].expected}")
        values = {key: shape.read(value[key], f"{path}.{key}") for key, shape in fields.items()}
        try:
            return makes(**values)
        except ValueError as error:
            raise FactsError(f"{path}: {error}") from None

    properties = {key: {"const": tag} for key, tag in tags.items()} | {key: each.schema for key, each in fields.items()}
    return Shape(
        expected,
        {"$ref": f"#/$defs/{name}"},
        read,
        lambda thing: tags | {key: shape.data(getattr(thing, key)) for key, shape in fields.items()},
        {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False},
    )


def one_of(key: str, records: Mapping[tuple[type, str], Shape[Any]]) -> Shape[Any]:
    """One of several records, told apart by their types, and in JSON by the text under this key."""
    by_tag = {tag: shape for (_, tag), shape in records.items()}
    by_type = {made: shape for (made, _), shape in records.items()}
    tags = " or ".join(by_tag)
    expected = f"an object whose {key} is {tags}"

    def read(value: object, path: str) -> Any:  # noqa: ANN401  # of any of the types
        if not isinstance(value, dict):
            raise FactsError(f"{path} is {shown(value)}: write {expected}")
        tag = value.get(key)
        if not isinstance(tag, str) or tag not in by_tag:
            raise FactsError(f"{path}.{key} is {shown(tag)}: write {tags}")
        return by_tag[tag].read(value, path)

    return Shape(
        expected,
        {"oneOf": [shape.schema for shape in records.values()]},
        read,
        lambda thing: by_type[type(thing)].data(thing),
    )


def shown(value: object) -> str:
    """A value of JSON, short enough for an error.

    >>> shown({"status": "ACTIVE"}), shown([]), shown("ACTIVE")
    ('an object', 'a list', "'ACTIVE'")
    """
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else f"{value!r:.{LONGEST_SHOWN}}"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _matching(pattern: str, value: object) -> str:
    text = _text(value)
    if not re.fullmatch(pattern, text):
        raise ValueError
    return text


def _written(instant: datetime) -> str:
    """RFC 3339, which knows no offset with seconds, as zones had before they were unified."""
    offset = instant.utcoffset()
    assert offset is not None  # noqa: S101  # facts have looked
    return (local_time(instant, UTC) if offset % A_MINUTE else instant).isoformat()


TEXT: Final = scalar("text", {"type": "string"}, _text, str)
FLAG: Final = scalar("true or false", {"type": "boolean"}, _flag, bool)
DAY: Final = scalar(
    "a date, as in 2024-03-01",
    {"type": "string", "format": "date", "pattern": f"^{DAY_PATTERN}$"},
    lambda value: date.fromisoformat(_matching(DAY_PATTERN, value)),
    date.isoformat,
)
INSTANT: Final = scalar(
    "an instant with its UTC offset and at most microseconds, as in 2024-03-01T09:30:00+09:00",
    {"type": "string", "format": "date-time", "pattern": f"^{INSTANT_PATTERN}$"},
    lambda value: datetime.fromisoformat(_matching(INSTANT_PATTERN, value)),
    _written,
)
ZONE: Final[Shape[ZoneInfo]] = scalar(
    "the name of a time zone, as in Asia/Tokyo, or install tzdata",
    {"type": "string"},
    lambda value: zone_named(_text(value)),
    lambda zone: zone.key,
)
