"""The contract as its contractor and the operators see it."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import TypeVar
from uuid import UUID

import strawberry
from strawberry.scalars import ID

from contract_rules import (
    Action,
    DeadlineKind,
    EventType,
    Status,
    available_actions,
    complete,
    describe_policy,
    explain_deadline,
    service_available,
)
from contract_rules import Actor as RulesActor
from contract_rules import Policy as RulesPolicy
from contract_rules import Timeline as RulesTimeline
from contract_server.accounts.models import Role
from contract_server.contracts.models import ContractEvent as EventRow
from contract_server.contracts.models import TerminationReason as StoredReason
from contract_server.contracts.queries import (
    USUAL_PAGE,
    ContractPage,
    EventPage,
    EventPageKey,
    InvalidPage,
    contract_cursor,
    event_cursor,
)
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.viewer_contract import CompanyProfile
from contract_server.graphql.context import RequestContext, RequestInfo
from contract_server.graphql.types.pagination import PageInfo, invalid_page


@strawberry.interface
class Node:
    """Anything that has an id of its own."""

    id: ID


@strawberry.enum
class ContractStatus(Enum):
    """What is stored of where a contract stands."""

    ACTIVE = strawberry.enum_value("ACTIVE", description="契約中")
    TERMINATED = strawberry.enum_value(
        "TERMINATED",
        description=("契約終了: application accepted; see `serviceAvailable` and `termination` for what still holds."),
    )
    ERASED = strawberry.enum_value(
        "ERASED", description="Registered information erased; only a record without personal data remains."
    )


@strawberry.enum
class ContractAction(Enum):
    """What a contractor may do."""

    TERMINATE = "TERMINATE"
    RESUME = "RESUME"


@strawberry.enum
class TerminationReason(Enum):
    """Why a contractor leaves."""

    NO_LONGER_NEEDED = "NO_LONGER_NEEDED"
    MISSING_FEATURES = "MISSING_FEATURES"
    TOO_EXPENSIVE = "TOO_EXPENSIVE"
    SWITCHED_SERVICE = "SWITCHED_SERVICE"
    COMPANY_CLOSED = "COMPANY_CLOSED"
    MISTAKE = "MISTAKE"
    OTHER = "OTHER"


@strawberry.enum
class ContractEventType(Enum):
    """What can happen to a contract."""

    STARTED = "STARTED"
    TERMINATION_REQUESTED = "TERMINATION_REQUESTED"
    RESUMED = "RESUMED"
    SERVICE_ENDED = "SERVICE_ENDED"
    ERASURE_HELD = "ERASURE_HELD"
    ERASURE_HOLD_RELEASED = "ERASURE_HOLD_RELEASED"
    ERASED = "ERASED"


@strawberry.enum
class Actor(Enum):
    """Who made it happen."""

    CONTRACTOR = "CONTRACTOR"
    OPERATOR = "OPERATOR"
    SYSTEM = "SYSTEM"


Stored = TypeVar("Stored", bound=Enum)
Shown = TypeVar("Shown", bound=Enum)


def shown_as(shown: type[Shown], stored: type[Stored]) -> Mapping[Stored, Shown]:
    """Map every stored member to the member of the API that has its name."""
    names = shown.__members__
    return complete(shown.__name__, stored, {member: names[member.name] for member in stored if member.name in names})


_STATUSES = shown_as(ContractStatus, Status)
_REASONS = shown_as(TerminationReason, StoredReason)
_EVENT_TYPES = shown_as(ContractEventType, EventType)
_ACTORS = shown_as(Actor, RulesActor)
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
"""What a contractor is offered; None for what the API offers no contractor."""


@strawberry.type
class Company:
    """The contractor's company."""

    name: str
    address: str
    postal_code: str
    phone_number: str

    @classmethod
    def of(cls, company: CompanyProfile) -> "Company":
        """The company as it is stored."""
        return cls(
            name=company.name,
            address=company.address,
            postal_code=company.postal_code,
            phone_number=company.phone_number,
        )


