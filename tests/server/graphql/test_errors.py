"""What a client learns of a defect: that there was one, and where to ask. The log has the rest, under the same id."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import redirect_stderr
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
import strawberry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.server.asgi import client_of

from contract_server import logs, metrics
from contract_server.graphql.http.view import GraphQLView
from contract_server.request_limits import ALWAYS_ACCEPTED
from contract_server.services import build_services
from contract_server.settings import Settings
from contract_server.web.guard import Guard

SECRET = "postgresql://user:password@db/contracts refuses active@example.jp"


def explode() -> None:
    raise RuntimeError(SECRET)


@strawberry.type
class Query:
    @strawberry.field
    def exploding(self) -> str | None:
        explode()
        return None

    @strawberry.field
    def exploding_and_needed(self) -> str:
        explode()
        return ""

    @strawberry.field
    async def endless(self) -> str | None:
        await asyncio.Event().wait()
        return None

    @strawberry.field
    def fine(self) -> str:
        return "fine"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def reset_demo(self) -> str:
        """It has the name of one that takes as long as it takes, and outlives the deadline."""
        await asyncio.sleep(0.02)
        return "done"


async def explode_outside_graphql(_: Request) -> Response:
    explode()
    return Response()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log as it is written."""
    with redirect_stderr(io.StringIO()) as written:
        logs.configure("INFO")
        yield written
    logs.configure("INFO")


@pytest.fixture
def http(production_settings: Settings) -> httpx.AsyncClient:
    """Our view, over a schema of defects."""
    return client_over_defects(production_settings)


@pytest.fixture
def hurried(production_settings: Settings) -> httpx.AsyncClient:
    """The same with next to no time for a request."""
    return client_over_defects(production_settings.model_copy(update={"request_deadline": timedelta(milliseconds=10)}))


def client_over_defects(settings: Settings) -> httpx.AsyncClient:
    services = build_services(settings)
    view = GraphQLView(strawberry.Schema(Query, Mutation), services, None)
    app = Starlette(
        routes=[Route("/graphql", view), Route("/defect", explode_outside_graphql)],
        middleware=[Middleware(Guard, settings=settings)],
    )
    app.state.services = services
    return client_of(app)


def overloaded() -> float:
    """The requests that were refused because too many were in progress."""
    return (
        metrics.REGISTRY.get_sample_value("contract_requests_total", {"operation": "unknown", "outcome": "overloaded"})
        or 0
    )


def lines_about(request_id: str, log: io.StringIO) -> list[Any]:
    lines = [orjson.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in lines if line.get("request_id") == request_id]


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("{ fine exploding }", {"fine": "fine", "exploding": None}),
        ("{ fine explodingAndNeeded }", None),
        ("{ fine words_of_the_client: exploding }", {"fine": "fine", "words_of_the_client": None}),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_a_defect_is_told_by_its_request_id_alone(
    http: httpx.AsyncClient, log: io.StringIO, query: str, data: object, accept: str
) -> None:
    answer = await http.post("/graphql", json={"query": query}, headers={"x-request-id": "a-1", "accept": accept})
    assert answer.status_code == 200
    assert answer.json()["data"] == data
    (error,) = answer.json()["errors"]
    assert error.keys() == {"message", "path", "extensions"}
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "a-1"}
    assert answer.headers["x-request-id"] == "a-1"
    (line,) = lines_about("a-1", log)
    assert line["exception"] == "RuntimeError"
    assert line["field"] == query.split()[-2]
    for text in (answer.text, log.getvalue()):
        assert "password" not in text
        assert "active@example.jp" not in text
    assert "words_of_the_client" not in log.getvalue()


async def test_a_request_id_is_made_where_none_was_sent(http: httpx.AsyncClient, log: io.StringIO) -> None:
    answer = await http.post("/graphql", json={"query": "{ exploding }"})
    request_id = answer.headers["x-request-id"]
    assert answer.json()["errors"][0]["extensions"]["requestId"] == request_id
    assert lines_about(request_id, log)


async def test_a_defect_outside_graphql_is_told_in_the_same_way(http: httpx.AsyncClient, log: io.StringIO) -> None:
    answer = await http.get("/defect", headers={"accept-language": "en", "x-request-id": "b-2"})
    assert answer.status_code == 500
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "b-2"}
    assert error["message"].startswith("Something went wrong")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [line["exception"] for line in lines_about("b-2", log)] == ["RuntimeError"]
    assert "password" not in answer.text + log.getvalue()


async def test_a_request_that_takes_too_long_is_given_up(hurried: httpx.AsyncClient, log: io.StringIO) -> None:
    answer = await hurried.post("/graphql", json={"query": "{ fine endless }"}, headers={"x-request-id": "c-3"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["errors"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "c-3"}
    assert [line["event"] for line in lines_about("c-3", log)] == ["request took too long"]


async def test_moving_the_test_clock_takes_as_long_as_it_takes(hurried: httpx.AsyncClient) -> None:
    answer = await hurried.post("/graphql", json={"query": "mutation { resetDemo }"})
    assert answer.json() == {"data": {"resetDemo": "done"}}


async def test_beyond_what_the_deadline_allows_requests_are_refused_at_once_and_counted(
    hurried: httpx.AsyncClient,
) -> None:
    """Each of the first ends by the deadline; while they are in progress, there is no place for one more."""
    before = overloaded()

    async def ask(session: int) -> httpx.Response:
        return await hurried.post(
            "/graphql", json={"query": "{ endless }"}, headers={"Authorization": f"Bearer {session}"}
        )

    for _ in range(3):
        answers = await asyncio.gather(*(ask(session) for session in range(2 * ALWAYS_ACCEPTED)))
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["retry-after"] for answer in answers} == {"5"}
    assert overloaded() > before
