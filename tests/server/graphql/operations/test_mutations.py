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
    [(TERMINATE, {"id": str(CONTRACT)}, Role.OPERATOR), (HOLD, {"reason": "case 1"}, Role.CONTRACTOR)],
)
async def test_a_mutation_is_for_one_role(mutation: str, variables: dict[str, Any], role: Role) -> None:
    assert await codes_of(context_of(viewer(role)), mutation, **variables) == ["FORBIDDEN"]
    assert await codes_of(context_of(), mutation, **variables) == ["UNAUTHENTICATED"]


async def test_a_log_out_without_a_session_succeeds_and_deletes_the_cookie() -> None:
    context = context_of()
    assert await data_of(context, "mutation { logOut { ok } }") == {"logOut": {"ok": True}}
    assert "max-age=0" in context.response.headers["set-cookie"].lower()