@strawberry.type
class Contractor:
    """The person who made the contract."""

    name: str
    email: str


@strawberry.type
class Deadline:
    """One of the three dates."""

    last_day: date = strawberry.field(description="The last day that counts: of use, of resuming, of keeping the data.")
    at: datetime = strawberry.field(
        description="The first instant after `lastDay`: from here on the deadline has passed."
    )
    kind: strawberry.Private[DeadlineKind]
    timeline: strawberry.Private[RulesTimeline]
    as_of: strawberry.Private[datetime]

    @classmethod
    def of(cls, kind: DeadlineKind, timeline: RulesTimeline, now: datetime, context: RequestContext) -> "Deadline":
        """The deadline as it stands at that instant."""
        deadline = timeline.deadline(kind)
        return cls(last_day=deadline.last_day, at=context.local(deadline.at), kind=kind, timeline=timeline, as_of=now)

    @strawberry.field
    def passed(self) -> bool:
        return self.timeline.deadline(self.kind).passed(self.as_of)

    @strawberry.field(description="Days from today to `lastDay`; 0 on that day, negative after it.")
    def days_left(self, info: RequestInfo) -> int:
        return self.timeline.deadline(self.kind).days_left(info.context.today(self.as_of))

    @strawberry.field(description="Why this date, for a person, in the request's language.")
    def explanation(self, info: RequestInfo) -> str:
        policy = info.context.services.policies.version(self.timeline.policy_version)
        return explain_deadline(self.kind, self.timeline, policy, info.context.language)


@strawberry.type(
    description=(
        "The dates that follow from one application, under the policy version in force when it was made."
        " A later policy never moves them."
    )
)
class Timeline:
    """The three dates."""

    requested_on: date
    policy_version: str
    service_end: Deadline
    resumption: Deadline
    erasure: Deadline

    @classmethod
    def of(cls, timeline: RulesTimeline, now: datetime, context: RequestContext) -> "Timeline":
        """The timeline as it stands at that instant."""
        return cls(
            requested_on=timeline.requested_on,
            policy_version=timeline.policy_version,
            service_end=Deadline.of(DeadlineKind.SERVICE_END, timeline, now, context),
            resumption=Deadline.of(DeadlineKind.RESUMPTION, timeline, now, context),
            erasure=Deadline.of(DeadlineKind.ERASURE, timeline, now, context),
        )


@strawberry.type
class Termination:
    """An application."""

    id: ID
    requested_at: datetime
    reason: TerminationReason | None
    timeline: Timeline


@strawberry.type
class Policy:
    """The terms."""

    name: str
    version: str
    time_zone: str
    service_end_days: int
    resumption_days: int
    erasure_days: int
    description: str = strawberry.field(description="The rule of counting, for a person, in the request's language.")

    @classmethod
    def of(cls, policy: RulesPolicy, context: RequestContext) -> "Policy":
        """The policy in the request's language."""
        return cls(
            name=policy.name,
            version=policy.version,
            time_zone=policy.zone.key,
            service_end_days=policy.service_end.count,
            resumption_days=policy.resumption.count,
            erasure_days=policy.erasure.count,
            description=describe_policy(policy, context.language),
        )


@strawberry.type
class ContractEvent(Node):
    """Something that happened."""

    at: datetime
    type: ContractEventType
    actor: Actor
    termination_id: ID | None = strawberry.field(description="Of the application that the event belongs to, if any.")

    @classmethod
    def of(cls, row: EventRow, context: RequestContext) -> "ContractEvent":
        """The event as it is stored."""
        return cls(
            id=ID(str(row.id)),
            at=context.local(row.at),
            type=_EVENT_TYPES[row.type],
            actor=_ACTORS[row.actor],
            termination_id=ID(str(row.application_id)) if row.application_id else None,
        )


@strawberry.type
class ContractEventEdge:
    """An event and its place."""

    cursor: str
    node: ContractEvent


