"""The contract as its contractor and the operators see it."""

from datetime import date, datetime
from uuid import UUID

import strawberry
from strawberry.scalars import ID

from contract_rules import Action, available_actions, complete, service_available
from contract_server.contracts.holds.records import LISTED as HOLDS_LISTED
from contract_server.contracts.holds.records import HoldRecord
from contract_server.contracts.lookup.receipt_numbers import format_receipt_number
from contract_server.contracts.queries import EventPageKey, contract_cursor
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.viewer_contract import CompanyProfile
from contract_server.db.pages import USUAL_PAGE, Page
from contract_server.erasure.confirmations import LISTED as CONFIRMATIONS_LISTED
from contract_server.graphql.context import RequestContext, RequestInfo
from contract_server.graphql.permissions import is_operator
from contract_server.graphql.types.enumerations import ContractAction, Status
from contract_server.graphql.types.events import ContractEventConnection
from contract_server.graphql.types.node import Node
from contract_server.graphql.types.operator_views import (
    CASE,
    REVIEW_ON,
    ContractMail,
    ErasureConfirmationRecord,
    ErasureHoldRecord,
)
from contract_server.graphql.types.pagination import (
    CURSOR,
    EDGES,
    NODE,
    NODES,
    PAGE_INFO,
    After,
    Before,
    First,
    Last,
    PageInfo,
    read_event_cursor,
    read_part,
    write_contract_cursor,
)
from contract_server.graphql.types.timeline import Termination, Timeline
from contract_server.mail.contract_mails import LISTED as MAILS_LISTED

_ACTIONS = complete(
    "_ACTIONS",
    Action,
    {
        Action.TERMINATE: ContractAction.TERMINATE,
        Action.RESUME: ContractAction.RESUME,
        Action.END_SERVICE: None,
        Action.HOLD_ERASURE: None,
        Action.RELEASE_ERASURE_HOLD: None,
        Action.ERASE: None,
    },
)
"""What contractors, and operators for them, are offered; None for what the API offers neither."""


@strawberry.type(description="The company that the contract is with.")
class Company:
    name: str = strawberry.field(description="会社名.")
    address: str = strawberry.field(description="会社住所.")
    postal_code: str = strawberry.field(description="郵便番号.")
    phone_number: str = strawberry.field(description="電話番号.")

    @classmethod
    def of(cls, company: CompanyProfile) -> "Company":
        return cls(
            name=company.name,
            address=company.address,
            postal_code=company.postal_code,
            phone_number=company.phone_number,
        )


@strawberry.type(description="契約者: the person who may end the contract.")
class Contractor:
    name: str = strawberry.field(description="契約者名.")
    email: str = strawberry.field(description="契約者メールアドレス.")


@strawberry.type(description="抹消の保留: while it is there, nothing is erased. Of several, the newest in force.")
class ErasureHold:
    contract_id: strawberry.Private[UUID]
    placed_at: datetime = strawberry.field(description="Since when erasure is on hold, for whatever case.")
    reason: str = strawberry.field(description="Why, as the operator wrote it.")

    @strawberry.field(description=CASE)
    async def reference(self, info: RequestInfo) -> str | None:
        record = await self._record(info.context)
        return record.reference if record else None

    @strawberry.field(description=REVIEW_ON)
    async def review_on(self, info: RequestInfo) -> date | None:
        record = await self._record(info.context)
        return info.context.today(record.review_at) if record and record.review_at else None

    async def _record(self, context: RequestContext) -> HoldRecord | None:
        holds = await context.loaders.holds.load(self.contract_id)
        return next((hold for hold in holds if hold.released_at is None), None)


