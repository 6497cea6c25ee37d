"""Schemathesis sends any query that the schema allows, as any caller: none fails, and none reveals internals.

Its queries fit the schema and mean nothing; in some of them the contract is one that exists, so that they do something.
"""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.specs.graphql.schemas import GraphQLSchema
from tests.conftest import seeded_database
from tests.server.graphql.test_schema import EXPORTED
from tests.server.running import GRACE_CONTRACT, RESET, Running, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

SCHEMA = schemathesis.graphql.from_path(str(EXPORTED / "schema.graphql"))
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations() if isinstance(result, Ok)}
LAST = ("Mutation.advanceTestClock", "Mutation.logOut", "Mutation.resetDemo")  # they may end the caller's session
IN_ORDER = sorted(OPERATIONS, key=lambda name: (name in LAST, name))

QUERIES = 12
FEWER = {"Mutation.logIn": 5, "Mutation.requestPasswordReset": 3, "Mutation.resetDemo": 3}  # slow, some on purpose

CALLERS = {"nobody": None, "contractor": "grace@example.jp", "operator": "operator@example.jp"}
EXPECTED = {"UNAUTHENTICATED", "FORBIDDEN", "BAD_USER_INPUT"}
OUR_INSIDE = re.compile(
    r"Traceback|\.py\b|Exception|tortoise|asyncpg|postgres|strawberry|SELECT |argon2", re.IGNORECASE
)
A_CONTRACT = re.compile(r'\b(contractId|id): "(?:[^"\\]|\\.)*"')


@pytest.fixture(scope="module")
async def service(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A server of its own with high limits of log-ins and a long deadline: these tests try very many passwords."""
    limits: dict[str, Any] = {
        "LOG_IN_FAILURES_PER_SOURCE": "1000000",
        "LOG_IN_FAILURES_OF_ALL": "1000000",
        "REQUEST_DEADLINE": "1m",
    }
    folder = tmp_path_factory.mktemp("any-query")
    async with running(await seeded_database(postgres), redis.url, folder, worker=False, **limits) as service:
        yield service


@pytest.fixture(scope="module", params=list(CALLERS.values()), ids=list(CALLERS))
async def caller(service: Running, request: pytest.FixtureRequest) -> dict[str, str]:
    """The headers of the caller's requests, on the original demonstration data."""
    async with service.client() as client:
        await client.ask(RESET)
        token = (await client.log_in(request.param))["token"] if request.param else None
    return {"Authorization": f"Bearer {token}"} if token else {}


@pytest.mark.parametrize("operation", IN_ORDER)
def test_no_query_makes_the_api_fail_or_tell_of_its_inside(
    service: Running, caller: dict[str, str], operation: str
) -> None:
    @settings(
        max_examples=FEWER.get(operation, QUERIES),
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[operation].as_strategy(), existing=st.booleans())
    def ask(case: Any, existing: bool) -> None:  # noqa: ANN401 - a class of Schemathesis that has no type arguments of use
        if existing:
            case.body = A_CONTRACT.sub(rf'\1: "{GRACE_CONTRACT}"', str(case.body))
        answer = case.call(base_url=f"{service.base_url}/graphql", headers=caller)
        assert answer.status_code == 200, case.body
        assert {error["extensions"]["code"] for error in answer.json().get("errors", ())} <= EXPECTED, case.body
        assert not OUR_INSIDE.search(answer.text), case.body

    ask()


def test_every_operation_is_asked() -> None:
    assert isinstance(SCHEMA, GraphQLSchema)
    fields = {name: SCHEMA[name] for name in ("Query", "Mutation")}
    assert set(OPERATIONS) == {f"{name}.{field}" for name, names in fields.items() for field in names}
