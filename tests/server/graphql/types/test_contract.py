"""A contract is shown as it stood at the instant of the request, to its contractor and to operators."""

import pytest
from tests.server.graphql.without_database import (
    CONTRACT,
    NOW,
    StandingClock,
    active,
    context_of,
    data_of,
    terminated,
    viewer,
)

from contract_server.accounts.models import Role
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.viewer_contract import CompanyProfile
from contract_server.db.pages import Page
from contract_server.graphql.types.contract import ContractConnection, parse_contract_id
from contract_server.graphql.types.pagination import read_contract_cursor

CONTRACT_FIELDS = """
query ($id: ID!) {
  contract(id: $id) { status endedOn serviceAvailable availableActions termination { reason } erasureHold { reason } }
}
"""


@pytest.mark.parametrize(
    ("contract", "role", "expected"),
    [
        (active(), Role.CONTRACTOR, ("ACTIVE", None, True, ["TERMINATE"], None, None)),
        (terminated(), Role.CONTRACTOR, ("TERMINATED", "2024-03-15", True, ["RESUME"], "TOO_EXPENSIVE", None)),
        (terminated(held=True), Role.CONTRACTOR, ("TERMINATED", "2024-03-15", True, ["RESUME"], "TOO_EXPENSIVE", None)),
        (
            terminated(held=True),
            Role.OPERATOR,
            ("TERMINATED", "2024-03-15", True, ["RESUME"], "TOO_EXPENSIVE", "case 1"),
        ),
    ],
)
async def test_a_contract_shows_what_its_viewer_may_see_and_do(
    contract: ContractSnapshot, role: Role, expected: tuple[object, ...]
) -> None:
    shown = (await data_of(context_of(viewer(role), contract), CONTRACT_FIELDS, id=str(CONTRACT)))["contract"]
    nested = (shown["termination"] or {}).get("reason"), (shown["erasureHold"] or {}).get("reason")
    assert (
        shown["status"],
        shown["endedOn"],
        shown["serviceAvailable"],
        shown["availableActions"],
        *nested,
    ) == expected


async def test_the_service_ends_with_its_last_day() -> None:
    clock = StandingClock()
    await clock.advance(NOW.replace(day=16, hour=0, minute=0))
    context = context_of(viewer(), terminated(), clock=clock)
    shown = (await data_of(context, CONTRACT_FIELDS, id=str(CONTRACT)))["contract"]
    assert (shown["serviceAvailable"], shown["availableActions"]) == (False, [])


async def test_an_erased_contract_has_neither_company_nor_contractor() -> None:
    query = "query ($id: ID!) { contract(id: $id) { company { name postalCode } contractor { name } memberCount } }"
    context = context_of(viewer(Role.OPERATOR), active())
    context.loaders.companies.prime(CONTRACT, None)
    context.loaders.contractors.prime(CONTRACT, None)
    context.loaders.member_counts.prime(CONTRACT, 0)
    shown = (await data_of(context, query, id=str(CONTRACT)))["contract"]
    assert shown == {"company": None, "contractor": None, "memberCount": 0}
    other = context_of(viewer(Role.OPERATOR), active())
    other.loaders.companies.prime(CONTRACT, CompanyProfile("会社", "東京都", "100-0001", "03"))
    shown = await data_of(other, "query ($id: ID!) { contract(id: $id) { company { postalCode } } }", id=str(CONTRACT))
    assert shown["contract"]["company"] == {"postalCode": "100-0001"}


def test_each_edge_of_a_page_has_the_cursor_of_its_contract() -> None:
    page = ContractConnection.of(Page([active()], has_next=True), NOW)
    (edge,) = page.edges
    assert read_contract_cursor(edge.cursor) == (active().started_on, CONTRACT)
    assert (page.page_info.start_cursor, page.page_info.end_cursor) == (edge.cursor, edge.cursor)
    assert (page.page_info.has_next_page, page.page_info.has_previous_page) == (True, False)


def test_a_text_that_is_no_id_names_no_contract() -> None:
    assert parse_contract_id(str(CONTRACT)) == CONTRACT
    assert parse_contract_id("contract") is None
