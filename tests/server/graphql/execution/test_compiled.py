"""A compiled operation answers as graphql-core does, byte for byte, errors included; a mutation is made once."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
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
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from tests.clock import FakeClock
from tests.conftest import new_database
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
from contract_server.graphql.strawberry_internals import core
from contract_server.services import Services

SEED = 20240301


@contextmanager
def not_minding_what_is_left_behind() -> Iterator[None]:
    """graphql-core leaves its own coroutines behind where a field beside them fails; ours must not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.disable()  # found in the midst of making a named tuple, they cannot even be warned of, and that is an error
        try:
            yield
        finally:
            gc.enable()
            gc.collect()


async def judged(
    schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any], context: object, *middleware: object
) -> ExecutionResult:
    """What graphql-core answers."""
    result: Any = execute(
        schema,
        document,
        variable_values=variables,
        context_value=context,
        executor_class=StrawberryGraphQLCoreExecutionContext,
        operation_extensions=None,
        middleware=list(middleware),
    )
    answer: ExecutionResult = await result if isawaitable(result) else result
    return answer


NO_ERRORS = b'"errors":[]}'


def written(result: ExecutionResult) -> bytes:
    """As bytes, which hold on to no frame of whoever failed."""
    return orjson.dumps({"data": result.data, "errors": [error.formatted for error in result.errors or ()]})


# ------------------------------------------------ a schema whose resolvers fail, or find nothing, as the dice fall


