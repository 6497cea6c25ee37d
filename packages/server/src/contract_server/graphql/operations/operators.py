"""The queries and mutations of operators: mails, contractors' accounts, due erasures."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import strawberry
from strawberry.scalars import ID

from contract_server.accounts.models import Role
from contract_server.contracts.result import ContractNotFound, NotPossible, Obstacle
from contract_server.db.pages import USUAL_PAGE
from contract_server.erasure.due_erasures import find_due_erasures
from contract_server.graphql.context import RequestContext, RequestInfo
from contract_server.graphql.operations.arguments import read_contract_id, read_reason, value_or_none
from contract_server.graphql.permissions import require_role
from contract_server.graphql.types import inputs, results
from contract_server.graphql.types.contract import Contract
from contract_server.graphql.types.inputs import Input
from contract_server.graphql.types.operator_views import (
    DueErasureConnection,
    ErasureApprovalRequest,
    ErasureBreaker,
)
from contract_server.graphql.types.pagination import After, Before, First, Last, read_due_cursor, read_part
from contract_server.monitoring.health import failed_actions
from contract_server.schedule.failed_actions import retry_failed
from contract_server.schedule.failed_mails import dismiss_mail, retry_mails

_LARGEST_NUMBER = 2**63 - 1
_DIGITS = len(str(_LARGEST_NUMBER)) + 1


@strawberry.type
class OperatorQuery:
    """The queries about the work of operators."""

    @strawberry.field(description="OPERATOR. The erasures that are due, blocked or scheduled, the oldest first.")
    async def due_erasures(
        self,
        info: RequestInfo,
        first: First = USUAL_PAGE,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> DueErasureConnection:
        context = info.context
        await require_role(context, Role.OPERATOR)
        part = read_part(read_due_cursor, first, after, last, before)
        now = await context.now()
        page = await find_due_erasures(await context.services.breaker.assess(now), now, part)
        return await DueErasureConnection.of(page, context)

    @strawberry.field(description="OPERATOR. Whether erasures wait for an approval.")
    async def erasure_breaker(self, info: RequestInfo) -> ErasureBreaker:
        context = info.context
        await require_role(context, Role.OPERATOR)
        assessment = await context.services.breaker.assess(await context.now())
        return ErasureBreaker(
            due=assessment.due,
            limit=assessment.limit,
            stopped=assessment.stopped,
            failed=await failed_actions(),
        )


@strawberry.type
class OperatorMutation:
    """The mutations of operators beside changes of contracts."""

    @strawberry.mutation(description="OPERATOR. Counts the contractor's failed log-ins and requested links no longer.")
    async def unlock_contractor(
        self, info: RequestInfo, input: Input[inputs.ContractorAccountInput]
    ) -> results.ContractorAccountResult:
        return await _help(info.context, input, info.context.services.contractor_access.unlock)

    @strawberry.mutation(description="OPERATOR. Ends all sessions of the contractor.")
    async def end_contractor_sessions(
        self, info: RequestInfo, input: Input[inputs.ContractorAccountInput]
    ) -> results.ContractorAccountResult:
        return await _help(info.context, input, info.context.services.contractor_access.end_sessions)

    @strawberry.mutation(description="OPERATOR. Mails the contractor a link by which a new password is set.")
    async def send_password_link(
        self, info: RequestInfo, input: Input[inputs.ContractorAccountInput]
    ) -> results.ContractorAccountResult:
        return await _help(info.context, input, info.context.services.contractor_access.mail_link)

    @strawberry.mutation(description="OPERATOR. Sends a mail again that had failed permanently.")
    async def retry_mail(self, info: RequestInfo, input: Input[inputs.RetryMailInput]) -> results.RetryMailResult:
        viewer = await require_role(info.context, Role.OPERATOR)
        number = _number(input.mail_id, Obstacle.MAIL_NOT_FAILED)
        if not await retry_mails(await info.context.now(), number, account_id=viewer.account_id):
            raise NotPossible(Obstacle.MAIL_NOT_FAILED)
        return results.MailRetried(ok=True)

    @strawberry.mutation(description="OPERATOR. Closes a mail that had failed permanently, without another attempt.")
    async def dismiss_mail(self, info: RequestInfo, input: Input[inputs.DismissMailInput]) -> results.DismissMailResult:
        viewer = await require_role(info.context, Role.OPERATOR)
        reason = read_reason(input.reason)
        number = _number(input.mail_id, Obstacle.MAIL_NOT_FAILED)
        if not await dismiss_mail(number, reason=reason, account_id=viewer.account_id):
            raise NotPossible(Obstacle.MAIL_NOT_FAILED)
        return results.MailDismissed(ok=True)

    @strawberry.mutation(description="OPERATOR. Asks another operator to approve the erasures that the breaker stops.")
    async def request_erasure_approval(self, info: RequestInfo) -> results.RequestErasureApprovalResult:
        context = info.context
        viewer = await require_role(context, Role.OPERATOR)
        approvals = context.services.approvals
        request = await approvals.request(viewer.account_id)
        may_approve = approvals.may_approve(request, viewer.account_id)
        return results.ErasureApprovalRequested(
            request=ErasureApprovalRequest.of(request, context, may_approve=may_approve)
        )

    @strawberry.mutation(description="OPERATOR, another than the one who asked. Approves what the request has named.")
    async def approve_erasures(
        self, info: RequestInfo, input: Input[inputs.ApproveErasuresInput]
    ) -> results.ApproveErasuresResult:
        viewer = await require_role(info.context, Role.OPERATOR)
        number = _number(input.request_id, Obstacle.NOTHING_TO_APPROVE)
        approval = await info.context.services.approvals.approve(number, viewer.account_id)
        return results.ErasuresApproved(contracts=approval.contracts)

    @strawberry.mutation(description="OPERATOR. Tries due actions again that had failed permanently.")
    async def retry_failed_actions(
        self, info: RequestInfo, input: Input[inputs.RetryFailedActionsInput]
    ) -> results.RetryFailedActionsResult:
        viewer = await require_role(info.context, Role.OPERATOR)
        contract_id = read_contract_id(text) if (text := value_or_none(input.contract_id)) else None
        retried = await retry_failed(contract_id, account_id=viewer.account_id)
        if not retried:
            raise NotPossible(Obstacle.NO_FAILED_ACTION)
        return results.FailedActionsRetried(actions=retried)


async def _help(
    context: RequestContext, input: inputs.ContractorAccountInput, help_: Callable[[UUID, str, UUID], Awaitable[None]]
) -> results.ContractorAccountChanged:
    viewer = await require_role(context, Role.OPERATOR)
    contract_id, reason = read_contract_id(input.contract_id), read_reason(input.reason)
    await help_(contract_id, reason, viewer.account_id)
    contract = await context.contract(contract_id)
    if contract is None:
        raise ContractNotFound
    return results.ContractorAccountChanged(contract=Contract.of(contract, await context.now()))


def _number(text: ID, obstacle: Obstacle) -> int:
    if text.isascii() and text.isdecimal() and len(text) < _DIGITS and int(text) <= _LARGEST_NUMBER:
        return int(text)
    raise NotPossible(obstacle)
