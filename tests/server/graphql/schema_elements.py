"""The elements of a schema: what a reader of it expects a description of."""

from collections.abc import Iterator
from typing import Protocol

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
)


class Described(Protocol):
    """An element that can have a description."""

    description: str | None


def elements(schema: GraphQLSchema) -> Iterator[tuple[str, Described]]:
    """Every type, field, argument and enum value of the schema's own, by its coordinate."""
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        yield name, kind
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", definition) for value, definition in kind.values.items())
        elif isinstance(kind, GraphQLInputObjectType):
            yield from ((f"{name}.{field}", definition) for field, definition in kind.fields.items())
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, definition in kind.fields.items():
                yield f"{name}.{field}", definition
                yield from ((f"{name}.{field}({argument}:)", taken) for argument, taken in definition.args.items())
