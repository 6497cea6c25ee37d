"""The audit trail as operators read it."""

from datetime import datetime

import strawberry
from strawberry.scalars import ID

from contract_server.audit.log import LogEntry, LogIn, Person, cursor_of
from contract_server.db.pages import Page
from contract_server.graphql.context import RequestContext
from contract_server.graphql.types.enumerations import Actor, AuditAction, EventType, Interface
from contract_server.graphql.types.node import Node
from contract_server.graphql.types.pagination import CURSOR, EDGES, NODE, NODES, PAGE_INFO, PageInfo, write_audit_cursor


@strawberry.type(description="An account in the audit trail.")
class AuditedAccount:
    id: ID = strawberry.field(description="Stays after the account has been erased.")
    name: str | None = strawberry.field(description="The person's name now; null once erased.")

    @classmethod
    def of(cls, person: Person | None) -> "AuditedAccount | None":
        return cls(id=ID(str(person.id)), name=person.name) if person else None


@strawberry.type(description="Who did what, when, from where and why.")
class AuditEntry(Node):
    id: ID = strawberry.field(description="The entry's own; of a change of a contract, the event's.")
    at: datetime = strawberry.field(description="When; of changes of contracts by the contracts' clock.")
    action: AuditAction = strawberry.field(description="What was done.")
    event: EventType | None = strawberry.field(description="What happened to the contract, if it was changed.")
    actor: Actor | None = strawberry.field(description="In which role, if a contract was changed.")
    interface: Interface | None = strawberry.field(
        description="By which way; null for what the service does itself, and for changes older than the trail."
    )
    account: AuditedAccount | None = strawberry.field(description="Who did it, where that is known.")
    about: AuditedAccount | None = strawberry.field(description="The account that it was done to.")
    contract_id: ID | None = strawberry.field(description="The contract that it concerns.")
    termination_id: ID | None = strawberry.field(description="The application that it belongs to, if any.")
    subject: str | None = strawberry.field(description="Numbers: of the mail, or of what was changed.")
    reason: str | None = strawberry.field(description="Why, in an operator's own words; null once erased.")
    source: str | None = strawberry.field(
        description="A keyed hash of the client's address: the same for the same address; null once erased."
    )

    @classmethod
    def of(cls, entry: LogEntry, context: RequestContext) -> "AuditEntry":
        return cls(
            id=ID(str(entry.id)),
            at=context.local(entry.at),
            action=entry.action,
            event=entry.event_type,
            actor=entry.actor,
            interface=entry.interface,
            account=AuditedAccount.of(entry.account),
            about=AuditedAccount.of(entry.about),
            contract_id=ID(str(entry.contract_id)) if entry.contract_id else None,
            termination_id=ID(str(entry.application_id)) if entry.application_id else None,
            subject=entry.subject,
            reason=entry.reason,
            source=entry.source,
        )


@strawberry.type(description="An entry in its page.")
class AuditEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: AuditEntry = strawberry.field(description=NODE)


@strawberry.type(description="A page of entries, the newest first.")
class AuditConnection:
    edges: list[AuditEdge] = strawberry.field(description=EDGES)
    nodes: list[AuditEntry] = strawberry.field(description=NODES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)

    @classmethod
    def of(cls, page: Page[LogEntry], context: RequestContext) -> "AuditConnection":
        cursors = [write_audit_cursor(cursor_of(entry)) for entry in page.items]
        nodes = [AuditEntry.of(entry, context) for entry in page.items]
        return cls(
            edges=[AuditEdge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
            nodes=nodes,
            page_info=PageInfo.of(page, cursors),
        )


@strawberry.type(description="A log-in to the viewer's account.")
class PastLogIn:
    at: datetime = strawberry.field(description="When.")
    interface: Interface = strawberry.field(description="By which way.")
    from_here: bool = strawberry.field(description="Whether it came from the address that asks now.")

    @classmethod
    def of(cls, log_in: LogIn, context: RequestContext) -> "PastLogIn":
        return cls(at=context.local(log_in.at), interface=log_in.interface, from_here=log_in.source == context.source())
