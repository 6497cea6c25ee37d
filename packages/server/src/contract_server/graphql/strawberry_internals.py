"""Everything that Strawberry and graphql-core offer no public way to: the one module to check when they are updated.

It is written for the versions in `WRITTEN_FOR`. A test compares them with the installed ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import strawberry
from graphql import GraphQLField, GraphQLSchema
from graphql.execution.values import VariableValues
from strawberry import ExceptionHandler
from strawberry.schema.exception_handlers import get_error_type, get_exception_types
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types.arguments import convert_arguments
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.types.info import Info
from strawberry.utils.await_maybe import await_maybe

from contract_rules import complete

__all__ = [
    "ADDED_RULES",
    "WRITTEN_FOR",
    "ExecutionContext",
    "GraphQLCoreConverter",
    "Handlers",
    "RawInfo",
    "StrawberryField",
    "StrawberryResolver",
    "VariableValues",
    "await_maybe",
    "converted_arguments",
    "converter_of",
    "core",
    "definition_of",
    "get_error_type",
    "get_exception_types",
    "handlers_of",
    "info_of",
    "offer_enum",
]

WRITTEN_FOR = {"strawberry-graphql": "0.341.2", "graphql-core": "3.3.2"}

ADDED_RULES = (MaybeNullValidationRule, OneOfInputValidationRule)
"""The validation rules that Strawberry adds to those of graphql-core."""

ExecutionContext = StrawberryGraphQLCoreExecutionContext

Handlers = Sequence[tuple[tuple[type[Exception], ...], ExceptionHandler[Any]]]
Member = TypeVar("Member", bound=Enum)


@dataclass(slots=True)
class RawInfo:
    """The part of graphql-core's `GraphQLResolveInfo` that resolvers read through `strawberry.Info`."""

    context: object
    schema: GraphQLSchema
    field_name: str = "a compiled field"
    operation_extensions: None = None


def info_of(raw: RawInfo) -> Info[Any, Any]:
    """The `info` argument of resolvers."""
    return Info(_raw_info=raw, _field=None)  # type: ignore[arg-type]  # resolvers read the context alone


def core(schema: strawberry.Schema) -> GraphQLSchema:
    """The schema as graphql-core knows it."""
    return schema._schema  # noqa: SLF001 - Strawberry keeps it private, and its extensions read it in this way


def converter_of(schema: GraphQLSchema) -> GraphQLCoreConverter:
    """The converter that made the schema from Strawberry's types."""
    made_by: strawberry.Schema = schema._strawberry_schema  # type: ignore[attr-defined]  # noqa: SLF001 - as `Info.schema` reads it
    return made_by.schema_converter


def definition_of(field: GraphQLField) -> StrawberryField:
    """The definition that a field of the schema was made from."""
    definition: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    return definition


def handlers_of(definition: StrawberryField, converter: GraphQLCoreConverter) -> Handlers:
    """The handlers of the exceptions that become results of the field."""
    return converter._get_field_exception_handlers(definition)  # noqa: SLF001 - Strawberry's resolver calls it itself


def converted_arguments(
    values: dict[str, Any], definition: StrawberryField, converter: GraphQLCoreConverter
) -> dict[str, Any]:
    """The arguments of a resolver, from the values that graphql-core has read."""
    return convert_arguments(
        values, definition.arguments, scalar_registry=converter.scalar_registry, config=converter.config
    )


def offer_enum(enumeration: type[Member], *, name: str, description: str, members: Mapping[Member, str]) -> None:
    """Make an enumeration that is defined elsewhere part of the API, with a description of each member.

    `strawberry.enum` reads descriptions of members from their values alone, so they are set on its definition.
    """
    complete(name, enumeration, members)
    strawberry.enum(enumeration, name=name, description=description)
    definition: StrawberryEnumDefinition = vars(enumeration)["__strawberry_definition__"]
    for value in definition.values:
        value.description = members[enumeration(value.value)]
