"""A compiled operation returns what graphql-core does, byte for byte, errors included; a mutation runs once."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from inspect import isawaitable
from pathlib import Path
from random import Random
from typing import Annotated, Any

import orjson
import pytest
import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLSchema, execute, get_operation_ast, parse, validate
from starlette.requests import Request
from starlette.responses import Response
from tests.clock import FakeClock
from tests.conftest import seeded_database
from tests.server.graphql.execution.documents import AnyDocument
from tests.server.in_process import development_settings, seeded_services

from contract_server.accounts.models import Account
from contract_server.accounts.viewer import Viewer
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.graphql.context import RequestContext
from contract_server.graphql.execution.compiled import Compiled, NeedsFallback, compile_operation
from contract_server.graphql.execution.executor import Executor
from contract_server.graphql.http.request import GraphQLRequest
from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import ExecutionContext, core
from contract_server.services import Services

SEED = 20240301


@contextmanager
def ignoring_abandoned_coroutines() -> Iterator[None]:
    """graphql-core abandons its own coroutines where a field beside them fails; compiled operations must not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.disable()  # a collection while a named tuple is made cannot issue the warning, and that is an error
        try:
            yield
        finally:
            gc.enable()
            gc.collect()


async def by_core(
    schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any], context: object, *middleware: object
) -> ExecutionResult:
    """The result of graphql-core."""
    execution: Any = execute(
        schema,
        document,
        variable_values=variables,
        context_value=context,
        executor_class=ExecutionContext,
        operation_extensions=None,
        middleware=list(middleware),
    )
    result: ExecutionResult = await execution if isawaitable(execution) else execution
    return result


NO_ERRORS = b'"errors":[]}'


def written(result: ExecutionResult) -> bytes:
    """The result as bytes, which reference no frame of a failed resolver."""
    return orjson.dumps({"data": result.data, "errors": [error.formatted for error in result.errors or ()]})


# ------------------------------------------------ a schema whose resolvers fail, or return null, at random


