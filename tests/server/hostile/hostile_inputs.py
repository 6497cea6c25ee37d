"""Hostile requests made from the schema: each argument and each input field, given each value that costs work.

A value is given in a variable, as a literal in the document, and in the address of a GET.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from string import ascii_letters
from typing import Any
from urllib.parse import quote

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)
from tests.server.hostile.hostile import HostileRequest

import contract_server
from contract_server.connections.body_limit import LARGEST_BODY
from contract_server.headers import LONGEST_URL

SCHEMA: GraphQLSchema = build_schema(
    (Path(contract_server.__file__).parents[2] / "schema.graphql").read_text(encoding="utf-8")
)
LONGEST_QUERY = LONGEST_URL - len("/graphql?")
ROOM = LARGEST_BODY - 4_096  # bytes, for a value beside its document
DEEPEST = 900  # orjson reads 1,024 levels

HONEST: Mapping[str, object] = {
    "ID": "018f0000-0000-7000-8000-000000000001",
    "String": "x",
    "Int": 1,
    "Boolean": True,
    "Date": "2024-03-01",
    "DateTime": "2024-03-01T00:00:00+09:00",
}


class Name(str):
    """A member of an enumeration: text in JSON, a name in a document."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A value that Python would not write like that: as JSON, and as a document has it."""

    json: str
    literal: str


def _keys(count: int) -> list[str]:
    return ["".join(letters) for letters, _ in zip(product(ascii_letters, repeat=3), range(count), strict=False)]


def _number(written: str) -> Written:
    return Written(written, written)


def _nested_lists(levels: int) -> Written:
    return _number("[" * levels + "1" + "]" * levels)


def _nested_objects(key: str, levels: int) -> Written:
    return Written(f'{{"{key}":' * levels + "1" + "}" * levels, f"{{{key}:" * levels + "1" + "}" * levels)


