"""Operations compiled once into plain functions, because clients send most of them again and again.

graphql-core collects fields, looks up definitions and describes each field to its resolver at every request, although
the outcome is the same each time. Here this is done once. At a request only the resolvers are called and the result
is built.

graphql-core remains the reference. It executes operations that are not compiled (directives, introspection). It also
executes an operation whose compiled form fails for any reason, so every error, its place and its order are
graphql-core's own. A query then runs again. A mutation does not: graphql-core gets the result of its field.

A set of fields is a function `(source, run) -> result`. Where something below it has to be awaited, it returns an
awaitable. Which of the two is known at compilation, so no value is inspected later.

`COMPILED_OPERATIONS=false` turns all of this off.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Undefined,
    get_argument_values,
    get_variable_values,
    is_abstract_type,
    is_leaf_type,
)
from strawberry.types import Info

from contract_server.graphql.execution.arguments import Arguments
from contract_server.graphql.strawberry_internals import (
    Handlers,
    RawInfo,
    StrawberryField,
    StrawberryResolver,
    VariableValues,
    await_maybe,
    converter_of,
    definition_of,
    handlers_of,
    info_of,
)


class NeedsFallback(Exception):
    """A compiled operation failed: graphql-core has to execute it, with the result of a mutation that has run."""

    def __init__(self, mutation_result: "MutationResult | None" = None) -> None:
        super().__init__()
        self.mutation_result = mutation_result


@dataclass(frozen=True, slots=True)
class MutationResult:
    """The result of the one field of a mutation; a middleware of graphql-core that prevents a second run."""

    value: object = None
    error: Exception | None = None

    def resolve(
        self, resolve: Callable[..., object], source: object, info: GraphQLResolveInfo[Any], **arguments: object
    ) -> object:
        """Return the known result of the mutation; resolve every field below it."""
        if info.path.prev is not None:
            return resolve(source, info, **arguments)
        if self.error is not None:
            raise self.error
        return self.value


@dataclass(slots=True)
class Run:
    """One execution of a compiled operation."""

    raw: Any  # a RawInfo, which graphql-core takes for its own class
    info: Info[Any, Any]
    variables: VariableValues


Function = Callable[[Any, Run], Any]


class Step(NamedTuple):
    """A function, and whether its result has to be awaited."""

    call: Function
    is_async: bool


class _NotCompiled(Exception):
    """Left to graphql-core."""


class _Missing(Exception):
    """A required value is null."""


class Compiled:
    """An operation, ready to run."""

    def __init__(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, root: Step, mutation: Step | None
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._root = root
        self._mutation = mutation

    async def execute(self, variables: dict[str, Any], context: object) -> dict[str, Any]:
        """Run the operation.

        Returns:
            The data of the response.

        Raises:
            NeedsFallback: graphql-core has to execute it.
        """
        # The first error is enough to fall back; each one costs time that grows with its value.
        coerced = get_variable_values(
            self._schema,
            self._operation.variable_definitions or (),
            variables,
            max_errors=1,
            hide_suggestions=True,
        )
        if isinstance(coerced, list):
            raise NeedsFallback
        raw = RawInfo(context, self._schema)
        run = Run(raw, info_of(raw), coerced)
        source = None if self._mutation is None else await self._run_mutation(self._mutation, run)
        try:
            result = self._root.call(source, run)
            data: dict[str, Any] = await result if self._root.is_async else result
        except Exception as error:
            raise NeedsFallback(None if self._mutation is None else MutationResult(source)) from error
        return data

    async def _run_mutation(self, mutation: Step, run: Run) -> object:
        try:
            return await mutation.call(None, run)
        except Exception as error:
            raise NeedsFallback(MutationResult(error=error)) from error


def compile_operation(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> Compiled | None:
    """Compile an operation of a valid document; None where graphql-core has to execute it."""
    try:
        return _Compiler(schema, document).operation(operation)
    except _NotCompiled:
        return None


class _Compiler:
    """Compiles the operations of one document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._converter = converter_of(schema)
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }

    def operation(self, operation: OperationDefinitionNode) -> Compiled:
        root = self._schema.get_root_type(operation.operation)
        if root is None or operation.directives:
            raise _NotCompiled
        if operation.operation is not OperationType.MUTATION:
            return Compiled(self._schema, operation, self._object(root, [operation.selection_set]), None)
        return self._mutation(root, operation)

    def _mutation(self, root: GraphQLObjectType, operation: OperationDefinitionNode) -> Compiled:
        """Its one field runs first; the response is then built around the result."""
        (name, nodes), *others = self._collect(root, [operation.selection_set]).items()
        field = root.fields.get(nodes[0].name.value)
        if others or field is None or not definition_of(field).is_async:
            raise _NotCompiled
        complete, is_async = self._complete(field.type, nodes)

        async def build(source: object, run: Run) -> dict[str, Any]:
            result = complete(source, run)
            return {name: await result if is_async else result}

        resolver = self._resolver(field, nodes[0])
        return Compiled(self._schema, operation, Step(build, is_async=True), resolver)

    def _object(self, parent: GraphQLObjectType, selections: list[SelectionSetNode]) -> Step:
        """The selected fields of an object."""
        fields = {name: self._field(parent, nodes) for name, nodes in self._collect(parent, selections).items()}
        immediate = [(name, field.call) for name, field in fields.items() if not field.is_async]
        awaited = [(name, field.call) for name, field in fields.items() if field.is_async]
        if not awaited:
            return Step(lambda source, run: {name: call(source, run) for name, call in immediate}, is_async=False)

        async def build(source: object, run: Run) -> dict[str, Any]:
            result: dict[str, Any] = dict.fromkeys(fields)  # in the order of the selection
            for name, call in immediate:
                result[name] = call(source, run)
            for name, call in awaited:  # in sequence: most await nothing, and a task would cost more than they do
                result[name] = await call(source, run)
            return result

        return Step(build, is_async=True)

    def _field(self, parent: GraphQLObjectType, nodes: list[FieldNode]) -> Step:
        name = nodes[0].name.value
        if name == "__typename":
            return Step(lambda _source, _run: parent.name, is_async=False)
        if name not in parent.fields:  # introspection
            raise _NotCompiled
        field = parent.fields[name]
        definition, complete = definition_of(field), self._complete(field.type, nodes)
        if not definition.is_basic_field:
            return _then(self._resolver(field, nodes[0]), complete)
        get, call = attrgetter(definition.python_name), complete.call
        return Step(lambda source, run: call(get(source), run), complete.is_async)

    def _resolver(self, field: GraphQLField, node: FieldNode) -> Step:
        """The function for a field's value: the resolver itself where Strawberry would add nothing to the call."""
        definition = definition_of(field)
        handlers = handlers_of(definition, self._converter)
        resolver = definition.base_resolver
        arguments = Arguments.of(field, node, self._converter)
        if (
            arguments is None
            or resolver is None
            or resolver.self_parameter is None
            or definition.extensions
            or (handlers and not definition.is_async)
        ):
            return Step(_strawberry_resolver(field, node), definition.is_async)
        resolve = _direct_call(resolver, arguments, otherwise=_strawberry_resolver(field, node))
        return Step(_with_handlers(resolve, handlers, definition) if handlers else resolve, definition.is_async)

    def _complete(self, kind: GraphQLOutputType, nodes: list[FieldNode]) -> Step:
        """From the value of a resolver to its form in the response."""
        if isinstance(kind, GraphQLNonNull):
            step = self._complete_value(kind.of_type, nodes)
            return step if is_leaf_type(kind.of_type) else _required(step)  # a leaf refuses null itself
        return _optional(self._complete_value(kind, nodes))

    def _complete_value(self, kind: GraphQLOutputType, nodes: list[FieldNode]) -> Step:
        if isinstance(kind, GraphQLList):
            return _list_of(self._complete(kind.of_type, nodes))
        if is_leaf_type(kind):
            return _leaf(kind)
        selections = [node.selection_set for node in nodes if node.selection_set]
        if is_abstract_type(kind):
            return self._abstract(kind, selections)
        assert isinstance(kind, GraphQLObjectType)  # noqa: S101 - there is no other kind of output
        return self._object(kind, selections)

    def _abstract(self, kind: GraphQLAbstractType, selections: list[SelectionSetNode]) -> Step:
        """The fields of the object type that the value has."""
        steps = {
            possible.name: self._object(possible, selections) for possible in self._schema.get_possible_types(kind)
        }
        names: dict[type, Any] = {}

        def complete(value: object, run: Run) -> Any:  # noqa: ANN401 - a result, or an awaitable of one
            if type(value) not in names:
                names[type(value)] = kind.resolve_type(value, run.raw, kind) if kind.resolve_type else None
            call, is_async = steps[names[type(value)]]
            return call(value, run) if is_async or not awaited else _as_awaitable(call(value, run))

        awaited = any(step.is_async for step in steps.values())
        return Step(complete, awaited)

    def _collect(self, parent: GraphQLObjectType, selections: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """The nodes of each name in the response, with those of fragments."""
        collected: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()

        def gather(selection_set: SelectionSetNode) -> None:
            for selection in selection_set.selections:
                if selection.directives:
                    raise _NotCompiled
                match selection:
                    case FieldNode():
                        collected.setdefault((selection.alias or selection.name).value, []).append(selection)
                    case FragmentSpreadNode() if selection.name.value not in spread:
                        spread.add(selection.name.value)
                        gather_if_it_applies(self._fragments[selection.name.value])
                    case InlineFragmentNode():
                        gather_if_it_applies(selection)

        def gather_if_it_applies(fragment: FragmentDefinitionNode | InlineFragmentNode) -> None:
            condition = fragment.type_condition.name.value if fragment.type_condition else parent.name
            kind = self._schema.type_map[condition]
            if kind is parent or (is_abstract_type(kind) and self._schema.is_sub_type(kind, parent)):
                gather(fragment.selection_set)

        for selection_set in selections:
            gather(selection_set)
        return collected


def _strawberry_resolver(field: GraphQLField, node: FieldNode) -> Function:
    """Strawberry's own call of the resolver, with the arguments that graphql-core reads."""
    resolve: Any = field.resolve
    return lambda source, run: resolve(source, run.raw, **get_argument_values(field, node, run.variables))


def _direct_call(resolver: StrawberryResolver[Any], arguments: Arguments, otherwise: Function) -> Function:
    """A call of the resolver itself; `otherwise` for a request whose arguments cannot be precomputed."""
    call: Any = resolver.wrapped_func
    info = resolver.info_parameter.name if resolver.info_parameter else None
    if not resolver.arguments:
        return (lambda source, run: call(source, run.info)) if info else (lambda source, _run: call(source))

    def resolve(source: object, run: Run) -> Any:  # noqa: ANN401 - any value, or an awaitable of it
        values = arguments.read(run.variables.coerced)
        if values is None:
            return otherwise(source, run)
        if info:
            values[info] = run.info
        return call(source, **values)

    return resolve


def _with_handlers(resolve: Function, handlers: Handlers, definition: StrawberryField) -> Function:
    """Turn an expected exception into the result of its handler, as Strawberry does."""

    async def resolve_and_handle(source: object, run: Run) -> object:
        try:
            return await resolve(source, run)
        except Exception as error:
            handler = next((handler for kinds, handler in handlers if isinstance(error, kinds)), None)
            problem = handler and await await_maybe(handler.handle(error, field=definition, info=run.info))
            if problem is None:
                raise
            return problem

    return resolve_and_handle


def _then(first: Step, second: Step) -> Step:
    """One after the other."""
    resolve, complete, is_async = first.call, second.call, second.is_async
    if not first.is_async:
        return Step(lambda source, run: complete(resolve(source, run), run), is_async)

    async def resolve_and_complete(source: object, run: Run) -> object:
        result = complete(await resolve(source, run), run)
        return await result if is_async else result

    return Step(resolve_and_complete, is_async=True)


def _optional(step: Step) -> Step:
    """Complete a nullable value."""
    call = step.call
    if not step.is_async:
        return Step(lambda value, run: None if value is None else call(value, run), is_async=False)

    async def complete(value: object, run: Run) -> object:
        return None if value is None else await call(value, run)

    return Step(complete, is_async=True)


def _required(step: Step) -> Step:
    """Complete a value that must not be null."""
    call = step.call

    def complete(value: object, run: Run) -> object:
        if value is None:
            raise _Missing
        return call(value, run)

    return Step(complete, step.is_async)


def _leaf(kind: GraphQLLeafType) -> Step:
    """Serialize a scalar or a member of an enumeration."""
    write = kind.coerce_output_value

    def complete(value: object, _run: Run) -> object:
        written = None if value is None else write(value)
        if written is None or written is Undefined:
            raise _Missing
        return written

    return Step(complete, is_async=False)


def _list_of(step: Step) -> Step:
    """Complete all items of a list."""
    call = step.call
    if not step.is_async:
        return Step(lambda values, run: [call(value, run) for value in values], is_async=False)
    return Step(lambda values, run: _gather([partial(call, value, run) for value in values]), is_async=True)


async def _as_awaitable(value: object) -> object:
    """Wrap a value for a caller that awaits it."""
    return value


async def _gather(calls: list[Callable[[], Awaitable[Any]]]) -> list[Any]:
    """Run all calls concurrently; where one fails, cancel the others."""
    if len(calls) == 1:
        return [await calls[0]()]

    async def awaited(call: Callable[[], Awaitable[Any]]) -> object:
        return await call()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(awaited(call)) for call in calls]
    return [task.result() for task in tasks]