@strawberry.type
class ContractEventConnection:
    """A page of events."""

    edges: list[ContractEventEdge]
    nodes: list[ContractEvent]
    page_info: PageInfo

    @classmethod
    def of(cls, page: EventPage, context: RequestContext) -> "ContractEventConnection":
        """The page with its cursors."""
        cursors = [event_cursor(event) for event in page.events]
        nodes = [ContractEvent.of(event, context) for event in page.events]
        return cls(
            edges=[ContractEventEdge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
            nodes=nodes,
            page_info=PageInfo.of(cursors, has_next=page.has_next, has_previous=page.has_previous),
        )


@strawberry.type
class ErasureHold:
    """Erasure is postponed."""

    placed_at: datetime
    reason: str


@strawberry.type
class Contract(Node):
    """A contract, at one moment, for one viewer."""

    snapshot: strawberry.Private[ContractSnapshot]
    as_of: strawberry.Private[datetime]
    version: int = strawberry.field(description="Grows with every change; send it back as `expectedVersion`.")

    @classmethod
    def of(cls, snapshot: ContractSnapshot, now: datetime) -> "Contract":
        """The contract as it stood at that instant."""
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
    def status(self) -> ContractStatus:
        return _STATUSES[self.snapshot.facts.status]

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
        reason = self.snapshot.reason
        return Termination(
            id=ID(str(self.snapshot.application_id)),
            requested_at=info.context.local(application.requested_at),
            reason=_REASONS[reason] if reason else None,
            timeline=Timeline.of(application.timeline, self.as_of, info.context),
        )

    @strawberry.field(description="What this viewer may do now: which buttons to show.")
    async def available_actions(self, info: RequestInfo) -> list[ContractAction]:
        viewer = await info.context.viewer()
        if viewer is None or viewer.role is not Role.CONTRACTOR:
            return []  # the two mutations are the contractor's
        policy = info.context.services.policies.in_force_at(self.as_of)
        possible = available_actions(policy, self.snapshot.facts, viewer.actor, self.as_of)
        return [shown for action in possible if (shown := _ACTIONS[action])]

    @strawberry.field(description="The members whose registration will be erased, with the contractor's own.")
    async def member_count(self, info: RequestInfo) -> int:
        return await info.context.loaders.member_counts.load(self.snapshot.id)

    @strawberry.field(description="OPERATOR. Null when erasure is not on hold.")
    async def erasure_hold(self, info: RequestInfo) -> ErasureHold | None:
        viewer = await info.context.viewer()
        hold = self.snapshot.hold
        if hold is None or viewer is None or viewer.role is not Role.OPERATOR:
            return None
        return ErasureHold(placed_at=info.context.local(hold.placed_at), reason=hold.reason)

    @strawberry.field(description="What happened, oldest first. Survives erasure; carries nothing personal.")
    async def events(
        self, info: RequestInfo, first: int | None = USUAL_PAGE, after: str | None = strawberry.UNSET
    ) -> ContractEventConnection:
        key = EventPageKey(self.snapshot.id, USUAL_PAGE if first is None else first, after or None)
        try:
            page = await info.context.loaders.event_pages.load(key)
        except InvalidPage as error:
            raise invalid_page(error) from None
        return ContractEventConnection.of(page, info.context)


@strawberry.type
class ContractEdge:
    """A contract and its place."""

    cursor: str
    node: Contract


@strawberry.type
class ContractConnection:
    """A page of contracts."""

    edges: list[ContractEdge]
    nodes: list[Contract]
    page_info: PageInfo

    @classmethod
    def of(cls, page: ContractPage, now: datetime) -> "ContractConnection":
        """The page with its cursors."""
        cursors = [contract_cursor(contract) for contract in page.contracts]
        nodes = [Contract.of(contract, now) for contract in page.contracts]
        return cls(
            edges=[ContractEdge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
            nodes=nodes,
            page_info=PageInfo.of(cursors, has_next=page.has_next, has_previous=page.has_previous),
        )


def parse_contract_id(text: str) -> UUID | None:
    """The id, or None where it is not of the form of one: there is no such contract."""
    try:
        return UUID(text)
    except ValueError:
        return None
