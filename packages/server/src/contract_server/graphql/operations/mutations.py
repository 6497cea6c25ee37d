"""The mutations of log-ins and contracts: check the permission, call a service, return the result."""

from datetime import date, datetime
from typing import assert_never

import strawberry

from contract_rules import Action
from contract_server.accounts.models import Role
from contract_server.accounts.viewer import Viewer as LoggedInViewer
from contract_server.contracts.holds.records import HoldTerms
from contract_server.contracts.service import ContractRequest
from contract_server.graphql.context import RequestContext, RequestInfo
from contract_server.graphql.language import words
from contract_server.graphql.operations.accounts import second_factor_required
from contract_server.graphql.operations.arguments import (
    read_contract_id,
    read_hold_id,
    read_idempotency_key,
    read_reason,
    read_reference,
    value_or_none,
)
from contract_server.graphql.operations.problems import InvalidInputError
from contract_server.graphql.permissions import require_role, require_viewer
from contract_server.graphql.session_cookie import delete_session_cookie, session_token, set_session_cookie
from contract_server.graphql.types import inputs, results
from contract_server.graphql.types.contract import Contract
from contract_server.graphql.types.inputs import Input
from contract_server.graphql.types.viewer import Viewer
from contract_server.policies.policies import PastDay

_PAST_REVIEW = words(
    ja="見直しの期日には、本日以降の日付を指定してください。",
    en="reviewOn: a day that has not passed is expected.",
)
_NOTE_OF_CONTRACTOR = words(
    ja="note は運用担当者が代理で手続きする場合にのみ指定できます。",
    en="note: it is for operators who act for the contractor; leave it out.",
)


