"""Operations compiled once into plain functions, because most of them are asked again and again.

graphql-core collects fields, looks definitions up and describes each field to its resolver anew at every request,
although all of that is the same each time. Here it is done once; what is left is calling the resolvers and building
the answer.

graphql-core stays the judge. What is not compiled (directives, introspection) it answers alone. And where a compiled
operation does not come to its end, for whatever reason, it answers instead, so that every error, its place and its
order are graphql-core's own: a query is asked once more; a mutation is not made once more, but the judge is told what
its field has come to.

Sets of fields are functions `(source, run) -> answer`; where something below has to be awaited, they return an
awaitable. Which it is, is known when they are compiled, so that nothing has to be looked at later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
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
from graphql.execution.values import VariableValues
from strawberry import ExceptionHandler
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types import Info
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.utils.await_maybe import await_maybe

from contract_server.graphql.execution.arguments import Arguments


class NeedsFallback(Exception):
    """A compiled operation did not come to its end; the judge has to answer, and is told of a mutation's outcome."""

    def __init__(self, outcome: "MutationResult | None" = None) -> None:
        super().__init__()
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class MutationResult:
    """What the one field of a mutation has come to; as a middleware of graphql-core, instead of making it again."""

    value: object = None
    error: Exception | None = None

    def resolve(
        self, make: Callable[..., object], source: object, info: GraphQLResolveInfo[Any], **given: object
    ) -> object:
        """Give what is known of the mutation, and ask for everything below it."""
        if info.path.prev is not None:
            return make(source, info, **given)
        if self.error is not None:
            raise self.error
        return self.value


@dataclass(slots=True)
class _RawInfo:
    """As much of graphql-core's description of a field as our resolvers ask for."""

    context: object
    schema: GraphQLSchema
    field_name: str = "a compiled field"
    operation_extensions: None = None


@dataclass(slots=True)
class Run:
    """One request for a compiled operation."""

    raw: Any
    info: Info[Any, Any]
    variables: VariableValues


Function = Callable[[Any, Run], Any]
Handlers = Sequence[tuple[tuple[type[Exception], ...], ExceptionHandler[Any]]]


class Step(NamedTuple):
    """A function, and whether what it returns has to be awaited."""

    call: Function
    is_async: bool


class _NotCompiled(Exception):
    """Left to the judge."""


class _Missing(Exception):
    """There is no value where there has to be one."""


