"""The logged-in person, and the one who follows a mailed link."""

from datetime import datetime

import strawberry
from strawberry.scalars import ID

from contract_server.accounts.viewer import Viewer as LoggedInViewer
from contract_server.audit.log import find_log_ins
from contract_server.graphql.context import RequestInfo
from contract_server.graphql.types.audit import PastLogIn
from contract_server.graphql.types.contract import Contract
from contract_server.graphql.types.enumerations import Role

LOG_INS_SHOWN = 10


@strawberry.type(description="Whoever is logged in.")
class Viewer:
    logged_in: strawberry.Private[LoggedInViewer]
    id: ID = strawberry.field(description="The account's id.")
    name: str = strawberry.field(description="How the person is addressed.")
    email: str = strawberry.field(description="The address that the person logs in with.")
    role: Role = strawberry.field(description="What the person may do.")

    @classmethod
    def of(cls, viewer: LoggedInViewer) -> "Viewer":
        return cls(
            logged_in=viewer, id=ID(str(viewer.account_id)), name=viewer.name, email=viewer.email, role=viewer.role
        )

    @strawberry.field(description="The contractor's own contract; null for an operator.")
    async def contract(self, info: RequestInfo) -> Contract | None:
        if self.logged_in.contract_id is None:
            return None
        snapshot = await info.context.contract(self.logged_in.contract_id)
        return Contract.of(snapshot, await info.context.now()) if snapshot else None

    @strawberry.field(description="When the session ends if nothing more is asked; in real time.")
    def session_expires_at(self, info: RequestInfo) -> datetime:
        return info.context.local(self.logged_in.session_expires_at)

    @strawberry.field(description="The last ten log-ins to this account, the newest first.")
    async def last_log_ins(self, info: RequestInfo) -> list[PastLogIn]:
        log_ins = await find_log_ins(self.logged_in.account_id, LOG_INS_SHOWN)
        return [PastLogIn.of(log_in, info.context) for log_in in log_ins]


@strawberry.type(description="A mailed link that can still be used.")
class PasswordResetLink:
    email: str = strawberry.field(description="The account's address, for the user name field of password managers.")
    expires_at: datetime = strawberry.field(description="Until when it can be used, if no other link is used before.")
