"""Whoever is logged in."""

from datetime import datetime
from enum import Enum

import strawberry
from strawberry.scalars import ID

from contract_server.accounts.models import Role as StoredRole
from contract_server.accounts.viewer import Viewer as LoggedInViewer
from contract_server.graphql.context import RequestInfo
from contract_server.graphql.types.contract import Contract, shown_as


@strawberry.enum
class Role(Enum):
    """What a person may do."""

    CONTRACTOR = "CONTRACTOR"
    OPERATOR = "OPERATOR"


_ROLES = shown_as(Role, StoredRole)


@strawberry.type
class Viewer:
    """The person behind the request."""

    who: strawberry.Private[LoggedInViewer]
    id: ID
    name: str
    email: str
    role: Role

    @classmethod
    def of(cls, who: LoggedInViewer) -> "Viewer":
        """The viewer as the API shows them."""
        return cls(who=who, id=ID(str(who.account_id)), name=who.name, email=who.email, role=_ROLES[who.role])

    @strawberry.field(description="The contractor's own contract; null for an operator.")
    async def contract(self, info: RequestInfo) -> Contract | None:
        if self.who.contract_id is None:
            return None
        snapshot = await info.context.contract(self.who.contract_id)
        return Contract.of(snapshot, await info.context.now()) if snapshot else None

    @strawberry.field
    def session_expires_at(self, info: RequestInfo) -> datetime:
        return info.context.local(self.who.session_expires_at)
