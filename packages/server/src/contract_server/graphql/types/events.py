"""The history of a contract."""

from datetime import datetime

import strawberry
from strawberry.scalars import ID

from contract_server.contracts.models import ContractEvent as EventRow
from contract_server.contracts.queries import event_cursor
from contract_server.db.pages import Page
from contract_server.graphql.context import RequestContext
from contract_server.graphql.types.enumerations import Actor, EventType
from contract_server.graphql.types.node import Node
from contract_server.graphql.types.pagination import (
    CURSOR,
    EDGES,
    NODE,
    NODES,
    PAGE_INFO,
    PageInfo,
    write_event_cursor,
)


@strawberry.type(description="Something that happened to a contract.")
class ContractEvent(Node):
    id: ID = strawberry.field(description="The event's own.")
    at: datetime = strawberry.field(
        description="When; of `SERVICE_ENDED` and `ERASURE_DUE` the promised instant, of all others the actual one."
    )
    type: EventType = strawberry.field(description="What happened.")
    actor: Actor = strawberry.field(description="Who did it.")
    termination_id: ID | None = strawberry.field(description="Of the application that the event belongs to, if any.")

    @classmethod
    def of(cls, row: EventRow, context: RequestContext) -> "ContractEvent":
        return cls(
            id=ID(str(row.id)),
            at=context.local(row.at),
            type=row.type,
            actor=row.actor,
            termination_id=ID(str(row.application_id)) if row.application_id else None,
        )


@strawberry.type(description="An event in its page.")
class ContractEventEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: ContractEvent = strawberry.field(description=NODE)


@strawberry.type(description="A page of events, the oldest first.")
class ContractEventConnection:
    edges: list[ContractEventEdge] = strawberry.field(description=EDGES)
    nodes: list[ContractEvent] = strawberry.field(description=NODES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)

    @classmethod
    def of(cls, page: Page[EventRow], context: RequestContext) -> "ContractEventConnection":
        cursors = [write_event_cursor(event_cursor(event)) for event in page.items]
        nodes = [ContractEvent.of(event, context) for event in page.items]
        return cls(
            edges=[ContractEventEdge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
            nodes=nodes,
            page_info=PageInfo.of(page, cursors),
        )