class Tree:
    """The context: each place has its own random number, so every way of execution sees the same values."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.runs = 0

    def value_at(self, place: str, value: Any) -> Any:  # noqa: ANN401 - of any type
        """The value, or null, or an error."""
        chance = Random(f"{self.seed}.{place}").random()  # noqa: S311 - repeatable on purpose
        if chance < 0.02:
            raise ValueError(place)
        return None if chance < 0.05 else value


@strawberry.enum
class Colour(Enum):
    """Of leaves."""

    GREEN = "g"
    RED = "r"


@strawberry.interface
class Grown:
    """A part of the tree."""

    name: str


@strawberry.type
class Leaf(Grown):
    """An end."""

    colour: Colour | None = None

    @strawberry.field
    async def age(self, info: strawberry.Info[Tree, None]) -> int:
        await asyncio.sleep(0)
        value: int = info.context.value_at(f"{self.name}.age", len(self.name))
        return value

    @strawberry.field
    def length(self, times: int = 2, colours: list[Colour] | None = None) -> float | None:
        return times / len(colours) if colours is not None else None


@strawberry.type
class Branch(Grown):
    """A fork."""

    @strawberry.field
    async def leaves(self, info: strawberry.Info[Tree, None], first: int = 2) -> list[Leaf | None]:
        leaves = [Leaf(name=f"{self.name}{number}", colour=Colour.RED) for number in range(first)]
        return [info.context.value_at(leaf.name, leaf) for leaf in leaves]

    @strawberry.field
    def branches(self, info: strawberry.Info[Tree, None]) -> list["Branch"] | None:
        return [info.context.value_at(f"{self.name}{side}", Branch(name=f"{self.name}{side}")) for side in "lr"]

    @strawberry.field
    def all(self) -> list["Part"]:
        return [Leaf(name=f"{self.name}-"), Branch(name=f"{self.name}+")]

    @strawberry.field
    async def any(self, info: strawberry.Info[Tree, None], leaf: bool) -> Grown | None:
        grown: Grown | None = info.context.value_at(f"{self.name}?", Leaf(name="x") if leaf else Branch(name="y"))
        return grown


Part = Annotated[Leaf | Branch, strawberry.union("Part")]


@strawberry.input
class Soil:
    """What it stands in."""

    depth: int
    stones: list[int] | None = None


@strawberry.input
class Place:
    """Where something is to grow."""

    colour: Colour = Colour.GREEN
    called: str | None = strawberry.UNSET
    names: list[str] = strawberry.field(default_factory=lambda: ["x"])
    soil: Soil | None = strawberry.UNSET
    sunny: strawberry.Maybe[bool | None] = None


@strawberry.type
class Root:
    """Where it begins."""

    @strawberry.field
    def place(self, at: Place, others: list[Place] | None = None, soil: Soil | None = strawberry.UNSET) -> str:
        return f"{at} {others} {soil}"

    @strawberry.field
    async def trunk(self, info: strawberry.Info[Tree, None]) -> Branch:
        value: Branch = info.context.value_at("trunk", Branch(name="t"))
        return value

    @strawberry.field
    def stem(self) -> Branch | None:
        return Branch(name="s")


@strawberry.type
class Bare:
    """Nothing grows here."""

    why: str


class BarrenError(Exception):
    """Nothing grows here, for a reason that may be unknown."""


class BarrenHandler(strawberry.ExceptionHandler[BarrenError, Bare]):
    """Reports the reason, where it is known."""

    def handle(self, exception: BarrenError, *, field: Any, info: Any) -> Bare | None:  # noqa: ANN401, ARG002 - Strawberry's
        """The problem; None without a reason."""
        return Bare(why=str(exception)) if exception.args[0] else None


PLANTED = strawberry.union("Planted")


@strawberry.type
class Growth:
    """The mutations."""

    @strawberry.mutation
    async def grow(self, info: strawberry.Info[Tree, None], name: str) -> Branch:
        info.context.runs += 1
        value: Branch = info.context.value_at(f"grow.{name}", Branch(name=name))
        return value

    @strawberry.mutation
    async def plant(self, info: strawberry.Info[Tree, None], at: Place) -> Annotated[Leaf | Bare, PLANTED]:
        info.context.runs += 1
        value: Leaf = info.context.value_at(f"plant.{at}", Leaf(name=f"{at}"))
        if at.colour is Colour.RED:
            raise BarrenError(value)
        return value


TREES = strawberry.Schema(Root, Growth, types=[Leaf, Branch], exception_handlers=[BarrenHandler()])
TREE = core(TREES)
VALUES: dict[str, list[Any]] = {
    "Int": [0, 1, 2],
    "Boolean": [True, False],
    "String": ["a", "b$", ""],
    "Root.leaves.first": [-1],
}


MUTATIONS = {0: "grow", 1: "plant", 2: None, 3: None}


def a_document(
    schema: GraphQLSchema, number: int, values: dict[str, list[Any]], mutation: str | None = None
) -> tuple[DocumentNode, dict[str, Any]] | None:
    """The document of that number, with its variables; None where it is not valid."""
    dice = Random(f"{SEED}.{number}")  # noqa: S311 - repeatable on purpose
    made = AnyDocument(schema, dice, values)
    document = parse(made.mutation(mutation) if mutation else made.query())
    return None if validate(schema, document) else (document, made.variables)


def compiled_operation(schema: GraphQLSchema, document: DocumentNode) -> Compiled:
    operation = get_operation_ast(document)
    assert operation is not None
    compiled = compile_operation(schema, document, operation)
    assert compiled is not None
    return compiled


async def test_a_compiled_operation_answers_as_the_judge_does_and_a_mutation_is_made_once() -> None:
    documents = [a_document(TREE, number, VALUES, MUTATIONS[number % 4]) for number in range(600)]
    valid = [(number, *document) for number, document in enumerate(documents) if document]
    with ignoring_abandoned_coroutines():
        expected = [
            written(await by_core(TREE, document, variables, Tree(number))) for number, document, variables in valid
        ]
    trees = [Tree(number) for number, _, _ in valid]
    results = [
        await result_of(compiled_operation(TREE, document), variables, tree)
        for tree, (_, document, variables) in zip(trees, valid, strict=True)
    ]
    gc.collect()
    fallbacks = [place for place, result in enumerate(results) if isinstance(result, NeedsFallback)]
    assert len(valid) - len(fallbacks) > 150
    assert len(fallbacks) > 80
    with ignoring_abandoned_coroutines():
        for place in fallbacks:
            assert not expected[place].endswith(NO_ERRORS), "graphql-core reported no error"
            mutation = results[place].mutation_result
            _, document, variables = valid[place]
            middleware = [mutation] if mutation else []
            results[place] = written(await by_core(TREE, document, variables, trees[place], *middleware))
        del mutation, middleware
    assert results == expected
    assert max(tree.runs for tree in trees) == 1


async def result_of(compiled: Compiled, variables: dict[str, Any], context: object) -> Any:  # noqa: ANN401 - bytes or the fallback
    try:
        return written(ExecutionResult(await compiled.execute(variables, context), None))
    except NeedsFallback as fallback:
        return fallback


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("seed", range(20))
async def test_a_mutation_whose_answer_fails_is_made_once(seed: int, compiled: bool) -> None:
    executor = Executor(TREES, introspection=True, compile_operations=compiled)
    text = 'mutation { grow(name: "g") { name leaves { age } } }'
    tree = Tree(seed)
    result = await executor.execute(executor.prepare(text), GraphQLRequest(text, None, {}), tree)
    assert written(result) == written(await by_core(TREE, parse(text), {}, Tree(seed)))
    assert tree.runs == 1


@pytest.mark.parametrize("text", ["{ trunk { name @skip(if: false) } }", "{ __schema { types { name } } }"])
def test_what_is_not_compiled_is_left_to_the_judge(text: str) -> None:
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation is not None
    assert compile_operation(TREE, document, operation) is None


# ------------------------------------------------ the product's own schema


@pytest.fixture(scope="module")
async def services(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    folder: Path = tmp_path_factory.mktemp("compiled")
    async with seeded_services(development_settings(await seeded_database(postgres), folder)) as services:
        yield services


class UnmovedClock:
    """The time travel of a process whose clock was never moved."""

    async def advance(self, to: datetime) -> None:
        raise NotImplementedError

    async def reset(self) -> None:
        raise NotImplementedError

    async def moved_by(self) -> timedelta:
        return timedelta()


@pytest.mark.parametrize("email", ["active@example.jp", "closed@example.jp", "operator@example.jp", None])
async def test_the_product_answers_as_the_judge_does(services: Services, email: str | None) -> None:
    schema = core(build_schema(development=True))
    values: dict[str, list[Any]] = {
        "ID": [f"018f0000-0000-7000-8000-00000000000{number}" for number in range(1, 6)] + ["x"],
        "Int": [0, 1, 2, 5, 100, 101],
        "String": ["", "x"],
        "Boolean": [True, False],
        "Date": ["2024-03-01", "9999-12-31", "0001-01-01"],
        "DateTime": ["2050-03-01T00:00:00+09:00", "2024-03-01T00:00:00Z"],
    }
    standing_still = replace(services, clock=FakeClock(await services.clock.now()))
    viewer = await viewer_of(services, email) if email else None

    def context() -> RequestContext:
        scope: dict[str, Any] = {"type": "http", "method": "POST", "headers": [], "query_string": b"", "client": None}
        request_context = RequestContext(standing_still, Request(scope), Response(), UnmovedClock())
        request_context.set_viewer(viewer)
        return request_context

    successes = errors = 0
    for number in range(100):
        if (valid := a_document(schema, number, values)) is None:
            continue
        document, variables = valid
        expected = written(await by_core(schema, document, variables, context()))
        result = await result_of(compiled_operation(schema, document), variables, context())
        if isinstance(result, NeedsFallback):
            assert not expected.endswith(NO_ERRORS), "graphql-core reported no error"
            errors += 1
        else:
            assert result == expected
            successes += 1
    assert successes > 5
    assert errors > 5


async def viewer_of(services: Services, email: str) -> Viewer:
    viewer, _ = await services.sessions.open(await Account.get(email=email))
    return viewer
