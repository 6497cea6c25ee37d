"""The mutations: check the permission, call a service, return the result. The services decide."""

import strawberry

from contract_rules import Action
from contract_server.accounts.models import Role
from contract_server.accounts.viewer import Viewer as LoggedInViewer
from contract_server.contracts.service import ContractRequest
from contract_server.graphql.context import RequestContext, RequestInfo
from contract_server.graphql.language import words
from contract_server.graphql.operations.arguments import contract_id, idempotency_key, value_or_none
from contract_server.graphql.operations.problems import InvalidInputError
from contract_server.graphql.operations.registrations import RegistrationMutation
from contract_server.graphql.permissions import require_role
from contract_server.graphql.session_cookie import delete_session_cookie, session_token, set_session_cookie
from contract_server.graphql.types import inputs, results
from contract_server.graphql.types.contract import Contract
from contract_server.graphql.types.inputs import Input
from contract_server.graphql.types.viewer import Viewer
from contract_server.visible_text import InvalidValue, require_line

LONGEST_HOLD_REASON = 500

_HOLD_REASON = words(
    ja=f"理由は1文字以上{LONGEST_HOLD_REASON}文字以内で、改行や見えない文字を含めずに入力してください。",
    en=f"reason: 1 to {LONGEST_HOLD_REASON} visible characters in one line are expected.",
)


@strawberry.type(description="One a request.")
class Mutation(RegistrationMutation):
    """The mutations of every environment."""

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
        context.set_viewer(viewer)
        set_session_cookie(context.response, context.services.settings, token)
        context.remember_device(viewer.email)
        return results.LoggedIn(viewer=Viewer.of(viewer), token=token)

    @strawberry.mutation(description="Ends the session that made the request. Succeeds when there is none.")
    async def log_out(self, info: RequestInfo) -> results.LoggedOut:
        context = info.context
        if viewer := await context.viewer():
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

    @strawberry.mutation(description="CONTRACTOR. 契約終了: the application to stop using the service.")
    async def terminate_contract(
        self,
        info: RequestInfo,
        input: Input[inputs.TerminateContractInput],
    ) -> results.TerminateContractResult:
        viewer = await require_role(info.context, Role.CONTRACTOR)
        request = ContractRequest(
            action=Action.TERMINATE,
            contract_id=contract_id(input.contract_id),
            reason=value_or_none(input.reason),
            expected_version=value_or_none(input.expected_version),
        )
        contract = await _perform(info.context, viewer, request, idempotency_key(input.idempotency_key))
        return results.ContractTerminated(contract=contract)

    @strawberry.mutation(description="CONTRACTOR. 契約再開: takes the application back while the window is open.")
    async def resume_contract(
        self,
        info: RequestInfo,
        input: Input[inputs.ResumeContractInput],
    ) -> results.ResumeContractResult:
        viewer = await require_role(info.context, Role.CONTRACTOR)
        request = ContractRequest(
            action=Action.RESUME,
            contract_id=contract_id(input.contract_id),
            expected_version=value_or_none(input.expected_version),
        )
        contract = await _perform(info.context, viewer, request, idempotency_key(input.idempotency_key))
        return results.ContractResumed(contract=contract)

    @strawberry.mutation(
        description="OPERATOR. Postpones erasure (a dispute, a court order); every other deadline stands."
    )
    async def hold_erasure(
        self,
        info: RequestInfo,
        input: Input[inputs.HoldErasureInput],
    ) -> results.HoldErasureResult:
        viewer = await require_role(info.context, Role.OPERATOR)
        reason = _hold_reason(input.reason)
        request = ContractRequest(
            action=Action.HOLD_ERASURE,
            contract_id=contract_id(input.contract_id),
            hold_reason=reason,
        )
        return results.ErasureHeld(contract=await _perform(info.context, viewer, request))

    @strawberry.mutation(description="OPERATOR. Erasure that fell due meanwhile runs at the next sweep.")
    async def release_erasure_hold(
        self,
        info: RequestInfo,
        input: Input[inputs.ReleaseErasureHoldInput],
    ) -> results.ReleaseErasureHoldResult:
        viewer = await require_role(info.context, Role.OPERATOR)
        note = None if (reason := value_or_none(input.reason)) is None else _hold_reason(reason)
        request = ContractRequest(action=Action.RELEASE_ERASURE_HOLD, contract_id=contract_id(input.contract_id))
        return results.ErasureHoldReleased(contract=await _perform(info.context, viewer, request, note=note))


async def _perform(
    context: RequestContext,
    viewer: LoggedInViewer,
    request: ContractRequest,
    key: str | None = None,
    *,
    note: str | None = None,
) -> Contract:
    result = await context.services.contracts.execute(
        viewer, request, key, note=note, viewer_contract=context.viewer_contract
    )
    return Contract.of(result.contract, result.at)


def _hold_reason(text: str) -> str:
    try:
        return require_line(text, LONGEST_HOLD_REASON)
    except InvalidValue:
        raise InvalidInputError(["input", "reason"], _HOLD_REASON) from None
