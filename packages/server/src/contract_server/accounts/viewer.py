"""Whoever is logged in, as the rest of the program needs to know them."""

from datetime import datetime
from typing import NamedTuple, assert_never
from uuid import UUID

from contract_rules import Actor, complete
from contract_server.accounts.models import Role

_ACTORS = complete("_ACTORS", Role, {Role.CONTRACTOR: Actor.CONTRACTOR, Role.OPERATOR: Actor.OPERATOR})


class Viewer(NamedTuple):
    """A logged-in person and the session that says so."""

    account_id: UUID
    session_id: UUID
    name: str
    email: str
    role: Role
    contract_id: UUID | None
    session_expires_at: datetime

    @property
    def actor(self) -> Actor:
        """The viewer as the rules know them."""
        return _ACTORS[self.role]

    def may_see(self, contract_id: UUID) -> bool:
        """Whether the contract exists for this viewer: the contractor's own, or for an operator any."""
        match self.role:
            case Role.CONTRACTOR:
                return self.contract_id == contract_id
            case Role.OPERATOR:
                return True
            case unknown:
                assert_never(unknown)
