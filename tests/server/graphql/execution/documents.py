"""Random documents: any that a schema allows."""

from random import Random
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)


class AnyDocument:
    """One document, with the variables for it."""

    def __init__(self, schema: GraphQLSchema, dice: Random, values: dict[str, list[Any]], depth: int = 5) -> None:
        """`values` are those to choose from, by scalar or by `Type.field` of an argument."""
        self._schema = schema
        self._dice = dice
        self._values = values
        self._depth = depth
        self._declared: list[str] = []
        self._fragments: list[str] = []
        self.variables: dict[str, Any] = {}

    def query(self, leave_out: frozenset[str] = frozenset()) -> str:
        root = self._schema.query_type
        assert root is not None
        return self._operation("query", root, [name for name in root.fields if name not in leave_out])

    def mutation(self, name: str) -> str:
        root = self._schema.mutation_type
        assert root is not None
        return self._operation("mutation", root, [name])

    def _operation(self, kind: str, root: GraphQLObjectType, names: list[str]) -> str:
        chosen = names if kind == "mutation" else self._some(names)
        fields = " ".join(self._field(root, name, self._depth) for name in chosen)
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        return f"{kind} Any{declared} {{ {fields} }} {' '.join(self._fragments)}"

    def _selection(self, kind: GraphQLObjectType | GraphQLAbstractType, depth: int) -> str:
        return self._of_object(kind, depth) if isinstance(kind, GraphQLObjectType) else self._of_any(kind, depth)

    def _of_any(self, kind: GraphQLAbstractType, depth: int) -> str:
        common = self._some(list(kind.fields)) if isinstance(kind, GraphQLInterfaceType) else []
        parts = ["__typename", *self._fields(kind, common, depth)]
        parts += [self._on(possible, depth) for possible in self._some(list(self._schema.get_possible_types(kind)))]
        return " ".join(parts)

    def _of_object(self, kind: GraphQLObjectType, depth: int) -> str:
        names = [name for name in kind.fields if depth > 1 or is_leaf_type(get_named_type(kind.fields[name].type))]
        parts = self._fields(kind, self._some(names), depth)
        if self._dice.random() < 0.2:
            parts.append(self._on(kind, depth))
        if self._dice.random() < 0.2:
            parts.append("__typename")
        if self._dice.random() < 0.1 and len(self._fragments) < 5:
            name = f"F{len(self._fragments)}"
            self._fragments.append("")
            below = self._selection(kind, depth)
            self._fragments[int(name[1:])] = f"fragment {name} on {kind.name} {{ {below} }}"
            parts += [f"...{name}"] * self._dice.randint(1, 2)
        return " ".join(parts)

    def _on(self, kind: GraphQLObjectType, depth: int) -> str:
        conditions = [
            f"on {kind.name}",
            *(f"on {interface.name}" for interface in kind.interfaces if not isinstance(interface, str)),
        ]
        condition = self._dice.choice(conditions)
        seen: Any = self._schema.type_map[condition.removeprefix("on ")]
        return f"... {condition} {{ __typename {' '.join(self._fields(seen, self._some(list(seen.fields)), depth))} }}"

    def _fields(self, parent: Any, names: list[str], depth: int) -> list[str]:  # noqa: ANN401 - any type with fields
        selected = [name for name in names if depth > 1 or is_leaf_type(get_named_type(parent.fields[name].type))]
        return [self._field(parent, name, depth) for name in selected]

    def _field(self, parent: Any, name: str, depth: int) -> str:  # noqa: ANN401 - as above
        field: GraphQLField = parent.fields[name]
        alias = f"{name}{self._dice.randint(1, 3)}: " if self._dice.random() < 0.1 else ""
        arguments = [
            f"{key}: {self._argument(f'{parent.name}.{name}.{key}', argument)}"
            for key, argument in field.args.items()
            if is_required_argument(argument) or self._dice.random() < 0.4
        ]
        in_parentheses = f"({', '.join(arguments)})" if arguments else ""
        return f"{alias}{name}{in_parentheses}{self._below(field.type, depth - 1)}"

    def _below(self, kind: GraphQLOutputType, depth: int) -> str:
        named: Any = get_named_type(kind)
        return "" if is_leaf_type(named) else f" {{ {self._selection(named, depth)} }}"

    def _argument(self, place: str, argument: GraphQLArgument) -> str:
        return self._written(self._value(place, argument.type), argument.type, of_variables=0.3)

    def _written(self, value: Any, kind: GraphQLInputType, of_variables: float) -> str:  # noqa: ANN401 - of any type
        """The value in a document: a literal, which may contain variables, or a variable."""
        if self._dice.random() < of_variables:
            return self._variable(value, kind)
        if isinstance(kind, GraphQLNonNull):
            return self._written(value, kind.of_type, 0)
        if isinstance(kind, GraphQLList):
            return f"[{', '.join(self._written(item, kind.of_type, 0.3) for item in value)}]"
        if isinstance(kind, GraphQLInputObjectType):
            members = (f"{name}: {self._written(value[name], kind.fields[name].type, 0.5)}" for name in value)
            return f"{{{', '.join(members)}}}"
        return _literal(value, kind)

    def _variable(self, value: Any, kind: GraphQLInputType) -> str:  # noqa: ANN401 - as above
        name = f"v{len(self._declared)}"
        self._declared.append(f"${name}: {kind}")
        if isinstance(kind, GraphQLNonNull) or self._dice.random() < 0.8:
            self.variables[name] = value
        elif self._dice.random() < 0.5:
            self.variables[name] = None
        return f"${name}"

    def _value(self, place: str, kind: GraphQLInputType) -> Any:  # noqa: ANN401 - of any type
        if isinstance(kind, GraphQLNonNull):
            return self._value(place, kind.of_type)
        if isinstance(kind, GraphQLList):
            return [self._value(place, kind.of_type) for _ in range(self._dice.randint(0, 2))]
        if isinstance(kind, GraphQLEnumType):
            return self._dice.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return {
                name: self._value(f"{kind.name}.{name}", field.type)
                for name, field in kind.fields.items()
                if is_required_input_field(field) or self._dice.random() < 0.5
            }
        return self._dice.choice(self._values.get(place) or self._values[kind.name])

    def _some(self, among: list[Any]) -> list[Any]:
        return self._dice.sample(among, self._dice.randint(min(1, len(among)), min(5, len(among))))


def _literal(value: object, kind: GraphQLInputType) -> str:
    if isinstance(kind, GraphQLEnumType):
        return str(value)
    if isinstance(value, str):
        return f'"{value}"'
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