@strawberry.type(description="契約: what a company has with おまかせログイン.")
class Contract(Node):
    id: ID = strawberry.field(description="Stays after everything else has been erased.")
    snapshot: strawberry.Private[ContractSnapshot]
    as_of: strawberry.Private[datetime]
    version: int = strawberry.field(description="Grows with every change; send it back as `expectedVersion`.")

    @classmethod
    def of(cls, snapshot: ContractSnapshot, now: datetime) -> "Contract":
        return cls(id=ID(str(snapshot.id)), version=snapshot.facts.version, snapshot=snapshot, as_of=now)

    @strawberry.field(description="会社名, 会社住所, 郵便番号, 電話番号. Null once erased.")
    async def company(self, info: RequestInfo) -> Company | None:
        company = await info.context.company(self.snapshot.id)
        return Company.of(company) if company else None

    @strawberry.field(description="契約者名, 契約者メールアドレス. Null once erased.")
    async def contractor(self, info: RequestInfo) -> Contractor | None:
        person = await info.context.contractor(self.snapshot.id)
        return Contractor(name=person.name, email=person.email) if person else None

    @strawberry.field(description="契約状態.")
    def status(self) -> Status:
        return self.snapshot.facts.status

    @strawberry.field(description="契約開始日. Resuming keeps it.")
    def started_on(self) -> date:
        return self.snapshot.started_on

    @strawberry.field(
        description=("契約終了日: the last day on which the service can be used; null (shown as `-`) while active.")
    )
    def ended_on(self) -> date | None:
        application = self.snapshot.facts.application
        return application.timeline.service_end.last_day if application else None

    @strawberry.field(
        description=(
            "Whether members may use the service now: true through `endedOn`, although the status is TERMINATED"
            " from the application on."
        )
    )
    def service_available(self) -> bool:
        return service_available(self.snapshot.facts, self.as_of)

    @strawberry.field(description="The application in force; null while active.")
    def termination(self, info: RequestInfo) -> Termination | None:
        application = self.snapshot.facts.application
        if application is None:
            return None
        return Termination(
            id=ID(str(self.snapshot.application_id)),
            receipt_number=format_receipt_number(number) if (number := self.snapshot.receipt_number) else None,
            requested_at=info.context.local(application.requested_at),
            reason=self.snapshot.reason,
            timeline=Timeline.of(
                application.timeline, self.as_of, info.context, erased=self.snapshot.facts.status is Status.ERASED
            ),
        )

    @strawberry.field(description="What this viewer may do now: which buttons to show.")
    async def available_actions(self, info: RequestInfo) -> list[ContractAction]:
        viewer = await info.context.viewer()
        if viewer is None:
            return []
        policy = info.context.services.policies.in_force_at(self.as_of)
        actions = available_actions(policy, self.snapshot.facts, viewer.actor, self.as_of)
        return [offered for action in actions if (offered := _ACTIONS[action])]

    @strawberry.field(description="The members whose registration will be erased, with the contractor's own.")
    async def member_count(self, info: RequestInfo) -> int:
        return await info.context.loaders.member_counts.load(self.snapshot.id)

    @strawberry.field(description="OPERATOR. Null when erasure is not on hold.")
    async def erasure_hold(self, info: RequestInfo) -> ErasureHold | None:
        hold = self.snapshot.hold
        if hold is None or not await is_operator(info.context):
            return None
        return ErasureHold(
            contract_id=self.snapshot.id, placed_at=info.context.local(hold.placed_at), reason=hold.reason
        )

    @strawberry.field(
        description=(
            f"OPERATOR. All holds, the newest first, {HOLDS_LISTED} at most, above all those in force; none for"
            " contractors."
        )
    )
    async def erasure_holds(self, info: RequestInfo) -> list[ErasureHoldRecord]:
        if not await is_operator(info.context):
            return []
        holds = await info.context.loaders.holds.load(self.snapshot.id)
        return [ErasureHoldRecord.of(hold, info.context) for hold in holds]

    @strawberry.field(
        description=(
            f"OPERATOR. What other services say of their own copies, once erased, {CONFIRMATIONS_LISTED} at most;"
            " none for contractors."
        )
    )
    async def erasure_confirmations(self, info: RequestInfo) -> list[ErasureConfirmationRecord]:
        if not await is_operator(info.context):
            return []
        now = await info.context.now()
        standings = await info.context.loaders.standings.load((self.snapshot.id, now))
        return [ErasureConfirmationRecord.of(standing, info.context) for standing in standings]

    @strawberry.field(
        description=f"OPERATOR. The mails, the newest first, {MAILS_LISTED} at most; none for contractors."
    )
    async def mails(self, info: RequestInfo) -> list[ContractMail]:
        if not await is_operator(info.context):
            return []
        mails = await info.context.loaders.mails.load(self.snapshot.id)
        return [ContractMail.of(mail, info.context) for mail in mails]

    @strawberry.field(description="What happened, oldest first. Survives erasure; carries nothing personal.")
    async def events(
        self,
        info: RequestInfo,
        first: First = USUAL_PAGE,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> ContractEventConnection:
        part = read_part(read_event_cursor, first, after, last, before)
        key = EventPageKey(self.snapshot.id, part, for_operator=await is_operator(info.context))
        page = await info.context.loaders.event_pages.load(key)
        return ContractEventConnection.of(page, info.context)


@strawberry.type(description="A contract in its page.")
class ContractEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: Contract = strawberry.field(description=NODE)


@strawberry.type(description="A page of contracts, the newest first.")
class ContractConnection:
    edges: list[ContractEdge] = strawberry.field(description=EDGES)
    nodes: list[Contract] = strawberry.field(description=NODES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)

    @classmethod
    def of(cls, page: Page[ContractSnapshot], now: datetime) -> "ContractConnection":
        cursors = [write_contract_cursor(contract_cursor(contract)) for contract in page.items]
        nodes = [Contract.of(contract, now) for contract in page.items]
        return cls(
            edges=[ContractEdge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
            nodes=nodes,
            page_info=PageInfo.of(page, cursors),
        )


def parse_contract_id(text: str) -> UUID | None:
    """The id, or None for a text that is no UUID: there is no such contract."""
    try:
        return UUID(text)
    except ValueError:
        return None
