"""Queries show a viewer what is theirs, and public facts to all; wrong input is an error with a code."""

import pytest
from tests.server.graphql.without_database import CONTRACT, active, codes_of, context_of, data_of, viewer

from contract_server.accounts.models import Role
from contract_server.contracts import queries as contract_queries
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.db.pages import USUAL_PAGE, Page, Part
from contract_server.graphql.operations import queries

OWN = "query ($id: ID!) { contract(id: $id) { id version } }"


async def test_a_contractor_sees_the_own_contract_and_an_operator_any() -> None:
    for role in Role:
        shown = await data_of(context_of(viewer(role), active()), OWN, id=str(CONTRACT))
        assert shown == {"contract": {"id": str(CONTRACT), "version": 1}}


@pytest.mark.parametrize("contract_id", ["x", "00000000-0000-0000-0000-000000000009"])
async def test_another_contract_does_not_exist_for_a_contractor(contract_id: str) -> None:
    assert await data_of(context_of(viewer()), OWN, id=contract_id) == {"contract": None}


async def test_the_timeline_of_today_is_public() -> None:
    query = "{ timeline { requestedOn } viewer { id } policy { version timeZone } }"
    data = await data_of(context_of(), query)
    assert data["timeline"] == {"requestedOn": "2024-03-01"}
    assert data["viewer"] is None
    assert data["policy"]["timeZone"] == "Asia/Tokyo"


async def test_a_day_whose_deadlines_have_no_date_is_wrong_input() -> None:
    query = "query ($day: Date) { timeline(requestedOn: $day) { requestedOn } }"
    assert await codes_of(context_of(), query, day="9999-12-31") == ["BAD_USER_INPUT"]


async def test_a_cursor_that_no_answer_had_is_wrong_input() -> None:
    query = '{ contracts(after: "x") { nodes { id } } }'
    assert await codes_of(context_of(viewer(Role.OPERATOR)), query) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("filter_", "status"),
    [
        ("null", None),
        ("{}", None),
        ("{status: []}", None),
        ("{status: [ERASED, ACTIVE]}", ("ERASED", "ACTIVE")),
    ],
)
async def test_a_filter_is_passed_on_as_the_rules_know_it(
    monkeypatch: pytest.MonkeyPatch, filter_: str, status: tuple[str, ...] | None
) -> None:
    async def find_contracts(
        criteria: contract_queries.ContractFilter, part: Part[contract_queries.ContractCursor]
    ) -> Page[ContractSnapshot]:
        assert (part, criteria.on_hold) == (Part(USUAL_PAGE), None)
        assert (tuple(member.name for member in criteria.status) if criteria.status else None) == status
        return Page([active()])

    monkeypatch.setattr(queries, "find_contracts", find_contracts)
    query = f"{{ contracts(filter: {filter_}, first: null) {{ nodes {{ id }} pageInfo {{ hasNextPage }} }} }}"
    data = await data_of(context_of(viewer(Role.OPERATOR)), query)
    assert data["contracts"] == {"nodes": [{"id": str(CONTRACT)}], "pageInfo": {"hasNextPage": False}}
