"""What operators alone see: holds, mails, and the erasures that are due."""

import asyncio
from datetime import date, datetime
from typing import TypeVar

import strawberry
from strawberry.scalars import ID

from contract_server.contracts.holds.records import HoldRecord, Operator
from contract_server.db.pages import Page
from contract_server.erasure.confirmations import Standing
from contract_server.erasure.due_erasures import DueErasure as DueErasureRow
from contract_server.erasure.due_erasures import cursor_of
from contract_server.erasure.models import ErasureApprovalRequest as RequestRow
from contract_server.graphql.context import RequestContext, RequestInfo
from contract_server.graphql.types.audit import AuditedAccount
from contract_server.graphql.types.enumerations import ConfirmedOutcome, ErasureState, MailState
from contract_server.graphql.types.pagination import CURSOR, EDGES, NODE, NODES, PAGE_INFO, PageInfo, write_due_cursor
from contract_server.mail.contract_mails import ContractMail as MailRow

Value = TypeVar("Value")

CASE = "The case, by its number; survives erasure."
REVIEW_ON = "From this day on, `health` reminds of the hold."
MAIL_ID = "Its number."


@strawberry.type(description="抹消の保留, in force or released. Kept after the erasure, without the reasons.")
class ErasureHoldRecord:
    id: ID = strawberry.field(description="By which it is released.")
    reference: str | None = strawberry.field(description=CASE)
    reason: str | None = strawberry.field(description="Why, as the operator wrote it; null once erased.")
    placed_at: datetime = strawberry.field(description="Since when.")
    placed_by: AuditedAccount | None = strawberry.field(description="The operator, where that is known.")
    review_on: date | None = strawberry.field(description=REVIEW_ON)
    released_at: datetime | None = strawberry.field(description="Until when; null while it is in force.")
    released_by: AuditedAccount | None = strawberry.field(description="The operator who released it.")
    release_reason: str | None = strawberry.field(description="Why, as the operator wrote it; null once erased.")

    @classmethod
    def of(cls, record: HoldRecord, context: RequestContext) -> "ErasureHoldRecord":
        return cls(
            id=ID(str(record.id)),
            reference=record.reference,
            reason=record.reason,
            placed_at=context.local(record.placed_at),
            placed_by=_account(record.placed_by),
            review_on=context.today(record.review_at) if record.review_at else None,
            released_at=context.local(record.released_at) if record.released_at else None,
            released_by=_account(record.released_by),
            release_reason=record.release_reason,
        )


@strawberry.type(description="Where another service stands with its own copies of an erased contract.")
class ErasureConfirmationRecord:
    service_name: str = strawberry.field(description="The service.")
    outcome: ConfirmedOutcome | None = strawberry.field(description="Its last answer; null before there is one.")
    reason: str | None = strawberry.field(description="Why something is retained.")
    until: date | None = strawberry.field(description="The last day on which it is retained.")
    confirmed_at: datetime | None = strawberry.field(description="When it answered.")
    due_at: datetime | None = strawberry.field(description="By when an answer is awaited; null when none is.")
    overdue: bool = strawberry.field(description="Whether that has passed.")

    @classmethod
    def of(cls, standing: Standing, context: RequestContext) -> "ErasureConfirmationRecord":
        answer = standing.answer
        return cls(
            service_name=standing.service_name,
            outcome=answer.outcome if answer else None,
            reason=answer.reason if answer else None,
            until=answer.until if answer else None,
            confirmed_at=context.local(standing.confirmed_at) if standing.confirmed_at else None,
            due_at=context.local(standing.due_at) if standing.due_at else None,
            overdue=standing.overdue,
        )


