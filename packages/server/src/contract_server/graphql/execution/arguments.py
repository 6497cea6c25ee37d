"""What a document gives to the arguments of a field: worked out once, but for the values of variables.

graphql-core reads literals and Strawberry makes objects of them, as they do it everywhere, with a mark in the place of
each variable. Where the marks come out is where the values go at each request. What graphql-core does with a variable
without a value depends on where it stands, and what Strawberry makes of a whole object or a list on what is in it:
neither is worked out here, and both are asked anew each time.
"""

import dataclasses
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from graphql import FieldNode, GraphQLField, VariableNode, Visitor, get_argument_values, visit
from graphql.execution.values import VariableValues
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.base import has_object_definition

Values = Mapping[str, Any]


class Arguments:
    """The arguments of a field, as its resolver takes them."""

    def __init__(self, given: Mapping[str, object], variables: frozenset[str]) -> None:
        self._fill = [(name, _filled(value)) for name, value in given.items()]
        self._variables = variables

    @classmethod
    def of(cls, field: GraphQLField, node: FieldNode, converter: GraphQLCoreConverter) -> "Arguments | None":
        """Those that the document gives to the field; None where they have to be asked for anew each time."""
        names = _variables_in(node)
        marks = {name: _Mark(name) for name in names}
        definition = field.extensions[converter.DEFINITION_BACKREF]
        try:
            given = convert_arguments(
                get_argument_values(field, node, VariableValues({}, marks)),
                definition.arguments,
                scalar_registry=converter.scalar_registry,
                config=converter.config,
            )
        except Exception:  # noqa: BLE001 - somebody has looked at a mark, and seen that it is none of their values
            return None
        return cls(given, names) if _marks_in(*given.values()) == names else None

    def read(self, values: Values) -> dict[str, Any] | None:
        """The arguments of one request; None where a variable has no value."""
        for name in self._variables:
            if values.get(name) is None:
                return None
        return {name: fill(values) for name, fill in self._fill}


@dataclasses.dataclass(frozen=True, slots=True)
class _Mark:
    """Stands where the value of a variable will stand."""

    name: str


class _Variables(Visitor):
    """Notes the variables that a node speaks of."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.names.add(node.name.value)


def _variables_in(node: FieldNode) -> frozenset[str]:
    found = _Variables()
    for argument in node.arguments or ():
        visit(argument, found)
    return frozenset(found.names)


def _marks_in(*values: object) -> set[str]:
    """The marks in places where `_filled` finds them."""
    found = set()
    for value in values:
        if isinstance(value, _Mark):
            found.add(value.name)
        elif isinstance(value, list):
            found |= _marks_in(*value)
        elif has_object_definition(value):
            found |= _marks_in(*_members(value).values())
    return found


def _filled(value: object) -> Callable[[Values], Any]:
    """The value, made anew for each request as Strawberry does, with values in the place of marks."""
    if isinstance(value, _Mark):
        return itemgetter(value.name)
    if isinstance(value, list):
        items = [_filled(item) for item in value]
        return lambda values: [fill(values) for fill in items]
    if has_object_definition(value):
        kind: Any = type(value)
        members = [(name, _filled(member)) for name, member in _members(value).items()]
        return lambda values: kind(**{name: fill(values) for name, fill in members})
    return lambda _: value


def _members(value: Any) -> dict[str, object]:  # noqa: ANN401 - an object of any input type
    return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
