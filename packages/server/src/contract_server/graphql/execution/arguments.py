"""The arguments that a document gives to a field: computed once, except for the values of variables.

graphql-core reads the literals and Strawberry makes objects of them, as always, with a placeholder for each variable.
A request then puts its values where the placeholders came out. Two cases are not precomputed but computed at each
request: a variable without a value, which graphql-core treats by its position, and a variable for a whole object or a
list, which Strawberry converts by its content.
"""

import dataclasses
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from graphql import FieldNode, GraphQLField, VariableNode, Visitor, get_argument_values, visit
from strawberry.types.base import has_object_definition

from contract_server.graphql.strawberry_internals import (
    GraphQLCoreConverter,
    VariableValues,
    converted_arguments,
    definition_of,
)

Values = Mapping[str, Any]


class Arguments:
    """The arguments of a field, as its resolver takes them."""

    def __init__(self, arguments: Mapping[str, object], variables: frozenset[str]) -> None:
        self._fill = [(name, _filled(value)) for name, value in arguments.items()]
        self._variables = variables

    @classmethod
    def of(cls, field: GraphQLField, node: FieldNode, converter: GraphQLCoreConverter) -> "Arguments | None":
        """Precompute the arguments of the field; None where each request has to compute them."""
        variables = _variables_in(node)
        placeholders = {name: _Placeholder(name) for name in variables}
        try:
            values = get_argument_values(field, node, VariableValues({}, placeholders))
            arguments = converted_arguments(values, definition_of(field), converter)
        except Exception:  # noqa: BLE001 - some code has read a placeholder as if it were a value
            return None
        return cls(arguments, variables) if _placeholders_in(*arguments.values()) == variables else None

    def read(self, values: Values) -> dict[str, Any] | None:
        """The arguments of one request; None where a variable has no value."""
        for name in self._variables:
            if values.get(name) is None:
                return None
        return {name: fill(values) for name, fill in self._fill}


@dataclasses.dataclass(frozen=True, slots=True)
class _Placeholder:
    """Takes the place of the value of a variable."""

    name: str


class _Variables(Visitor):
    """Collects the variables of a node."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.names.add(node.name.value)


def _variables_in(node: FieldNode) -> frozenset[str]:
    variables = _Variables()
    for argument in node.arguments or ():
        visit(argument, variables)
    return frozenset(variables.names)


def _placeholders_in(*values: object) -> set[str]:
    """The placeholders in places where `_filled` replaces them."""
    names = set()
    for value in values:
        if isinstance(value, _Placeholder):
            names.add(value.name)
        elif isinstance(value, list):
            names |= _placeholders_in(*value)
        elif has_object_definition(value):
            names |= _placeholders_in(*_members(value).values())
    return names


def _filled(value: object) -> Callable[[Values], Any]:
    """A function that makes the value of one request as Strawberry does, with values in place of placeholders."""
    if isinstance(value, _Placeholder):
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
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
