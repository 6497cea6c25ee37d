"""Whoever is logged in, as the rest of the program needs to know them."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from contract_rules import Actor
from contract_server.accounts.models import Role


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
        return Actor.OPERATOR if self.role is Role.OPERATOR else Actor.CONTRACTOR

    def may_see(self, contract_id: UUID) -> bool:
        """Whether the contract exists for this viewer: the contractor's own, or for an operator any."""
        return self.role is Role.OPERATOR or self.contract_id == contract_id
