"""The mutations about the viewer's own account: sessions, password, address, and the second factor of operators."""

from uuid import UUID

import strawberry

from contract_server.accounts.models import Account
from contract_server.accounts.passwords.rules import require_suitable
from contract_server.accounts.viewer import Viewer as LoggedInViewer
from contract_server.contracts.queries import find_company_name
from contract_server.graphql.context import RequestContext, RequestInfo
from contract_server.graphql.language import words
from contract_server.graphql.operations.problems import InvalidInputError
from contract_server.graphql.permissions import require_session, require_viewer
from contract_server.graphql.session_cookie import set_session_cookie
from contract_server.graphql.types import inputs, results
from contract_server.graphql.types.contract import parse_contract_id
from contract_server.graphql.types.inputs import Input
from contract_server.graphql.types.viewer import Viewer

_NO_ID = UUID(int=0)

_SECOND_FACTOR_REQUIRED = words(
    ja="パスキーまたは回復用コードで認証してください。",
    en="Please show your passkey, or a recovery code.",
)
_NOT_ENROLLED = words(
    ja="二段階認証が登録されていません。ほかの運用担当者に登録用リンクの発行をご依頼ください。",
    en="You have registered no passkey. Please ask another operator for a link to do so.",
)
_ONE_PROOF = words(
    ja="credential・recoveryCode のうち、いずれか1つだけを指定してください。",
    en="Give exactly one of credential and recoveryCode.",
)


@strawberry.type
class AccountMutation:
    """The mutations about one's own account."""

    @strawberry.mutation(description="Ends one session of the viewer's account. Succeeds when there is none such.")
    async def end_session(self, info: RequestInfo, input: Input[inputs.EndSessionInput]) -> results.SessionsEnded:
        viewer = await require_viewer(info.context)
        session_id = parse_contract_id(input.id) or _NO_ID
        return results.SessionsEnded(count=await info.context.services.sessions.end_another(viewer, session_id))

    @strawberry.mutation(description="Ends all sessions of the viewer's account but the one that asks.")
    async def end_other_sessions(self, info: RequestInfo) -> results.SessionsEnded:
        viewer = await require_viewer(info.context)
        return results.SessionsEnded(count=await info.context.services.sessions.end_others(viewer))

    @strawberry.mutation(
        description="Replaces the viewer's password. All other sessions end, and the owner gets a mail."
    )
    async def change_password(
        self, info: RequestInfo, input: Input[inputs.ChangePasswordInput]
    ) -> results.ChangePasswordResult:
        context = info.context
        viewer = await require_viewer(context)
        account = await context.services.log_ins.verify(
            viewer.email,
            input.current_password,
            client_address=context.client_address,
            device_cookie=context.device_cookie,
        )
        await _replace_password(context, viewer, account, input.new_password)
        return results.PasswordChanged(ok=True)

    @strawberry.mutation(
        description="Confirms a change of address by a mailed link. It happens once both mailboxes have confirmed it."
    )
    async def confirm_address(
        self, info: RequestInfo, input: Input[inputs.ConfirmAddressInput]
    ) -> results.ConfirmAddressResult:
        changed = await info.context.services.address_changes.confirm(input.token)
        return results.AddressConfirmed(changed=changed)

    @strawberry.mutation(description="What the viewer's passkey has to sign; for `navigator.credentials.get`.")
    async def begin_second_factor(self, info: RequestInfo) -> results.BeginSecondFactorResult:
        viewer = await require_session(info.context)
        return results.PasskeyOptions(options=await info.context.services.second_factors.begin(viewer))

    @strawberry.mutation(
        description=(
            "Shows the second factor: after `logIn`, and again before what reaches far. Replaces the session's token."
        )
    )
    async def pass_second_factor(
        self, info: RequestInfo, input: Input[inputs.PassSecondFactorInput]
    ) -> results.PassSecondFactorResult:
        context = info.context
        token = await _show(context, await require_session(context), input)
        await context.use_token(token)
        set_session_cookie(context.response, context.services.settings, token)
        return results.LoggedIn(viewer=Viewer.of(await require_viewer(context)), token=token)

    @strawberry.mutation(
        description="What a new passkey has to sign, by the link of an operator; for `navigator.credentials.create`."
    )
    async def begin_enrolment(
        self, info: RequestInfo, input: Input[inputs.BeginEnrolmentInput]
    ) -> results.BeginEnrolmentResult:
        return results.PasskeyOptions(options=await info.context.services.enrolments.begin(input.token))

    @strawberry.mutation(
        description="Registers a passkey by the link of an operator. It replaces earlier ones and ends all sessions."
    )
    async def enrol_passkey(
        self, info: RequestInfo, input: Input[inputs.EnrolPasskeyInput]
    ) -> results.EnrolPasskeyResult:
        codes = await info.context.services.enrolments.enrol(input.token, input.credential)
        return results.PasskeyEnrolled(recovery_codes=codes)


def second_factor_required(viewer: LoggedInViewer, token: str, context: RequestContext) -> results.SecondFactorRequired:
    """Return what a log-in answers before the second factor."""
    message = _SECOND_FACTOR_REQUIRED if viewer.has_second_factor else _NOT_ENROLLED
    return results.SecondFactorRequired(
        code=results.ProblemCode.SECOND_FACTOR_REQUIRED,
        message=message[context.language],
        enrolled=viewer.has_second_factor,
        token=token,
    )


async def _replace_password(
    context: RequestContext, viewer: LoggedInViewer, account: Account, new_password: str
) -> None:
    company_name = await find_company_name(account.contract_id)
    require_suitable(new_password, email=account.email, company_name=company_name)
    password_hash = await context.services.passwords.hash(new_password)
    await context.services.password_changes.replace(account, password_hash, by=account.id, keeping=viewer.session_id)


async def _show(context: RequestContext, viewer: LoggedInViewer, input: inputs.PassSecondFactorInput) -> str:
    second_factors = context.services.second_factors
    credential, code = input.credential or None, input.recovery_code or None
    if credential and not code:
        return await second_factors.show_passkey(viewer, credential)
    if code and not credential:
        return await second_factors.show_code(viewer, code)
    raise InvalidInputError(["input"], _ONE_PROOF)
