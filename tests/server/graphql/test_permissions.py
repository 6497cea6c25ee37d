"""A permission check returns the viewer or ends the request with a code, in the request's language."""

import pytest
from graphql import GraphQLError
from tests.server.graphql.without_database import context_of, viewer

from contract_server.accounts.models import Role
from contract_server.graphql.permissions import require_role, require_viewer


async def test_a_request_without_a_session_is_unauthenticated() -> None:
    for check in (require_viewer(context_of()), require_role(context_of(), Role.OPERATOR)):
        with pytest.raises(GraphQLError, match="log in") as refusal:
            await check
        assert refusal.value.extensions == {"code": "UNAUTHENTICATED"}


@pytest.mark.parametrize("role", Role)
async def test_a_role_permits_its_own_operations_alone(role: Role) -> None:
    assert await require_viewer(context_of(viewer(role))) == viewer(role)
    assert await require_role(context_of(viewer(role)), role) == viewer(role)
    for other in set(Role) - {role}:
        with pytest.raises(GraphQLError, match="権限") as refusal:
            await require_role(context_of(viewer(role), language="ja"), other)
        assert refusal.value.extensions == {"code": "FORBIDDEN"}
