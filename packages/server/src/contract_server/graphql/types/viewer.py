"""The logged-in person, and the one who follows a mailed link."""

from datetime import datetime

import strawberry
from strawberry.scalars import ID

from contract_server.accounts.second_factor.policy import is_recent, needs_second_factor
from contract_server.accounts.sessions import MOST_LISTED
from contract_server.accounts.viewer import Viewer as LoggedInViewer
from contract_server.audit.log import LOG_INS_SHOWN, find_log_ins
from contract_server.graphql.context import RequestInfo
from contract_server.graphql.types.audit import PastLogIn
from contract_server.graphql.types.contract import Contract
from contract_server.graphql.types.enumerations import Role


@strawberry.type(description="A session of the viewer's account.")
class OpenSession:
    id: ID = strawberry.field(description="Its id, to end it by.")
    started_at: datetime = strawberry.field(description="When the person logged in.")
    last_used_at: datetime = strawberry.field(description="When it was used last, to the minute.")
    is_current: bool = strawberry.field(description="Whether it is the session that asks.")


@strawberry.type(description="The second factor of an operator.")
class SecondFactorStatus:
    required: bool = strawberry.field(description="Whether the viewer needs it to log in.")
    enrolled: bool = strawberry.field(description="Whether the viewer has registered a passkey.")
    recent: bool = strawberry.field(
        description="Whether it was shown a moment ago, or is not needed, so that mutations that reach far do not ask."
    )


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

    @strawberry.field(description=f"The open sessions of the account, the {MOST_LISTED} used last, the last first.")
    async def sessions(self, info: RequestInfo) -> list[OpenSession]:
        context = info.context
        return [
            OpenSession(
                id=ID(str(session.id)),
                started_at=context.local(session.created_at),
                last_used_at=context.local(session.last_used_at),
                is_current=session.id == self.logged_in.session_id,
            )
            for session in await context.services.sessions.find(self.logged_in)
        ]

    @strawberry.field(description="The state of the second factor; never required of contractors.")
    def second_factor(self, info: RequestInfo) -> SecondFactorStatus:
        required = info.context.services.settings.requires_second_factor
        return SecondFactorStatus(
            required=needs_second_factor(self.logged_in, required=required),
            enrolled=self.logged_in.has_second_factor,
            recent=is_recent(self.logged_in, required=required),
        )


@strawberry.type(description="A mailed link that can still be used.")
class PasswordResetLink:
    email: str = strawberry.field(description="The account's address, for the user name field of password managers.")
    expires_at: datetime = strawberry.field(description="Until when it can be used, if no other link is used before.")


@strawberry.type(description="A mailed link that can still be used.")
class AddressLink:
    new_email: str = strawberry.field(description="The address that the account is to have.")
    came_to_new_address: bool = strawberry.field(
        description="Whether the link was mailed to the new address, or to the present one."
    )
    expires_at: datetime = strawberry.field(description="Until when it can be used.")