VALUES: Mapping[str, Callable[[int, GraphQLInputType], object]] = {
    "unknown keys": lambda room, _: dict.fromkeys(_keys(room // 8), 1),
    "unknown keys with objects": lambda room, _: {key: {"a": 1} for key in _keys(room // 14)},
    "a long unknown key": lambda room, _: {"k" * room: 1},
    "wrong items": lambda room, _: ["wrong"] * (room // 8),
    "numbers as items": lambda room, _: [1] * (room // 2),
    "nothing as items": lambda room, _: [None] * (room // 5),
    "objects as items": lambda room, _: [{}] * (room // 3),
    "objects with unknown keys as items": lambda room, _: [dict.fromkeys(_keys(100), 1)] * (room // 800),
    "lists as items": lambda room, _: [[]] * (room // 3),
    "nearly right items": lambda room, kind: [_member(kind) + "E"] * (room // 20),
    "right items": lambda room, kind: [Name(_member(kind))] * (room // 20),
    "nested lists": lambda room, _: _nested_lists(min(room // 2, DEEPEST)),
    "nested objects": lambda room, _: _nested_objects("a", min(room // 6, DEEPEST)),
    "nested honest objects": lambda room, kind: _nested_objects(_a_key(kind), min(room // 20, DEEPEST)),
    "long text": lambda room, _: "a" * room,
    "long text of digits": lambda room, _: "9" * room,
    "long text of spaces": lambda room, _: " " * room,
    "long text of hyphens": lambda room, _: "-" * room,
    "long text of accents": lambda room, _: "e" + "\u0301\u0327" * (room // 4),
    "long text of ligatures": lambda room, _: "\ufdfa" * (room // 3),
    "long text of dotted capitals": lambda room, _: "\u0130" * (room // 2),
    "long text in base64": lambda room, _: "Y29udHJhY3Q6" + "fHwy" * (room // 4),
    "a long day": lambda room, _: "2024-03-01" + "0" * room,
    "a long instant": lambda room, _: f"2024-03-01T00:00:00.{'0' * room}+09:00",
    "a long integer": lambda room, _: _number("9" * room),
    "a long fraction": lambda room, _: _number("0." + "1" * room),
    "an exponent out of range": lambda _, __: _number("1e400"),
    "a long exponent": lambda room, _: _number("1e" + "9" * room),
    "not a whole number": lambda _, __: 1.5,
    "yes": lambda _, __: True,
    "nothing": lambda _, __: None,
}


def _member(kind: GraphQLInputType) -> str:
    named = get_named_type(kind)
    return next(iter(named.values)) if isinstance(named, GraphQLEnumType) else "TERMINATED"


def _a_key(kind: GraphQLInputType) -> str:
    named = get_named_type(kind)
    return next(iter(named.fields)) if isinstance(named, GraphQLInputObjectType) else "a"


@dataclass(frozen=True, slots=True)
class Target:
    """A place in an operation that takes a value."""

    steps: tuple[tuple[str, GraphQLField], ...]  # from the root to the field
    root: str
    path: tuple[str, ...]  # the argument, then input fields
    kind: GraphQLInputType

    def __str__(self) -> str:
        return ".".join((*(name for name, _ in self.steps), *self.path))

    def variables(self, value: object) -> dict[str, object]:
        """The value in its place, and honest ones in all others that are required."""
        variables: dict[str, object] = {}
        for depth, (_, field) in enumerate(self.steps):
            for name, argument in field.args.items():
                if is_required_argument(argument):
                    variables[f"{name}{depth}"] = honest(argument.type)
        first, *below = (f"{self.path[0]}{len(self.steps) - 1}", *self.path[1:])
        if below:
            variables.setdefault(first, {})
        place: Any = variables
        for name in (first, *below)[:-1]:
            place = place[name]
        place[(first, *below)[-1]] = value
        return variables

    def document(self, literals: Mapping[str, object] | None = None) -> str:
        """The operation, with variables or with literals."""
        declared, selection = [], ""
        for depth, (name, field) in reversed(list(enumerate(self.steps))):
            arguments = []
            for argument_name, argument in field.args.items():
                key = f"{argument_name}{depth}"
                if literals is None:
                    declared.append(f"${key}: {argument.type}")
                    arguments.append(f"{argument_name}: ${key}")
                elif key in literals:
                    arguments.append(f"{argument_name}: {literal(literals[key])}")
            if not selection and is_composite_type(get_named_type(field.type)):
                selection = " { __typename }"
            selection = f" {{ {name}{_in_parentheses(arguments)}{selection} }}"
        return f"{self.root} {_in_parentheses(declared)}{selection}"


def _in_parentheses(parts: list[str]) -> str:
    return f"({', '.join(parts)})" if parts else ""


def honest(kind: GraphQLInputType) -> object:
    """A value that the schema allows, of nothing but what is required."""
    nullable = get_nullable_type(kind)
    if is_list_type(nullable):
        return [honest(nullable.of_type)]
    if isinstance(nullable, GraphQLInputObjectType):
        return {name: honest(field.type) for name, field in nullable.fields.items() if is_required_input_field(field)}
    if isinstance(nullable, GraphQLEnumType):
        return Name(next(iter(nullable.values)))
    return HONEST[str(nullable)]


def literal(value: object) -> str:
    """The value as a document has it."""
    match value:
        case Name():
            return str(value)
        case Written():
            return value.literal
        case dict():
            return "{" + ",".join(f"{key}:{literal(member)}" for key, member in value.items()) + "}"
        case list():
            return "[" + ",".join(map(literal, value)) + "]"
    return orjson.dumps(value).decode()


@cache
def targets() -> tuple[Target, ...]:
    """Every argument of every field, and every field of every input, as deep as the schema has them."""
    return tuple(
        Target(steps, root, path, kind)
        for root, steps in _fields_with_arguments()
        for name, argument in steps[-1][1].args.items()
        for path, kind in _inputs((name,), argument.type)
    )


def _inputs(path: tuple[str, ...], kind: GraphQLInputType) -> Iterator[tuple[tuple[str, ...], GraphQLInputType]]:
    yield path, kind
    nullable = get_nullable_type(kind)
    if isinstance(nullable, GraphQLInputObjectType) and not is_list_type(nullable):
        for name, field in nullable.fields.items():
            yield from _inputs((*path, name), field.type)


def _fields_with_arguments() -> Iterator[tuple[str, tuple[tuple[str, GraphQLField], ...]]]:
    """Each with the shortest way to it from the root."""
    for root, kind in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)):
        assert kind is not None
        seen: set[str] = {kind.name}
        ways: list[tuple[tuple[tuple[str, GraphQLField], ...], GraphQLObjectType]] = [((), kind)]
        for way, parent in ways:
            for name, field in parent.fields.items():
                steps = (*way, (name, field))
                if field.args:
                    yield root, steps
                named = get_named_type(field.type)
                if isinstance(named, GraphQLObjectType) and named.name not in seen:
                    seen.add(named.name)
                    ways.append((steps, named))


def _json(value: object) -> bytes:
    return orjson.dumps(value, lambda written: orjson.Fragment(written.json), orjson.OPT_PASSTHROUGH_DATACLASS)


def _fitting(
    make: Callable[[int], HostileRequest], size: Callable[[HostileRequest], int], limit: int, room: int
) -> HostileRequest:
    """A request that is nearly as large as the limit."""
    while size(request := make(room)) > limit:
        room = room * 7 // 8
    return request


def in_variables(target: Target, value: str) -> HostileRequest:
    def make(room: int) -> HostileRequest:
        variables = target.variables(VALUES[value](room, target.kind))
        return HostileRequest(_json({"query": target.document(), "variables": variables}))

    return _fitting(make, lambda request: len(request.content), LARGEST_BODY, ROOM)


def in_the_document(target: Target, value: str) -> HostileRequest:
    def make(room: int) -> HostileRequest:
        return HostileRequest(_json({"query": target.document(target.variables(VALUES[value](room, target.kind)))}))

    return _fitting(make, lambda request: len(request.content), LARGEST_BODY, ROOM)


def in_a_small_document(target: Target, value: str) -> HostileRequest:
    """As many tokens as a document may have, or nearly."""
    variables = target.variables(VALUES[value](2_000, target.kind))
    return HostileRequest(_json({"query": target.document(variables)}))


def in_the_address(target: Target, value: str) -> HostileRequest:
    def make(room: int) -> HostileRequest:
        variables = _json(target.variables(VALUES[value](room, target.kind)))
        text = f"query={quote(target.document())}&variables={quote(variables)}"
        return HostileRequest(method="GET", query_string=text.encode())

    return _fitting(make, lambda request: len(request.query_string), LONGEST_QUERY, LONGEST_QUERY // 2)


def ways(target: Target) -> tuple[Callable[[Target, str], HostileRequest], ...]:
    """The ways to give the target a value: GET is for queries only."""
    in_bodies = (in_variables, in_the_document, in_a_small_document)
    return (*in_bodies, in_the_address) if target.root == "query" else in_bodies


def _many_declared(count: int) -> str:
    return "query (" + " ".join(f"$v{number}: ContractFilter" for number in range(count)) + ") { __typename }"


# what no argument takes: other members of a request, and variables that no operation declares
REQUESTS: Mapping[str, Callable[[], object]] = {
    "undeclared variables": lambda: {"query": "{ __typename }", "variables": dict.fromkeys(_keys(7_000), 1)},
    "declared variables with unknown keys": lambda: {
        "query": _many_declared(190),
        "variables": {f"v{number}": dict.fromkeys(_keys(35), 1) for number in range(190)},
    },
    "declared variables with one unknown key each": lambda: {
        "query": _many_declared(190),
        "variables": {f"v{number}": {"a": 1} for number in range(190)},
    },
    "a long wrong variable, used often": lambda: {
        "query": "query ($a: ID!) { " + "".join(f"a{n}: contract(id: $a) {{ id }} " for n in range(15)) + "}",
        "variables": {"a": "-" * ROOM},
    },
    "extensions with many keys": lambda: {"query": "{ __typename }", "extensions": dict.fromkeys(_keys(7_000), 1)},
    "nested extensions": lambda: {
        "query": "{ __typename }",
        "extensions": {"a": _nested_lists(DEEPEST)},
    },
    "unknown members": lambda: {"query": "{ __typename }"} | dict.fromkeys(_keys(7_000), 1),
    "an unknown member with many items": lambda: {"query": "{ __typename }", "x": [1] * (ROOM // 2)},
    "a long operation name": lambda: {"query": "query A { __typename }", "operationName": "A" * ROOM},
    "a long query": lambda: {"query": " " * ROOM},
    "many items that contain nothing": lambda: {"query": "{ __typename }", "variables": {"a": ["\0"] * 7_000}},
}


def other_requests() -> dict[str, HostileRequest]:
    return {name: HostileRequest(_json(make())) for name, make in REQUESTS.items()}