class Tree:
    """What resolvers ask: dice of their own for each place, so that every way to ask finds the same."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.made = 0

    def falls(self, place: str, value: Any) -> Any:  # noqa: ANN401 - whatever is found
        """The value; or nothing, or an error."""
        fallen = Random(f"{self.seed}.{place}").random()  # noqa: S311 - repeatable on purpose
        if fallen < 0.02:
            raise ValueError(place)
        return None if fallen < 0.05 else value


@strawberry.enum
class Colour(Enum):
    """Of leaves."""

    GREEN = "g"
    RED = "r"


@strawberry.interface
class Grown:
    """Whatever grows."""

    name: str


@strawberry.type
class Leaf(Grown):
    """An end."""

    colour: Colour | None = None

    @strawberry.field
    async def age(self, info: strawberry.Info[Tree, None]) -> int:
        await asyncio.sleep(0)
        found: int = info.context.falls(f"{self.name}.age", len(self.name))
        return found

    @strawberry.field
    def length(self, times: int = 2, colours: list[Colour] | None = None) -> float | None:
        return times / len(colours) if colours is not None else None


@strawberry.type
class Branch(Grown):
    """A fork."""

    @strawberry.field
    async def leaves(self, info: strawberry.Info[Tree, None], first: int = 2) -> list[Leaf | None]:
        found = [Leaf(name=f"{self.name}{number}", colour=Colour.RED) for number in range(first)]
        return [info.context.falls(leaf.name, leaf) for leaf in found]

    @strawberry.field
    def branches(self, info: strawberry.Info[Tree, None]) -> list["Branch"] | None:
        return [info.context.falls(f"{self.name}{side}", Branch(name=f"{self.name}{side}")) for side in "lr"]

    @strawberry.field
    def all(self) -> list["Part"]:
        return [Leaf(name=f"{self.name}-"), Branch(name=f"{self.name}+")]

    @strawberry.field
    async def any(self, info: strawberry.Info[Tree, None], leaf: bool) -> Grown | None:
        grown: Grown | None = info.context.falls(f"{self.name}?", Leaf(name="x") if leaf else Branch(name="y"))
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
        found: Branch = info.context.falls("trunk", Branch(name="t"))
        return found

    @strawberry.field
    def stem(self) -> Branch | None:
        return Branch(name="s")


@strawberry.type
class Bare:
    """Nothing grows here."""

    why: str


class BarrenError(Exception):
    """Nothing grows here, says somebody who may know why."""


class TellBarren(strawberry.ExceptionHandler[BarrenError, Bare]):
    """Tells why, where it is known."""

    def handle(self, exception: BarrenError, *, field: Any, info: Any) -> Bare | None:  # noqa: ANN401, ARG002 - Strawberry's
        """The problem, if there is a word for it."""
        return Bare(why=str(exception)) if exception.args[0] else None


PLANTED = strawberry.union("Planted")


@strawberry.type
class Growth:
    """What can be made."""

    @strawberry.mutation
    async def grow(self, info: strawberry.Info[Tree, None], name: str) -> Branch:
        info.context.made += 1
        found: Branch = info.context.falls(f"grow.{name}", Branch(name=name))
        return found

    @strawberry.mutation
    async def plant(self, info: strawberry.Info[Tree, None], at: Place) -> Annotated[Leaf | Bare, PLANTED]:
        info.context.made += 1
        found: Leaf = info.context.falls(f"plant.{at}", Leaf(name=f"{at}"))
        if at.colour is Colour.RED:
            raise BarrenError(found)
        return found


TREES = strawberry.Schema(Root, Growth, types=[Leaf, Branch], exception_handlers=[TellBarren()])
TREE = core(TREES)
VALUES: dict[str, list[Any]] = {
    "Int": [0, 1, 2],
    "Boolean": [True, False],
    "String": ["a", "b$", ""],
    "Root.leaves.first": [-1],
}


MADE = {0: "grow", 1: "plant", 2: None, 3: None}


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
    made = [a_document(TREE, number, VALUES, MADE[number % 4]) for number in range(600)]
    asked = [(number, *each) for number, each in enumerate(made) if each]
    with not_minding_what_is_left_behind():
        expected = [written(await judged(TREE, document, given, Tree(number))) for number, document, given in asked]
    trees = [Tree(number) for number, _, _ in asked]
    found = [
        await answered(compiled_operation(TREE, document), given, tree)
        for tree, (_, document, given) in zip(trees, asked, strict=True)
    ]
    gc.collect()
    unfinished = [place for place, answer in enumerate(found) if isinstance(answer, NeedsFallback)]
    assert len(asked) - len(unfinished) > 150
    assert len(unfinished) > 80
    with not_minding_what_is_left_behind():
        for place in unfinished:
            assert not expected[place].endswith(NO_ERRORS), "graphql-core had no trouble with it"
            outcome = found[place].outcome
            _, document, given = asked[place]
            found[place] = written(await judged(TREE, document, given, trees[place], *([outcome] if outcome else [])))
        del outcome
    assert found == expected
    assert max(tree.made for tree in trees) == 1


async def answered(compiled: Compiled, variables: dict[str, Any], context: object) -> Any:  # noqa: ANN401 - or why not
    try:
        return written(ExecutionResult(await compiled.answer(variables, context), None))
    except NeedsFallback as unfinished:
        return unfinished


@pytest.mark.parametrize("seed", range(20))
async def test_a_mutation_whose_answer_fails_is_made_once(seed: int) -> None:
    executor = Executor(TREES, introspection=True)
    text = 'mutation { grow(name: "g") { name leaves { age } } }'
    tree = Tree(seed)
    answer = await executor.execute(executor.prepare(text), GraphQLRequest(text, None, {}), tree)
    assert written(answer) == written(await judged(TREE, parse(text), {}, Tree(seed)))
    assert tree.made == 1


@pytest.mark.parametrize("asked", ["{ trunk { name @skip(if: false) } }", "{ __schema { types { name } } }"])
def test_what_is_not_compiled_is_left_to_the_judge(asked: str) -> None:
    document = parse(asked)
    operation = get_operation_ast(document)
    assert operation is not None
    assert compile_operation(TREE, document, operation) is None


# ------------------------------------------------ the product's own schema


@pytest.fixture(scope="module")
async def services(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    folder: Path = tmp_path_factory.mktemp("compiled")
    async with seeded_services(development_settings(await new_database(postgres), folder)) as found:
        yield found


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
        made = RequestContext(standing_still, Request(scope), Response(), None)
        made.set_viewer(viewer)
        return made

    finished = errors = 0
    for number in range(100):
        if (made := a_document(schema, number, values)) is None:
            continue
        document, variables = made
        expected = written(await judged(schema, document, variables, context()))
        found = await answered(compiled_operation(schema, document), variables, context())
        if isinstance(found, NeedsFallback):
            assert not expected.endswith(NO_ERRORS), "graphql-core had no trouble with it"
            errors += 1
        else:
            assert found == expected
            finished += 1
    assert finished > 5
    assert errors > 5


async def viewer_of(services: Services, email: str) -> Viewer:
    viewer, _ = await services.sessions.open(await Account.get(email=email))
    return viewer
