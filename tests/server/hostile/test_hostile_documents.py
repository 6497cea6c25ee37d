"""Hostile requests with a database: each is refused before execution, or answered within the budget of work.

None holds the event loop for long: neither a hostile document nor a hostile value of an input.
"""

import gc
import resource
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import GraphQLObjectType, Lexer, Source, TokenKind, default_field_resolver
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp
from tests.conftest import seeded_database
from tests.server.asgi import URL, Exchange, client_of
from tests.server.hostile.heartbeat import LONGEST_HOLD, longest_hold
from tests.server.hostile.hostile import body, hostile_requests
from tests.server.hostile.hostile_inputs import VALUES, in_variables, targets
from tests.server.in_process import development_settings, seeded_services
from tests.server.running import LOG_IN, PASSWORD

from contract_server.connections.body_limit import LARGEST_BODY
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.graphql.execution.documents import MOST_DOCUMENTS
from contract_server.graphql.execution.query_cost import FIELDS, TOKENS
from contract_server.graphql.http.view import GraphQLView
from contract_server.graphql.schema import build_schema
from contract_server.graphql.strawberry_internals import core
from contract_server.web.guard import Guard

pytestmark = pytest.mark.usefixtures("frozen_garbage")

REQUESTS = 5_000
WARM_UP = 1_000
# the demonstration data has few contracts: what can be asked of it is bounded by what a document can say
RESOLVER_CALLS = 2 * FIELDS
OBJECTS = 1_000
MEBIBYTES = 64


@dataclass
class Counted:
    """The API over demonstration data, with every resolver counted."""

    app: ASGIApp
    token: str = ""
    calls: int = 0

    async def ask(self, content: bytes) -> Exchange:
        self.calls = 0
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.token}"}
        exchange = Exchange(self.app, headers)
        held = await longest_hold(exchange.send([content]))
        assert held < LONGEST_HOLD, f"{held:.3f} s: {content[:500]!r}"
        return exchange


@pytest.fixture
async def api(postgres: EmbeddedPostgres, tmp_path: Path) -> AsyncIterator[Counted]:
    settings = development_settings(await seeded_database(postgres), tmp_path).model_copy(update={"public_url": URL})
    async with seeded_services(settings) as services:
        schema = build_schema(development=False)
        app = Starlette(
            routes=[Route("/graphql", GraphQLView(schema, services, None))],
            middleware=[Middleware(Guard, settings=settings)],
        )
        app.state.services = services
        counted = Counted(app)
        for graphql_type in core(schema).type_map.values():
            if isinstance(graphql_type, GraphQLObjectType):
                for field in graphql_type.fields.values():
                    field.resolve = _counting(field.resolve or default_field_resolver, counted)
        credentials = {"email": "operator@example.jp", "password": PASSWORD}
        log_in = await client_of(app).post("/graphql", json={"query": LOG_IN, "variables": credentials})
        counted.token = log_in.json()["data"]["logIn"]["token"]
        yield counted


def _counting(resolve: Any, counted: Counted) -> Any:  # noqa: ANN401 - a resolver for a resolver
    def resolve_and_count(*positional: Any, **arguments: Any) -> Any:  # noqa: ANN401 - as above
        counted.calls += 1
        return resolve(*positional, **arguments)

    return resolve_and_count


def tokens_of(query: str) -> list[TokenKind]:
    lexer, kinds = Lexer(Source(query)), list[TokenKind]()
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        kinds.append(token.kind)
    return kinds


async def objects_beside_the_cache(api: Counted) -> int:
    """The number of objects while the cache of documents is full of the same ones."""
    for number in range(MOST_DOCUMENTS):
        for _ in range(2):
            await api.ask(body(f"query Q{number} {{ __typename }}"))
    gc.collect()
    return len(gc.get_objects())


async def test_hostile_requests_are_refused_or_cost_no_more_than_the_budget(api: Counted) -> None:
    seen, objects, peak = {"refused": 0, "answered": 0}, 0, 0
    for number, content in enumerate(hostile_requests(REQUESTS)):
        if number == WARM_UP:
            objects, peak = await objects_beside_the_cache(api), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        exchange = await api.ask(content)
        assert exchange.status in (200, 400, 413), content[:500]
        answer = exchange.json
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert "INTERNAL_SERVER_ERROR" not in codes, content[:500]
        if "data" not in answer:
            seen["refused"] += 1
            assert codes == {"BAD_USER_INPUT"}
            assert api.calls == 0, content[:500]
        else:
            seen["answered"] += 1
            query = orjson.loads(content)["query"]
            assert len(tokens_of(query)) <= TOKENS
            assert api.calls <= RESOLVER_CALLS, content[:500]
    assert min(seen.values()) > REQUESTS // 20, seen
    assert await objects_beside_the_cache(api) - objects < OBJECTS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < MEBIBYTES * 1024


async def test_no_value_of_an_input_is_a_defect_or_holds_the_event_loop(api: Counted) -> None:
    for target, value in product(targets(), VALUES):
        exchange = await api.ask(in_variables(target, value).content)
        assert exchange.status in (200, 400), f"{target}, {value}: {exchange.body[:500]!r}"
        codes = {error["extensions"]["code"] for error in exchange.json.get("errors", ())}
        assert codes <= {"BAD_USER_INPUT", "FORBIDDEN"}, f"{target}, {value}: {exchange.body[:500]!r}"


async def test_twenty_megabytes_of_variables_are_refused_after_the_first_64_kib(api: Counted) -> None:
    chunk = b" " * 8_192
    exchange = Exchange(api.app, {"content-type": "application/json"})
    await exchange.send([body("{ __typename }")[:-1], *[chunk] * (20_000_000 // len(chunk))])
    assert exchange.status == 413
    assert exchange.messages_read <= LARGEST_BODY // len(chunk) + 2
