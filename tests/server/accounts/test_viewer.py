from datetime import UTC, datetime
from uuid import UUID

import pytest

from contract_rules import Actor
from contract_server.accounts.models import Role
from contract_server.accounts.viewer import Viewer

OWN, OTHER = UUID(int=1), UUID(int=2)


def viewer(role: Role, contract_id: UUID | None) -> Viewer:
    expires_at = datetime(2024, 3, 1, tzinfo=UTC)
    return Viewer(UUID(int=3), UUID(int=4), "青木 春子", "active@example.jp", role, contract_id, expires_at)


def test_a_contractor_sees_no_contract_but_their_own() -> None:
    contractor = viewer(Role.CONTRACTOR, OWN)
    assert (contractor.may_see(OWN), contractor.may_see(OTHER)) == (True, False)


def test_a_contractor_without_a_contract_sees_none() -> None:
    assert not viewer(Role.CONTRACTOR, None).may_see(OWN)


def test_an_operator_sees_every_contract() -> None:
    operator = viewer(Role.OPERATOR, None)
    assert (operator.may_see(OWN), operator.may_see(OTHER)) == (True, True)


@pytest.mark.parametrize(("role", "actor"), [(Role.CONTRACTOR, Actor.CONTRACTOR), (Role.OPERATOR, Actor.OPERATOR)])
def test_the_rules_know_a_viewer_by_their_role(role: Role, actor: Actor) -> None:
    assert viewer(role, None).actor is actor
