"""What other services read: the feed of changes, and the facts of contracts."""

from datetime import date, datetime

import strawberry
from strawberry.scalars import ID

from contract_rules import Deadline as RulesDeadline
from contract_rules import standing, to_json
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.db.pages import Page
from contract_server.graphql.context import RequestContext
from contract_server.graphql.types.enumerations import EventType
from contract_server.graphql.types.pagination import (
    CURSOR,
    EDGES,
    NODE,
    NODES,
    PAGE_INFO,
    PageInfo,
    write_change_cursor,
)
from contract_server.integration import feed


@strawberry.type(description="A last day that was promised, and the instant at which it is over.")
class PromisedDay:
    last_day: date = strawberry.field(description="The last day that counts.")
    at: datetime = strawberry.field(description="The first instant after `lastDay`.")

    @classmethod
    def of(cls, deadline: RulesDeadline, context: RequestContext) -> "PromisedDay":
        return cls(last_day=deadline.last_day, at=context.local(deadline.at))


@strawberry.type(description="The application that a change belongs to. Its dates never move.")
class ChangedApplication:
    id: ID = strawberry.field(description="Another application, after resuming, has another.")
    receipt_number: str = strawberry.field(description="受付番号.")
    requested_at: datetime = strawberry.field(description="When it was accepted.")
    policy_name: str = strawberry.field(description="The policy that sets the dates.")
    policy_version: str = strawberry.field(description="Its version.")
    service_end: PromisedDay = strawberry.field(description="Until when the service can be used.")
    resumption: PromisedDay = strawberry.field(description="Until when the contract can be resumed.")
    erasure: PromisedDay = strawberry.field(description="Until when the registered information is kept.")

    @classmethod
    def of(cls, application: feed.ChangedApplication, context: RequestContext) -> "ChangedApplication":
        timeline = application.timeline
        return cls(
            id=ID(str(application.id)),
            receipt_number=application.receipt_number,
            requested_at=context.local(application.requested_at),
            policy_name=timeline.policy_name,
            policy_version=timeline.policy_version,
            service_end=PromisedDay.of(timeline.service_end, context),
            resumption=PromisedDay.of(timeline.resumption, context),
            erasure=PromisedDay.of(timeline.erasure, context),
        )


@strawberry.type(description="A change of a contract. Nothing in it is personal.")
class Change:
    id: ID = strawberry.field(description="The event's own: the same whenever the change is read.")
    contract_id: ID = strawberry.field(description="Which contract.")
    version: int | None = strawberry.field(
        description="The contract's version after the change; null for events older than this was kept."
    )
    type: EventType = strawberry.field(description="What happened. `ERASED` is final; no other type is.")
    at: datetime = strawberry.field(
        description="When; of `SERVICE_ENDED` and `ERASURE_DUE` the promised instant, of all others the actual one."
    )
    application: ChangedApplication | None = strawberry.field(
        description=(
            "The application that the change belongs to; null for the start, for holds and for changes of what is"
            " registered."
        )
    )

    @classmethod
    def of(cls, change: feed.Change, context: RequestContext) -> "Change":
        return cls(
            id=ID(str(change.id)),
            contract_id=ID(str(change.contract_id)),
            version=change.version,
            type=change.type,
            at=context.local(change.at),
            application=ChangedApplication.of(change.application, context) if change.application else None,
        )


@strawberry.type(description="A change in its page.")
class ChangeEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: Change = strawberry.field(description=NODE)


@strawberry.type(description="A page of changes, in the order in which they were committed.")
class ChangeConnection:
    edges: list[ChangeEdge] = strawberry.field(description=EDGES)
    nodes: list[Change] = strawberry.field(description=NODES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)

    @classmethod
    def of(cls, page: Page[feed.Change], context: RequestContext) -> "ChangeConnection":
        cursors = [write_change_cursor(change.cursor) for change in page.items]
        nodes = [Change.of(change, context) for change in page.items]
        return cls(
            edges=[ChangeEdge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
            nodes=nodes,
            page_info=PageInfo.of(page, cursors),
        )


@strawberry.type(description="The facts of a contract, from which `contract_rules` answers without this server.")
class ContractFacts:
    contract_id: ID = strawberry.field(description="Which contract.")
    version: int = strawberry.field(description="Grows with each change: keep the facts with the highest.")
    facts: str = strawberry.field(description="JSON of the format `contract-facts/1`.")
    valid_until: datetime | None = strawberry.field(
        description="When the contract's standing changes by itself, as `standing` derives it from the facts; or null."
    )

    @classmethod
    def of(cls, contract: ContractSnapshot, now: datetime, context: RequestContext) -> "ContractFacts":
        until = standing(contract.facts, now).until
        return cls(
            contract_id=ID(str(contract.id)),
            version=contract.facts.version,
            facts=to_json(contract.facts),
            valid_until=context.local(until) if until else None,
        )


@strawberry.type(description="The facts of several contracts.")
class FactsOfContracts:
    contracts: list[ContractFacts] = strawberry.field(description="Those that exist, in the order of the ids.")
    unknown: list[ID] = strawberry.field(description="The ids of no contract, as they were written.")