@strawberry.type
class ContractMutation:
    """The mutations of log-ins and contracts."""

    @strawberry.mutation(
        description=(
            "Log in to contract management as the contractor (or an operator). Sets an HttpOnly session cookie; the"
            " token is for clients that send `Authorization: Bearer`."
        )
    )
    async def log_in(self, info: RequestInfo, input: Input[inputs.LogInInput]) -> results.LogInResult:
        context = info.context
        viewer, token = await context.services.log_ins.log_in(
            input.email,
            input.password,
            client_address=context.client_address,
            device_cookie=context.device_cookie,
            replacing=session_token(context.request, context.services.settings),
        )
        set_session_cookie(context.response, context.services.settings, token)
        context.remember_device(viewer.email)
        if not context.opens_session(viewer):
            context.set_viewer(None)
            return second_factor_required(viewer, token, context)
        context.set_viewer(viewer)
        return results.LoggedIn(viewer=Viewer.of(viewer), token=token)

    @strawberry.mutation(description="Ends the session that made the request. Succeeds when there is none.")
    async def log_out(self, info: RequestInfo) -> results.LoggedOut:
        context = info.context
        if viewer := await context.session_viewer():
            await context.services.sessions.end(viewer)
        context.set_viewer(None)
        delete_session_cookie(context.response, context.services.settings)
        return results.LoggedOut(ok=True)

    @strawberry.mutation(description="Always the same answer, whether or not the address is known.")
    async def request_password_reset(
        self,
        info: RequestInfo,
        input: Input[inputs.RequestPasswordResetInput],
    ) -> results.PasswordResetRequested:
        context = info.context
        await context.services.password_resets.request(
            input.email, client_address=context.client_address, device_cookie=context.device_cookie
        )
        return results.PasswordResetRequested(ok=True)

    @strawberry.mutation(
        description=(
            "Set a new password by the token of a mailed link. Ends all sessions of the account; the browser"
            " becomes one that is known to have logged in to it."
        )
    )
    async def reset_password(
        self,
        info: RequestInfo,
        input: Input[inputs.ResetPasswordInput],
    ) -> results.ResetPasswordResult:
        info.context.remember_device(await info.context.services.password_resets.reset(input.token, input.new_password))
        return results.PasswordReset(ok=True)

    @strawberry.mutation(
        description=(
            "契約終了: the application to stop using the service. The contractor's, or an operator's on behalf of the"
            " contractor, with a `note`."
        )
    )
    async def terminate_contract(
        self,
        info: RequestInfo,
        input: Input[inputs.TerminateContractInput],
    ) -> results.TerminateContractResult:
        viewer = await require_viewer(info.context)
        request = ContractRequest(
            action=Action.TERMINATE,
            contract_id=read_contract_id(input.contract_id),
            reason=value_or_none(input.reason),
            expected_version=value_or_none(input.expected_version),
            note=_note(viewer, value_or_none(input.note)),
        )
        contract = await _perform(info.context, viewer, request, read_idempotency_key(input.idempotency_key))
        return results.ContractTerminated(contract=contract)

    @strawberry.mutation(
        description=(
            "契約再開: takes the application back while the window is open. The contractor's, or an operator's on"
            " behalf of the contractor, with a `note`."
        )
    )
    async def resume_contract(
        self,
        info: RequestInfo,
        input: Input[inputs.ResumeContractInput],
    ) -> results.ResumeContractResult:
        viewer = await require_viewer(info.context)
        request = ContractRequest(
            action=Action.RESUME,
            contract_id=read_contract_id(input.contract_id),
            expected_version=value_or_none(input.expected_version),
            note=_note(viewer, value_or_none(input.note)),
        )
        contract = await _perform(info.context, viewer, request, read_idempotency_key(input.idempotency_key))
        return results.ContractResumed(contract=contract)

    @strawberry.mutation(
        description=(
            "OPERATOR. Postpones erasure (a dispute, a court order); every other deadline stands. One with another"
            " reason, case or review is a hold beside those in force."
        )
    )
    async def hold_erasure(
        self,
        info: RequestInfo,
        input: Input[inputs.HoldErasureInput],
    ) -> results.HoldErasureResult:
        viewer = await require_role(info.context, Role.OPERATOR)
        reason, reference = read_reason(input.reason), value_or_none(input.reference)
        terms = HoldTerms(
            reference=None if reference is None else read_reference(reference),
            review_at=await _read_review(info.context, value_or_none(input.review_on)),
        )
        request = ContractRequest(
            action=Action.HOLD_ERASURE, contract_id=read_contract_id(input.contract_id), note=reason, terms=terms
        )
        return results.ErasureHeld(contract=await _perform(info.context, viewer, request))

    @strawberry.mutation(
        description=(
            "OPERATOR. Releases one hold. After the last of them, an erasure that fell due meanwhile runs at the next"
            " sweep."
        )
    )
    async def release_erasure_hold(
        self,
        info: RequestInfo,
        input: Input[inputs.ReleaseErasureHoldInput],
    ) -> results.ReleaseErasureHoldResult:
        viewer = await require_role(info.context, Role.OPERATOR)
        note = None if (reason := value_or_none(input.reason)) is None else read_reason(reason)
        contract_id = read_contract_id(input.contract_id)
        hold_id = read_hold_id(value_or_none(input.hold_id))
        request = ContractRequest(
            action=Action.RELEASE_ERASURE_HOLD, contract_id=contract_id, note=note, hold_id=hold_id
        )
        return results.ErasureHoldReleased(contract=await _perform(info.context, viewer, request))


async def _read_review(context: RequestContext, day: date | None) -> datetime | None:
    try:
        return context.services.policies.start_of_coming(day, await context.now()) if day else None
    except PastDay:
        raise InvalidInputError(["input", "reviewOn"], _PAST_REVIEW) from None


async def _perform(
    context: RequestContext,
    viewer: LoggedInViewer,
    request: ContractRequest,
    key: str | None = None,
) -> Contract:
    result = await context.services.contracts.execute(viewer, request, key, viewer_contract=context.viewer_contract)
    return Contract.of(result.contract, result.at)


def _note(viewer: LoggedInViewer, text: str | None) -> str | None:
    """Read why an operator acts for the contractor."""
    match viewer.role:
        case Role.OPERATOR:
            return read_reason(text or "", "note")
        case Role.CONTRACTOR:
            if text is not None:
                raise InvalidInputError(["input", "note"], _NOTE_OF_CONTRACTOR)
            return None
        case unknown:
            assert_never(unknown)