class Compiled:
    """An operation, ready to run."""

    def __init__(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, root: Step, mutation: Step | None
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._root = root
        self._mutation = mutation

    async def answer(self, variables: dict[str, Any], context: object) -> dict[str, Any]:
        """The data of the answer.

        Raises:
            NeedsFallback: The judge has to answer.
        """
        # one error is enough to leave the answer to the judge; each costs time that grows with its value
        coerced = get_variable_values(
            self._schema,
            self._operation.variable_definitions or (),
            variables,
            max_errors=1,
            hide_suggestions=True,
        )
        if isinstance(coerced, list):
            raise NeedsFallback
        raw = _RawInfo(context, self._schema)
        run = Run(raw, Info(_raw_info=raw, _field=None), coerced)  # type: ignore[arg-type]  # all that resolvers ask for
        source = None if self._mutation is None else await self._make(self._mutation, run)
        try:
            answer = self._root.call(source, run)
            data: dict[str, Any] = await answer if self._root.is_async else answer
        except Exception as error:
            raise NeedsFallback(None if self._mutation is None else MutationResult(source)) from error
        return data

    async def _make(self, mutation: Step, run: Run) -> object:
        try:
            return await mutation.call(None, run)
        except Exception as error:
            raise NeedsFallback(MutationResult(error=error)) from error


def compile_operation(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> Compiled | None:
    """The compiled operation of a document that was found valid; None where the judge has to answer it."""
    try:
        return _Compiler(schema, document).operation(operation)
    except _NotCompiled:
        return None


class _Compiler:
    """Compiles the operations of one document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._converter: GraphQLCoreConverter = schema._strawberry_schema.schema_converter  # type: ignore[attr-defined]  # noqa: SLF001 - as `strawberry.Info` finds it
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
        """Its field is made first, and by itself; the answer is then built around what it has come to."""
        (name, nodes), *others = self._collect(root, [operation.selection_set]).items()
        field = root.fields.get(nodes[0].name.value)
        if others or field is None or not _definition(field).is_async:
            raise _NotCompiled
        complete, is_async = self._complete(field.type, nodes)

        async def answer(source: object, run: Run) -> dict[str, Any]:
            found = complete(source, run)
            return {name: await found if is_async else found}

        made = self._resolver(field, nodes[0])
        return Compiled(self._schema, operation, Step(answer, is_async=True), made)

    def _object(self, parent: GraphQLObjectType, selections: list[SelectionSetNode]) -> Step:
        """The fields that are selected of an object."""
        fields = {name: self._field(parent, nodes) for name, nodes in self._collect(parent, selections).items()}
        at_once = [(name, field.call) for name, field in fields.items() if not field.is_async]
        awaited = [(name, field.call) for name, field in fields.items() if field.is_async]
        if not awaited:
            return Step(lambda source, run: {name: call(source, run) for name, call in at_once}, is_async=False)

        async def answer(source: object, run: Run) -> dict[str, Any]:
            found: dict[str, Any] = dict.fromkeys(fields)  # in the order in which they are asked for
            for name, call in at_once:
                found[name] = call(source, run)
            for name, call in awaited:  # one after the other: most have what they need, and a task costs more than they
                found[name] = await call(source, run)
            return found

        return Step(answer, is_async=True)

    def _field(self, parent: GraphQLObjectType, nodes: list[FieldNode]) -> Step:
        name = nodes[0].name.value
        if name == "__typename":
            return Step(lambda _source, _run: parent.name, is_async=False)
        if name not in parent.fields:  # introspection
            raise _NotCompiled
        field = parent.fields[name]
        definition, complete = _definition(field), self._complete(field.type, nodes)
        if not definition.is_basic_field:
            return _then(self._resolver(field, nodes[0]), complete)
        get, call = attrgetter(definition.python_name), complete.call
        return Step(lambda source, run: call(get(source), run), complete.is_async)

    def _resolver(self, field: GraphQLField, node: FieldNode) -> Step:
        """What finds a field's value. Where Strawberry would do nothing but call the resolver, it is called itself."""
        definition = _definition(field)
        handlers = self._converter._get_field_exception_handlers(definition)  # noqa: SLF001 - there is no public way
        resolver = definition.base_resolver
        arguments = Arguments.of(field, node, self._converter)
        if (
            arguments is None
            or resolver is None
            or resolver.self_parameter is None
            or definition.extensions
            or (handlers and not definition.is_async)
        ):
            return Step(_as_strawberry_does(field, node), definition.is_async)
        find = _called(resolver, arguments, otherwise=_as_strawberry_does(field, node))
        return Step(_telling(find, handlers, definition) if handlers else find, definition.is_async)

    def _complete(self, kind: GraphQLOutputType, nodes: list[FieldNode]) -> Step:
        """From what a resolver has found to what the answer says of it."""
        if isinstance(kind, GraphQLNonNull):
            step = self._complete_value(kind.of_type, nodes)
            return step if is_leaf_type(kind.of_type) else _required(step)  # a leaf is never written of nothing
        return _optional(self._complete_value(kind, nodes))

    def _complete_value(self, kind: GraphQLOutputType, nodes: list[FieldNode]) -> Step:
        if isinstance(kind, GraphQLList):
            return _each(self._complete(kind.of_type, nodes))
        if is_leaf_type(kind):
            return _leaf(kind)
        selections = [node.selection_set for node in nodes if node.selection_set]
        if is_abstract_type(kind):
            return self._abstract(kind, selections)
        assert isinstance(kind, GraphQLObjectType)  # noqa: S101 - there is no other kind of output
        return self._object(kind, selections)

    def _abstract(self, kind: GraphQLAbstractType, selections: list[SelectionSetNode]) -> Step:
        """The fields of whichever object it turns out to be."""
        steps = {each.name: self._object(each, selections) for each in self._schema.get_possible_types(kind)}
        names: dict[type, Any] = {}

        def complete(value: object, run: Run) -> Any:  # noqa: ANN401 - an answer, or an awaitable of one
            if type(value) not in names:
                names[type(value)] = kind.resolve_type(value, run.raw, kind) if kind.resolve_type else None
            call, is_async = steps[names[type(value)]]
            return call(value, run) if is_async or not awaited else _at_once(call(value, run))

        awaited = any(step.is_async for step in steps.values())
        return Step(complete, awaited)

    def _collect(self, parent: GraphQLObjectType, selections: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """The nodes behind each name of the answer, wherever fragments have put them."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()

        def gather(selection_set: SelectionSetNode) -> None:
            for selection in selection_set.selections:
                if selection.directives:
                    raise _NotCompiled
                match selection:
                    case FieldNode():
                        found.setdefault((selection.alias or selection.name).value, []).append(selection)
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
        return found


def _definition(field: GraphQLField) -> StrawberryField:
    definition: StrawberryField = field.extensions["strawberry-definition"]
    return definition


def _as_strawberry_does(field: GraphQLField, node: FieldNode) -> Function:
    """Strawberry's own way to the resolver; graphql-core reads the arguments for it."""
    resolve: Any = field.resolve
    return lambda source, run: resolve(source, run.raw, **get_argument_values(field, node, run.variables))


def _called(resolver: StrawberryResolver[Any], arguments: Arguments, otherwise: Function) -> Function:
    """The resolver itself; `otherwise` where its arguments are not of the usual kind."""
    call: Any = resolver.wrapped_func
    info = resolver.info_parameter.name if resolver.info_parameter else None
    if not resolver.arguments:
        return (lambda source, run: call(source, run.info)) if info else (lambda source, _run: call(source))

    def find(source: object, run: Run) -> Any:  # noqa: ANN401 - whatever the resolver finds, or an awaitable of it
        given = arguments.read(run.variables.coerced)
        if given is None:
            return otherwise(source, run)
        if info:
            given[info] = run.info
        return call(source, **given)

    return find


def _telling(find: Function, handlers: Handlers, definition: StrawberryField) -> Function:
    """The problem that a caller can act on, where one is raised; as Strawberry makes it."""

    async def answer(source: object, run: Run) -> object:
        try:
            return await find(source, run)
        except Exception as error:
            handler = next((each for kinds, each in handlers if isinstance(error, kinds)), None)
            problem = handler and await await_maybe(handler.handle(error, field=definition, info=run.info))
            if problem is None:
                raise
            return problem

    return answer


def _then(first: Step, second: Step) -> Step:
    """One after the other."""
    find, complete, is_async = first.call, second.call, second.is_async
    if not first.is_async:
        return Step(lambda source, run: complete(find(source, run), run), is_async)

    async def answer(source: object, run: Run) -> object:
        found = complete(await find(source, run), run)
        return await found if is_async else found

    return Step(answer, is_async=True)


def _optional(step: Step) -> Step:
    """Null where there is nothing."""
    call = step.call
    if not step.is_async:
        return Step(lambda value, run: None if value is None else call(value, run), is_async=False)

    async def answer(value: object, run: Run) -> object:
        return None if value is None else await call(value, run)

    return Step(answer, is_async=True)


def _required(step: Step) -> Step:
    """Something, in any case."""
    call = step.call

    def answer(value: object, run: Run) -> object:
        if value is None:
            raise _Missing
        return call(value, run)

    return Step(answer, step.is_async)


def _leaf(kind: GraphQLLeafType) -> Step:
    """A scalar or a member of an enumeration, as it is written."""
    write = kind.coerce_output_value

    def answer(value: object, _run: Run) -> object:
        written = None if value is None else write(value)
        if written is None or written is Undefined:
            raise _Missing
        return written

    return Step(answer, is_async=False)


def _each(step: Step) -> Step:
    """All items of a list."""
    call = step.call
    if not step.is_async:
        return Step(lambda values, run: [call(value, run) for value in values], is_async=False)
    return Step(lambda values, run: _together([partial(call, value, run) for value in values]), is_async=True)


async def _at_once(value: object) -> object:
    """A value that is there already, for somebody who awaits it."""
    return value


async def _together(calls: list[Callable[[], Awaitable[Any]]]) -> list[Any]:
    """What all of them come to; where one fails, the others are not waited for."""
    if len(calls) == 1:
        return [await calls[0]()]

    async def awaited(call: Callable[[], Awaitable[Any]]) -> object:
        return await call()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(awaited(call)) for call in calls]
    return [task.result() for task in tasks]
