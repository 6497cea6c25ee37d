"""The results of mutations: what happened, or a problem that the caller can act on."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from contract_server.graphql.types.contract import Contract
from contract_server.graphql.types.operator_views import ErasureApprovalRequest
from contract_server.graphql.types.viewer import Viewer

CONTRACT = "The contract as it is now."
UNUSABLE_TOKEN = "The link is unknown, was used, or has expired."  # noqa: S105 - a description
WRONG_VALUE = "A value is not of the kind that is expected."


@strawberry.enum(description="What stood in the way.")
class ProblemCode(Enum):
    """Stable names to branch on."""

    ALREADY_TERMINATED = strawberry.enum_value(
        "ALREADY_TERMINATED", description="The contract is terminated; applying again would move no date."
    )
    NOT_TERMINATED = strawberry.enum_value(
        "NOT_TERMINATED", description="The contract is active: there is nothing to resume."
    )
    RESUME_WINDOW_CLOSED = strawberry.enum_value(
        "RESUME_WINDOW_CLOSED", description="The last day on which it could be resumed has passed."
    )
    CONTRACT_ERASED = strawberry.enum_value(
        "CONTRACT_ERASED", description="The registered information has been erased."
    )
    CONTRACT_NOT_FOUND = strawberry.enum_value(
        "CONTRACT_NOT_FOUND", description="There is no such contract for this viewer."
    )
    STALE_CONTRACT = strawberry.enum_value(
        "STALE_CONTRACT", description="The contract has changed since `expectedVersion`."
    )
    IDEMPOTENCY_KEY_REUSED = strawberry.enum_value(
        "IDEMPOTENCY_KEY_REUSED", description="The key came with another input before."
    )
    TOO_MANY_CHANGES = strawberry.enum_value(
        "TOO_MANY_CHANGES", description="The contractor's changes of this day are used up; `retryAt` says until when."
    )
    INVALID_INPUT = strawberry.enum_value("INVALID_INPUT", description=WRONG_VALUE)
    INVALID_CREDENTIALS = strawberry.enum_value(
        "INVALID_CREDENTIALS", description="The address or the password is not right; nobody is told which."
    )
    TOO_MANY_ATTEMPTS = strawberry.enum_value(
        "TOO_MANY_ATTEMPTS", description="Too many tries; `retryAt` says when the next is possible."
    )
    MAILED_LINK_REQUIRED = strawberry.enum_value(
        "MAILED_LINK_REQUIRED",
        description=(
            "Devices that are new to this account have failed too often today. `requestPasswordReset` mails a link;"
            " the browser that sets a password by it can log in."
        ),
    )
    BUSY = strawberry.enum_value(
        "BUSY",
        description="Many log-ins are waiting, and this one was not looked at or counted; `retryAt` is seconds ahead.",
    )
    NO_CONTRACTOR = strawberry.enum_value("NO_CONTRACTOR", description="The contract has no contractor.")
    MAIL_NOT_FAILED = strawberry.enum_value(
        "MAIL_NOT_FAILED", description="There is no such mail that has failed and is still useful."
    )
    NO_FAILED_ACTION = strawberry.enum_value("NO_FAILED_ACTION", description="No such due action has failed.")
    NOTHING_TO_APPROVE = strawberry.enum_value("NOTHING_TO_APPROVE", description="No erasures wait for this approval.")
    SECOND_PERSON_REQUIRED = strawberry.enum_value(
        "SECOND_PERSON_REQUIRED", description="Another operator than the one who asked has to approve."
    )
    HOLD_NOT_NAMED = strawberry.enum_value(
        "HOLD_NOT_NAMED", description="Several holds are in force: `holdId` has to name the one to release."
    )
    HOLD_NOT_FOUND = strawberry.enum_value("HOLD_NOT_FOUND", description="The contract has no hold of that id.")
    SERVICE_ENDED = strawberry.enum_value(
        "SERVICE_ENDED", description="Use of the service has ended: the contractor's address alone can change."
    )
    ERASURE_HELD = strawberry.enum_value(
        "ERASURE_HELD", description="The erasure is on hold: nothing that is registered may be lost."
    )
    EMAIL_TAKEN = strawberry.enum_value("EMAIL_TAKEN", description="Another account has the contractor's address.")
    MEMBER_ID_TAKEN = strawberry.enum_value("MEMBER_ID_TAKEN", description="A member of another contract has the id.")
    NOT_ERASED_YET = strawberry.enum_value(
        "NOT_ERASED_YET", description="The contract is not erased; `erasureAt` says when it is to be."
    )
    INVALID_RESET_TOKEN = strawberry.enum_value("INVALID_RESET_TOKEN", description=UNUSABLE_TOKEN)
    INVALID_ADDRESS_LINK = strawberry.enum_value("INVALID_ADDRESS_LINK", description=UNUSABLE_TOKEN)
    ADDRESS_TAKEN = strawberry.enum_value("ADDRESS_TAKEN", description="Another account has got the address meanwhile.")
    SECOND_FACTOR_REQUIRED = strawberry.enum_value(
        "SECOND_FACTOR_REQUIRED",
        description="The password is right. The session opens nothing before `passSecondFactor`.",
    )
    SECOND_FACTOR_REFUSED = strawberry.enum_value(
        "SECOND_FACTOR_REFUSED", description="The passkey or the code is not right; it is not told why."
    )
    INVALID_ENROLMENT_LINK = strawberry.enum_value("INVALID_ENROLMENT_LINK", description=UNUSABLE_TOKEN)


@strawberry.interface(
    description=(
        "Something that the caller can act on. `... on Problem` also catches those that a client does not know yet."
    )
)
class Problem:
    code: ProblemCode = strawberry.field(description="What it is, for programs.")
    message: str = strawberry.field(
        description="For a person, in the request's language (Accept-Language: ja, the default, or en)."
    )


@strawberry.type
class ConcreteProblem(Problem):
    """The base of all problems; the schema does not contain it."""

    message: str = strawberry.field(description="For a person, in the request's language.")


@strawberry.type(description="The rules say no. The contract comes along, with its dates and what is possible instead.")
class ActionRefused(ConcreteProblem):
    contract: Contract = strawberry.field(description=CONTRACT)


@strawberry.type(description="No such contract, or not this viewer's: the two cannot be told apart.")
class ContractNotFound(ConcreteProblem):
    pass


@strawberry.type(description="The contract has changed since `expectedVersion`; nothing was done.")
class StaleContract(ConcreteProblem):
    contract: Contract = strawberry.field(description=CONTRACT)


@strawberry.type(description="The key came with another input before; nothing was done.")
class IdempotencyKeyReused(ConcreteProblem):
    pass


@strawberry.type(description="The contractor has made as many changes as a day has; nothing was done.")
class TooManyChanges(ConcreteProblem):
    retry_at: datetime = strawberry.field(description="The next midnight in the policy's zone: changes count anew.")
    contact_url: str = strawberry.field(description="Where to ask for a change before that.")


@strawberry.type(description=WRONG_VALUE)
class InvalidInput(ConcreteProblem):
    path: list[str] = strawberry.field(description='Where in the input, e.g. `["input", "reason"]`.')


@strawberry.type(description="As things are, it is not possible; nothing was done.")
class NotPossible(ConcreteProblem):
    pass


@strawberry.type(description="Nobody was logged in.")
class LogInRefused(ConcreteProblem):
    retry_at: datetime | None = strawberry.field(description="Set with TOO_MANY_ATTEMPTS and BUSY.")


@strawberry.type(description=UNUSABLE_TOKEN)
class InvalidResetToken(ConcreteProblem):
    pass


@strawberry.type(description="The address was not confirmed: the link cannot be used, or the address is taken.")
class AddressNotConfirmed(ConcreteProblem):
    pass


@strawberry.type(description="The password is right, and the session waits for the second factor of the operator.")
class SecondFactorRequired(ConcreteProblem):
    enrolled: bool = strawberry.field(
        description="Whether the operator has a passkey; without one, a link is needed by which one is registered."
    )
    token: str = strawberry.field(description="As in `LoggedIn`. The second factor replaces it.")


@strawberry.type(description="The second factor was not accepted, or there is no way to show it.")
class SecondFactorRefused(ConcreteProblem):
    pass


@strawberry.type(description="The application is accepted, and the contract terminated.")
class ContractTerminated:
    contract: Contract = strawberry.field(description=CONTRACT)


@strawberry.type(description="The contract is active again, and the application void.")
class ContractResumed:
    contract: Contract = strawberry.field(description=CONTRACT)


@strawberry.type(description="The hold is in force, from now on or already before; others may be beside it.")
class ErasureHeld:
    contract: Contract = strawberry.field(description=CONTRACT)


@strawberry.type(
    description="The hold is released, now or already before. `erasureHold` is there while another one is in force."
)
class ErasureHoldReleased:
    contract: Contract = strawberry.field(description=CONTRACT)


@strawberry.type(description="There is a session, and browsers have its cookie.")
class LoggedIn:
    viewer: Viewer = strawberry.field(description="Who is logged in now.")
    token: str = strawberry.field(
        description="For clients without cookies, as `Authorization: Bearer`. It is told this once."
    )


@strawberry.type(description="There is no session any more.")
class LoggedOut:
    ok: bool = strawberry.field(description="Always true.")


@strawberry.type(description="If the address is registered, a mail with a link is on its way.")
class PasswordResetRequested:
    ok: bool = strawberry.field(description="Always true, for unknown addresses too.")


@strawberry.type(description="The new password holds; all sessions have ended.")
class PasswordReset:
    ok: bool = strawberry.field(description="Always true.")


@strawberry.type(description="The new password holds; all other sessions have ended.")
class PasswordChanged:
    ok: bool = strawberry.field(description="Always true.")


@strawberry.type(description="The sessions have ended, now or before.")
class SessionsEnded:
    count: int = strawberry.field(description="How many ended now.")


@strawberry.type(description="One mailbox has confirmed the new address.")
class AddressConfirmed:
    changed: bool = strawberry.field(
        description="Whether both mailboxes have confirmed it, so that the account has the new address now."
    )


@strawberry.type(description="What a passkey is asked to do.")
class PasskeyOptions:
    options: str = strawberry.field(
        description="JSON for `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`."
    )


@strawberry.type(description="The passkey is registered; all sessions of the account have ended.")
class PasskeyEnrolled:
    recovery_codes: list[str] = strawberry.field(
        description="Each takes the place of the passkey once. They are told this once."
    )


@strawberry.type(description="It was done for the contractor's account.")
class ContractorAccountChanged:
    contract: Contract = strawberry.field(description=CONTRACT)


@strawberry.type(description="The next sweep sends it.")
class MailRetried:
    ok: bool = strawberry.field(description="Always true.")


@strawberry.type(description="It is closed without another attempt.")
class MailDismissed:
    ok: bool = strawberry.field(description="Always true.")


@strawberry.type(description="Another operator can approve it.")
class ErasureApprovalRequested:
    request: ErasureApprovalRequest = strawberry.field(description="What is to be approved.")


@strawberry.type(description="The next sweeps erase them.")
class ErasuresApproved:
    contracts: int = strawberry.field(description="How many contracts.")


@strawberry.type(description="The next sweep tries them.")
class FailedActionsRetried:
    actions: int = strawberry.field(description="How many.")


LogInResult = Annotated[
    LoggedIn | LogInRefused | InvalidInput | SecondFactorRequired,
    strawberry.union("LogInResult", description="Logged in, or why not."),
]
ResetPasswordResult = Annotated[
    PasswordReset | InvalidResetToken | InvalidInput,
    strawberry.union("ResetPasswordResult", description="Set, or why not."),
]
ChangePasswordResult = Annotated[
    PasswordChanged | LogInRefused | InvalidInput,
    strawberry.union("ChangePasswordResult", description="Changed, or why not."),
]
ConfirmAddressResult = Annotated[
    AddressConfirmed | AddressNotConfirmed,
    strawberry.union("ConfirmAddressResult", description="Confirmed, or why not."),
]
BeginSecondFactorResult = Annotated[
    PasskeyOptions | SecondFactorRefused,
    strawberry.union("BeginSecondFactorResult", description="What to sign, or why there is nothing."),
]
PassSecondFactorResult = Annotated[
    LoggedIn | SecondFactorRefused | InvalidInput,
    strawberry.union("PassSecondFactorResult", description="Logged in, or why not."),
]
BeginEnrolmentResult = Annotated[
    PasskeyOptions | SecondFactorRefused,
    strawberry.union("BeginEnrolmentResult", description="What to create, or why there is nothing."),
]
EnrolPasskeyResult = Annotated[
    PasskeyEnrolled | SecondFactorRefused,
    strawberry.union("EnrolPasskeyResult", description="Registered, or why not."),
]
TerminateContractResult = Annotated[
    ContractTerminated
    | ActionRefused
    | ContractNotFound
    | StaleContract
    | IdempotencyKeyReused
    | InvalidInput
    | TooManyChanges
    | NotPossible,
    strawberry.union("TerminateContractResult", description="Terminated, or why not."),
]
ResumeContractResult = Annotated[
    ContractResumed
    | ActionRefused
    | ContractNotFound
    | StaleContract
    | IdempotencyKeyReused
    | InvalidInput
    | TooManyChanges
    | NotPossible,
    strawberry.union("ResumeContractResult", description="Resumed, or why not."),
]
HoldErasureResult = Annotated[
    ErasureHeld | ActionRefused | ContractNotFound | InvalidInput,
    strawberry.union("HoldErasureResult", description="On hold, or why not."),
]
ReleaseErasureHoldResult = Annotated[
    ErasureHoldReleased | ActionRefused | ContractNotFound | NotPossible | InvalidInput,
    strawberry.union("ReleaseErasureHoldResult", description="Released, or why not."),
]
ContractorAccountResult = Annotated[
    ContractorAccountChanged | ContractNotFound | NotPossible | InvalidInput,
    strawberry.union("ContractorAccountResult", description="Done, or why not."),
]
RetryMailResult = Annotated[
    MailRetried | NotPossible, strawberry.union("RetryMailResult", description="Retried, or why not.")
]
DismissMailResult = Annotated[
    MailDismissed | NotPossible | InvalidInput,
    strawberry.union("DismissMailResult", description="Dismissed, or why not."),
]
RequestErasureApprovalResult = Annotated[
    ErasureApprovalRequested | NotPossible,
    strawberry.union("RequestErasureApprovalResult", description="Requested, or why not."),
]
ApproveErasuresResult = Annotated[
    ErasuresApproved | NotPossible, strawberry.union("ApproveErasuresResult", description="Approved, or why not.")
]
RetryFailedActionsResult = Annotated[
    FailedActionsRetried | ContractNotFound | NotPossible,
    strawberry.union("RetryFailedActionsResult", description="Retried, or why not."),
]
