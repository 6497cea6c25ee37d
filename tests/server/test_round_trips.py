"""What a contractor does every day costs one statement to look and one more to act."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.conftest import seeded_database
from tests.server.in_process import counted_statements, development_settings, seeded_services, served
from tests.server.running import ACTIVE_CONTRACT, LOG_IN, PASSWORD

from contract_server.development.servers.postgres import EmbeddedPostgres

HOME = """
{
  viewer {
    name sessionExpiresAt
    contract {
      id version status startedOn endedOn serviceAvailable availableActions
      company { name address postalCode phoneNumber }
      contractor { name email }
      termination { requestedAt timeline { erasure { lastDay at explanation } } }
    }
  }
}
"""
CONTRACT = "query ($id: ID!) { contract(id: $id) { id status company { name } } }"
TERMINATE = """
mutation ($id: ID!) {
  terminateContract(input: { contractId: $id, idempotencyKey: "once" }) {
    __typename
    ... on ContractTerminated { contract { status availableActions company { name } } }
  }
}
"""
RESUME = "mutation ($id: ID!) { resumeContract(input: { contractId: $id }) { __typename } }"


@pytest.fixture(scope="module")
async def client(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    folder: Path = tmp_path_factory.mktemp("round-trips")
    settings = development_settings(await seeded_database(postgres), folder)
    async with seeded_services(settings):
        pass
    async with served(settings) as found:
        body = {"query": LOG_IN, "variables": {"email": "active@example.jp", "password": PASSWORD}}
        await found.post("/graphql", json=body)
        for _ in range(2):  # the first probe records the terms in force, the second finds them recorded
            assert (await found.get("/readyz")).status_code == 200
        yield found


async def cost(client: httpx.AsyncClient, query: str) -> int:
    """How many statements a request costs; calling the worker afterwards, for which nobody waits, is none of them."""
    with counted_statements() as statements:
        answer = (await client.post("/graphql", json={"query": query, "variables": {"id": ACTIVE_CONTRACT}})).json()
    assert "errors" not in answer, answer
    return sum("pg_notify" not in statement for statement in statements)


async def test_the_home_page_costs_one_statement(client: httpx.AsyncClient) -> None:
    assert await cost(client, HOME) == 1


async def test_the_viewers_own_contract_costs_one_statement(client: httpx.AsyncClient) -> None:
    assert await cost(client, CONTRACT) == 1


async def test_terminating_and_resuming_cost_two_statements_each(client: httpx.AsyncClient) -> None:
    assert await cost(client, TERMINATE) == 2
    assert await cost(client, HOME) == 1
    assert await cost(client, RESUME) == 2