@strawberry.type(description="A mail of a contract; gone once erased.")
class ContractMail:
    id: ID = strawberry.field(description=MAIL_ID)
    kind: str = strawberry.field(description="Which mail, as `termination_accepted`.")
    state: MailState = strawberry.field(description="What became of it.")
    attempts: int = strawberry.field(description="How often it was handed to the mail server.")
    failure: str | None = strawberry.field(description="The kind of the last failure.")
    queued_at: datetime = strawberry.field(description="When it was queued.")
    sent_at: datetime | None = strawberry.field(description="When it was sent.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is tried next, while it is pending.")

    @classmethod
    def of(cls, mail: MailRow, context: RequestContext) -> "ContractMail":
        return cls(
            id=ID(str(mail.id)),
            kind=mail.kind,
            state=mail.state,
            attempts=mail.attempts,
            failure=mail.failure,
            queued_at=context.local(mail.dated_at),
            sent_at=context.local(mail.sent_at) if mail.sent_at else None,
            next_attempt_at=context.local(mail.next_attempt_at) if mail.state is MailState.PENDING else None,
        )


@strawberry.type(description="An erasure that is scheduled, due or blocked.")
class DueErasure:
    contract_id: ID = strawberry.field(description="The contract.")
    company_name: str | None = strawberry.field(description="会社名.")
    due_at: datetime = strawberry.field(description="When it falls due.")
    state: ErasureState = strawberry.field(description="Where it stands.")
    tries: int = strawberry.field(description="How often it has failed.")
    failure: str | None = strawberry.field(description="The kind of the last failure.")

    @classmethod
    async def of(cls, erasure: DueErasureRow, context: RequestContext) -> "DueErasure":
        company = await context.company(erasure.contract_id)
        return cls(
            contract_id=ID(str(erasure.contract_id)),
            company_name=company.name if company else None,
            due_at=context.local(erasure.due_at),
            state=erasure.state,
            tries=erasure.tries or 0,
            failure=erasure.failure,
        )


@strawberry.type(description="An erasure in its page.")
class DueErasureEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: DueErasure = strawberry.field(description=NODE)


@strawberry.type(description="A page of erasures; those that fall due first are at its head.")
class DueErasureConnection:
    edges: list[DueErasureEdge] = strawberry.field(description=EDGES)
    nodes: list[DueErasure] = strawberry.field(description=NODES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)

    @classmethod
    async def of(cls, page: Page[DueErasureRow], context: RequestContext) -> "DueErasureConnection":
        cursors = [write_due_cursor(cursor_of(erasure)) for erasure in page.items]
        nodes = await asyncio.gather(*(DueErasure.of(erasure, context) for erasure in page.items))
        return cls(
            edges=[DueErasureEdge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
            nodes=nodes,
            page_info=PageInfo.of(page, cursors),
        )


@strawberry.type(description="A wave of erasures that an operator has asked another one to approve.")
class ErasureApprovalRequest:
    id: ID = strawberry.field(description="For `approveErasures`.")
    contracts: int = strawberry.field(description="How many contracts were due.")
    requested_at: datetime = strawberry.field(description="When it was asked for; later erasures are not part of it.")
    may_approve: bool = strawberry.field(description="Whether this viewer may approve it.")

    @classmethod
    def of(cls, request: RequestRow, context: RequestContext, *, may_approve: bool) -> "ErasureApprovalRequest":
        return cls(
            id=ID(str(request.id)),
            contracts=request.contracts,
            requested_at=context.local(request.requested_at),
            may_approve=may_approve,
        )


@strawberry.type(description="The breaker: more erasures than usual wait for an approval.")
class ErasureBreaker:
    due: int = strawberry.field(description="How many erasures are due, without those on hold or failed.")
    limit: int = strawberry.field(description="How many may pass without an approval.")
    stopped: bool = strawberry.field(description="Whether all wait for an approval.")
    failed: int = strawberry.field(description="How many due actions have failed permanently.")

    @strawberry.field(description="The request that waits for an approval; null when there is none.")
    async def request(self, info: RequestInfo) -> ErasureApprovalRequest | None:
        context = info.context
        approvals, viewer = context.services.approvals, await context.viewer()
        request = await approvals.find_request() if self.stopped else None
        if request is None or viewer is None:
            return None
        return ErasureApprovalRequest.of(
            request, context, may_approve=approvals.may_approve(request, viewer.account_id)
        )


def _account(operator: Operator | None) -> AuditedAccount | None:
    return AuditedAccount(id=ID(str(operator.id)), name=operator.name) if operator else None
