"""The viewer: the logged-in person that a request comes from."""

from datetime import datetime, timedelta
from typing import NamedTuple, assert_never
from uuid import UUID

from contract_rules import Actor, complete
from contract_server.accounts.models import Role

_ACTORS = complete("_ACTORS", Role, {Role.CONTRACTOR: Actor.CONTRACTOR, Role.OPERATOR: Actor.OPERATOR})


class Viewer(NamedTuple):
    """A logged-in person and their session."""

    account_id: UUID
    session_id: UUID
    name: str
    email: str
    role: Role
    contract_id: UUID | None
    session_expires_at: datetime
    has_second_factor: bool = False
    second_factor_age: timedelta | None = None  # how long ago it was shown in this session

    @property
    def actor(self) -> Actor:
        """The viewer's actor in the rules."""
        return _ACTORS[self.role]

    def may_see(self, contract_id: UUID) -> bool:
        """Whether the contract is visible: a contractor sees their own, an operator any."""
        match self.role:
            case Role.CONTRACTOR:
                return self.contract_id == contract_id
            case Role.OPERATOR:
                return True
            case unknown:
                assert_never(unknown)
