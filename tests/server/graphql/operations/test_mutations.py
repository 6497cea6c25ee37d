"""Mutations check permission and input before they call a service."""

from typing import Any

import pytest
from tests.server.graphql.without_database import CONTRACT, codes_of, context_of, data_of, viewer

from contract_server.accounts.models import Role

TERMINATE = """
mutation ($id: ID!, $key: String) {
  terminateContract(input: { contractId: $id, idempotencyKey: $key }) { ... on Problem { code } }
}
"""
HOLD = """
mutation ($reason: String!) {
  holdErasure(input: { contractId: "x", reason: $reason }) { ... on Problem { code } ... on InvalidInput { path } }
}
"""


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_an_idempotency_key_has_1_to_255_characters(key: str) -> None:
    data = await data_of(context_of(viewer()), TERMINATE, id=str(CONTRACT), key=key)
    assert data == {"terminateContract": {"code": "INVALID_INPUT"}}


async def test_an_id_of_no_contract_is_not_found() -> None:
    context = context_of(viewer())
    assert await data_of(context, TERMINATE, id="x") == {"terminateContract": {"code": "CONTRACT_NOT_FOUND"}}
    assert context.refusal == "CONTRACT_NOT_FOUND"


@pytest.mark.parametrize("reason", ["", "  ", "r" * 501])
async def test_a_hold_has_a_reason_of_1_to_500_characters(reason: str) -> None:
    data = await data_of(context_of(viewer(Role.OPERATOR)), HOLD, reason=reason)
    assert data == {"holdErasure": {"code": "INVALID_INPUT", "path": ["input", "reason"]}}


@pytest.mark.parametrize(
    ("mutation", "variables", "role"),
    [(HOLD, {"reason": "case 1"}, Role.CONTRACTOR)],
)
async def test_a_mutation_is_for_one_role(mutation: str, variables: dict[str, Any], role: Role) -> None:
    assert await codes_of(context_of(viewer(role)), mutation, **variables) == ["FORBIDDEN"]
    assert await codes_of(context_of(), mutation, **variables) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("mutation", ["terminateContract", "resumeContract"])
@pytest.mark.parametrize(
    ("role", "note"), [(Role.OPERATOR, ""), (Role.OPERATOR, 'note: " "'), (Role.CONTRACTOR, 'note: "by phone"')]
)
async def test_who_acts_for_the_contractor_says_why_and_no_other_does(mutation: str, role: Role, note: str) -> None:
    query = (
        f'mutation {{ {mutation}(input: {{ contractId: "{CONTRACT}" {note} }}) {{ ... on InvalidInput {{ path }} }} }}'
    )
    assert await data_of(context_of(viewer(role)), query) == {mutation: {"path": ["input", "note"]}}


@pytest.mark.parametrize("reference", ["", "案件1", "a b", "r" * 41])
async def test_a_reference_is_the_number_of_a_case(reference: str) -> None:
    query = (
        "mutation ($reference: String) {"
        ' holdErasure(input: { contractId: "x", reason: "case", reference: $reference }) {'
        " ... on InvalidInput { path } } }"
    )
    data = await data_of(context_of(viewer(Role.OPERATOR)), query, reference=reference)
    assert data == {"holdErasure": {"path": ["input", "reference"]}}


async def test_a_log_out_without_a_session_succeeds_and_deletes_the_cookie() -> None:
    context = context_of()
    assert await data_of(context, "mutation { logOut { ok } }") == {"logOut": {"ok": True}}
    assert "max-age=0" in context.response.headers["set-cookie"].lower()
