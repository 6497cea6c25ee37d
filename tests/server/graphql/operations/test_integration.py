"""Services read the feed and facts over HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from tests.server.integration.service_tokens import open_service
from tests.server.running import (
    ACTIVE_CONTRACT,
    CLOSED_CONTRACT,
    GRACE_CONTRACT,
    RESET,
    RESUME,
    TERMINATE,
    Client,
    Running,
)

from contract_rules import Phase, Status, facts_from_json, standing
from contract_server.integration.models import Scope

CHANGES = """
query ($after: String, $first: Int) {
  changes(after: $after, first: $first) {
    edges {
      cursor
      node {
        id contractId version type at
        application {
          id receiptNumber requestedAt policyName policyVersion
          serviceEnd { lastDay at } resumption { lastDay at } erasure { lastDay at }
        }
      }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
FACTS = (
    "query ($ids: [ID!]!) { contractFacts(ids: $ids) { contracts { contractId version facts validUntil } unknown } }"
)


@pytest.fixture
async def reader(service: Running, client: Client) -> AsyncIterator[Client]:
    """A service that reads the feed and facts of fresh demonstration data."""
    token = await open_service(service, Scope.FEED, Scope.FACTS)
    async with service.client("en") as reader:
        reader.http.headers["Authorization"] = f"Bearer {token}"
        yield reader
        await client.ask(RESET)


async def read(reader: Client, after: str | None = None, first: int = 100) -> Any:  # noqa: ANN401 - depends on the query
    """Read to the end of the feed; the changes of each contract, and the last cursor."""
    changes, more = [], True
    while more:
        page = (await reader.ask(CHANGES, after=after, first=first))["changes"]
        changes += [edge["node"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"] or after, page["pageInfo"]["hasNextPage"]
    return {"changes": changes, "after": after}


async def test_a_change_is_read_at_once_with_its_dates(reader: Client, client: Client) -> None:
    start = (await read(reader))["after"]
    await client.log_in("active@example.jp")
    for mutation in (TERMINATE, RESUME):
        await client.ask(mutation, id=ACTIVE_CONTRACT)
    terminated, resumed = (await read(reader, start))["changes"]
    assert [(change["contractId"], change["type"]) for change in (terminated, resumed)] == [
        (ACTIVE_CONTRACT, "TERMINATION_REQUESTED"),
        (ACTIVE_CONTRACT, "RESUMED"),
    ]
    assert terminated["version"] + 1 == resumed["version"]
    assert terminated["application"] == resumed["application"]
    assert terminated["application"]["serviceEnd"]["at"].endswith("T00:00:00+09:00")


async def test_small_pages_lead_through_the_whole_feed(reader: Client) -> None:
    assert (await read(reader, first=2))["changes"] == (await read(reader))["changes"]


async def test_the_end_of_the_feed_has_no_cursor_of_its_own(reader: Client) -> None:
    after = (await read(reader))["after"]
    page = (await reader.ask(CHANGES, after=after))["changes"]
    assert page == {
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None},
    }


@pytest.mark.parametrize("after", ["x", "Y2hhbmdlOjF8eA==", "Y2hhbmdlOi0xfDA=", "ZXZlbnQ6MXww"])
async def test_what_is_no_cursor_of_the_feed_is_refused(reader: Client, after: str) -> None:
    assert await reader.errors(CHANGES, after=after) == ["BAD_USER_INPUT"]


async def test_a_cursor_of_a_history_that_is_gone_says_to_begin_again(reader: Client, client: Client) -> None:
    after = (await read(reader))["after"]
    await client.ask(RESET)
    (error,) = (await reader.post(CHANGES, after=after)).json()["errors"]
    assert "read the feed from the beginning" in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_facts_are_those_from_which_the_rules_answer(reader: Client) -> None:
    answer = (await reader.ask(FACTS, ids=[GRACE_CONTRACT, ACTIVE_CONTRACT]))["contractFacts"]
    grace, active = answer["contracts"]
    assert [grace["contractId"], active["contractId"]] == [GRACE_CONTRACT, ACTIVE_CONTRACT]
    facts = facts_from_json(grace["facts"])
    assert (facts.status, facts.version) == (Status.TERMINATED, grace["version"])
    until = datetime.fromisoformat(grace["validUntil"])
    assert facts.application is not None
    assert until == facts.application.timeline.service_end.at
    assert standing(facts, until).phase is Phase.SERVICE_ENDED
    assert active["validUntil"] is None
    assert answer["unknown"] == []


async def test_facts_of_an_erased_contract_stay(reader: Client, client: Client) -> None:
    await client.advance(days=60)
    (contract,) = (await reader.ask(FACTS, ids=[CLOSED_CONTRACT]))["contractFacts"]["contracts"]
    assert facts_from_json(contract["facts"]).status is Status.ERASED
    assert contract["validUntil"] is None


async def test_unknown_ids_are_named_as_they_were_written(reader: Client) -> None:
    unknown = [str(uuid4()), "契約"]
    answer = (await reader.ask(FACTS, ids=[unknown[0], ACTIVE_CONTRACT, unknown[1]]))["contractFacts"]
    assert [contract["contractId"] for contract in answer["contracts"]] == [ACTIVE_CONTRACT]
    assert answer["unknown"] == unknown


@pytest.mark.parametrize("number", [0, 101])
async def test_the_number_of_ids_is_bounded(reader: Client, number: int) -> None:
    assert await reader.errors(FACTS, ids=[ACTIVE_CONTRACT] * number) == ["BAD_USER_INPUT"]
