"""Pages of contracts, by filter, and of the events of each; a cursor that no answer had is refused."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice, product
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.server.running import ACTIVE_CONTRACT, CLOSED_CONTRACT, GRACE_CONTRACT, LAST_DAY_CONTRACT, Client, Running

from contract_server.db.pages import InvalidPage, Page
from contract_server.graphql.types.pagination import (
    PageInfo,
    read_contract_cursor,
    read_event_cursor,
    write_contract_cursor,
    write_event_cursor,
)

CURSOR: tuple[date, UUID] = (date(2023, 4, 1), UUID(int=1))
INSTANT_CURSOR = (datetime(2024, 3, 1, 0, 30, 0, 1, tzinfo=UTC), UUID(int=1))
Part = tuple[str, int, int | None, int | None]  # which end, how many, after and before which item
NEWEST_FIRST = [CLOSED_CONTRACT, LAST_DAY_CONTRACT, GRACE_CONTRACT, ACTIVE_CONTRACT]

CONTRACTS = """
query ($filter: ContractFilter, $first: Int, $after: String) {
  contracts(filter: $filter, first: $first, after: $after) {
    nodes { id termination { timeline { erasure { lastDay at } } } }
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
EVENTS = """
query ($id: ID!, $first: Int, $after: String) {
  contract(id: $id) {
    events(first: $first, after: $after) { nodes { id type } pageInfo { hasNextPage hasPreviousPage endCursor } }
  }
}
"""
HOLD = """
mutation ($id: ID!) { holdErasure(input: { contractId: $id, reason: "case 1" }) { __typename } }
"""


@pytest.fixture
async def operator(client: Client) -> Client:
    await client.log_in("operator@example.jp")
    return client


async def listed(operator: Client, **filter: object) -> list[str]:  # noqa: A002 - named as the API names it
    contracts = (await operator.ask(CONTRACTS, filter=filter))["contracts"]["nodes"]
    return [contract["id"] for contract in contracts]


async def test_pages_show_every_contract_once_the_newest_first(operator: Client) -> None:
    seen: list[str] = []
    after = None
    for number in range(4):
        page = (await operator.ask(CONTRACTS, first=1, after=after))["contracts"]
        (edge,), place = page["edges"], page["pageInfo"]
        assert (place["hasPreviousPage"], place["hasNextPage"]) == (number > 0, number < 3)
        assert edge["cursor"] == place["startCursor"] == place["endCursor"]
        seen += [contract["id"] for contract in page["nodes"]]
        after = place["endCursor"]
    assert seen == NEWEST_FIRST
    beyond = (await operator.ask(CONTRACTS, first=1, after=after))["contracts"]
    assert (beyond["nodes"], beyond["pageInfo"]["endCursor"]) == ([], None)


async def test_newest_is_what_began_last_whatever_its_id(operator: Client, service: Running) -> None:
    connection = await asyncpg.connect(service.database_url)
    try:
        await connection.execute("UPDATE contract SET started_on = started_on + 1 WHERE id = $1", ACTIVE_CONTRACT)
    finally:
        await connection.close()
    first = (await operator.ask(CONTRACTS, first=1))["contracts"]
    assert [contract["id"] for contract in first["nodes"]] == [ACTIVE_CONTRACT]
    others = (await operator.ask(CONTRACTS, first=100, after=first["pageInfo"]["endCursor"]))["contracts"]
    assert [contract["id"] for contract in others["nodes"]] == NEWEST_FIRST[:3]


async def test_contracts_are_found_by_status(operator: Client) -> None:
    assert await listed(operator, status=["ACTIVE"]) == [ACTIVE_CONTRACT]
    assert await listed(operator, status=["TERMINATED"]) == NEWEST_FIRST[:3]
    assert await listed(operator, status=["ERASED"]) == []
    for all_of_them in (["ACTIVE", "TERMINATED", "ERASED"], [], None):
        assert await listed(operator, status=all_of_them) == NEWEST_FIRST


async def test_contracts_are_found_by_the_day_on_which_their_erasure_falls_due(operator: Client) -> None:
    closed = (await operator.ask(CONTRACTS))["contracts"]["nodes"][0]
    erasure = closed["termination"]["timeline"]["erasure"]
    due_on = erasure["at"][:10]
    assert await listed(operator, erasureDueBy=due_on) == [CLOSED_CONTRACT]
    assert await listed(operator, erasureDueBy=erasure["lastDay"]) == []
    assert await listed(operator, erasureDueBy="9999-12-31") == NEWEST_FIRST[:3]
    await operator.advance(to=f"{due_on}T00:00:00+09:00")
    assert await listed(operator, erasureDueBy="9999-12-31") == NEWEST_FIRST[1:3]  # it has happened


async def test_contracts_are_found_by_whether_their_erasure_is_on_hold(operator: Client) -> None:
    await operator.ask(HOLD, id=GRACE_CONTRACT)
    assert await listed(operator, onHold=True) == [GRACE_CONTRACT]
    assert await listed(operator, onHold=False) == [CLOSED_CONTRACT, LAST_DAY_CONTRACT, ACTIVE_CONTRACT]
    assert await listed(operator, onHold=True, status=["ACTIVE"]) == []


async def test_pages_show_every_event_once_the_oldest_first(operator: Client) -> None:
    await operator.ask(HOLD, id=GRACE_CONTRACT)
    seen: list[str] = []
    after = None
    for number in range(3):
        events = (await operator.ask(EVENTS, id=GRACE_CONTRACT, first=1, after=after))["contract"]["events"]
        place: dict[str, Any] = events["pageInfo"]
        assert (place["hasPreviousPage"], place["hasNextPage"]) == (number > 0, number < 2)
        seen += [event["type"] for event in events["nodes"]]
        after = place["endCursor"]
    assert seen == ["STARTED", "TERMINATION_REQUESTED", "ERASURE_HELD"]


LISTS = {
    "contracts": "%s: contracts(%s) { ...Items }",
    "events": 'contract(id: "' + GRACE_CONTRACT + '") { %s: events(%s) { ...Items } }',
    "auditLog": '%s: auditLog(filter: { contractId: "' + GRACE_CONTRACT + '" }, %s) { ...Items }',
}
CONNECTIONS = {"contracts": "ContractConnection", "events": "ContractEventConnection", "auditLog": "AuditConnection"}
ITEMS = "fragment Items on %s { edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
TOGETHER = 12


@pytest.mark.parametrize("name", LISTS)
async def test_each_part_of_a_list_has_its_items_and_tells_exactly_what_lies_beside_it(
    operator: Client, name: str
) -> None:
    await operator.ask(HOLD, id=GRACE_CONTRACT)
    ((cursors, _, _),) = await parts_of(operator, name, [{"first": 100}])
    assert len(cursors) >= 3
    places = (None, *range(len(cursors)))
    for some in batched(product(("first", "last"), (1, 2), places, places), TOGETHER):
        wanted = [
            {end: size} | {key: cursors[at] for key, at in (("after", after), ("before", before)) if at is not None}
            for end, size, after, before in some
        ]
        assert await parts_of(operator, name, wanted) == [expected(cursors, *part) for part in some], some


def batched(parts: Iterable[Part], size: int) -> Iterator[list[Part]]:
    remaining = iter(parts)
    while some := list(islice(remaining, size)):
        yield some


def expected(
    cursors: list[str], end: str, size: int, after: int | None, before: int | None
) -> tuple[list[str], bool, bool]:
    """The cursors of the page, whether there is a next item, and whether there is a previous one."""
    begin, stop = (0 if after is None else after + 1), (len(cursors) if before is None else before)
    between = range(begin, stop)
    page = between[:size] if end == "first" else between[-size:]
    if not page:
        return [], before is not None, after is not None
    return [cursors[at] for at in page], page[-1] + 1 < len(cursors), page[0] > 0


async def parts_of(
    operator: Client, name: str, wanted: Sequence[Mapping[str, object]]
) -> list[tuple[list[str], bool, bool]]:
    """The cursors of each page, and whether there are a next and a previous item."""
    written = [", ".join(f"{key}: {json.dumps(value)}" for key, value in arguments.items()) for arguments in wanted]
    fields = " ".join(LISTS[name] % (f"part{at}", arguments) for at, arguments in enumerate(written))
    answer = await operator.ask(f"query {{ {fields} }} {ITEMS % CONNECTIONS[name]}")
    return [read_page((answer["contract"] if name == "events" else answer)[f"part{at}"]) for at in range(len(wanted))]


def read_page(page: dict[str, Any]) -> tuple[list[str], bool, bool]:
    cursors, place = [edge["cursor"] for edge in page["edges"]], page["pageInfo"]
    assert (place["startCursor"], place["endCursor"]) == ((cursors[0], cursors[-1]) if cursors else (None, None))
    return cursors, place["hasNextPage"], place["hasPreviousPage"]


async def test_what_the_filter_leaves_out_does_not_lie_beside_a_page(operator: Client) -> None:
    closed = (await operator.ask(CONTRACTS, first=1))["contracts"]["pageInfo"]["endCursor"]
    page = (await operator.ask(CONTRACTS, filter={"status": ["ACTIVE"]}, after=closed))["contracts"]
    assert [contract["id"] for contract in page["nodes"]] == [ACTIVE_CONTRACT]
    assert (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]) == (False, False)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("wrong", ["last: 0", "last: 101", "last: -1", 'before: "x"', "first: 0", 'after: "x"'])
async def test_a_part_that_no_list_has_is_refused_with_the_name_of_the_argument(
    operator: Client, name: str, wrong: str
) -> None:
    answer = (await operator.post(f"query {{ {LISTS[name] % ('part', wrong)} }} {ITEMS % CONNECTIONS[name]}")).json()
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith(wrong.partition(":")[0] + ": ")


def test_a_cursor_is_read_back_as_it_was_written() -> None:
    assert read_contract_cursor(write_contract_cursor(CURSOR)) == CURSOR
    assert read_event_cursor(write_event_cursor(INSTANT_CURSOR)) == INSTANT_CURSOR


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "契約",
        "\ud800",
        write_event_cursor(INSTANT_CURSOR),
        *(
            b64encode(text.encode()).decode()
            for text in ("contract", "contract:", "contract:2024-03-01", "contract:2024-02-30|" + str(CURSOR[1]))
        ),
    ],
)
def test_a_text_that_is_no_cursor_of_a_contract_is_refused(text: str) -> None:
    with pytest.raises(InvalidPage, match=r"^after: "):
        read_contract_cursor(text)


@pytest.mark.parametrize(
    "text", ["", write_contract_cursor(CURSOR), b64encode(f"event:2024-03-01T00:00:00|{CURSOR[1]}".encode()).decode()]
)
def test_a_text_that_is_no_cursor_of_an_event_is_refused(text: str) -> None:
    with pytest.raises(InvalidPage, match=r"^after: "):
        read_event_cursor(text)


def test_an_empty_page_has_no_cursors() -> None:
    info = PageInfo.of(Page(has_previous=True), [])
    assert (info.start_cursor, info.end_cursor, info.has_previous_page) == (None, None, True)
