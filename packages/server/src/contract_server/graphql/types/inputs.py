"""The inputs of mutations and queries."""

from datetime import date, datetime
from typing import Annotated, TypeVar

import strawberry
from strawberry.scalars import ID

from contract_server.accounts.passwords.rules import LONGEST_PASSWORD, SHORTEST_PASSWORD
from contract_server.contracts.lookup.search import MOST_MATCHES
from contract_server.graphql.types.enumerations import AuditAction, Status, TerminationReason
from contract_server.graphql.types.operator_views import MAIL_ID

InputType = TypeVar("InputType")
Input = Annotated[InputType, strawberry.argument(description="What is asked for.")]
"""The one argument of every mutation: `input: Input[HoldErasureInput]`."""

CONTRACT_ID = "Which contract."
REGISTERED_ADDRESS = "The address that was registered."
AFTER_THE_HASH = "What follows `#` in the link."
REASON = "Why, in 1 to 500 characters; kept in the audit trail until the erasure."
NOTE = "OPERATOR. Why you act for the contractor, in 1 to 500 characters, which contractors do not give."
AS_IN_TERMINATION = "As in `TerminateContractInput`."


@strawberry.input(description="Who, and the proof.")
class LogInInput:
    email: str = strawberry.field(description=REGISTERED_ADDRESS)
    password: str = strawberry.field(description="The password.")


@strawberry.input(description="For whom.")
class RequestPasswordResetInput:
    email: str = strawberry.field(description=REGISTERED_ADDRESS)


@strawberry.input(description="The link, and the new password.")
class ResetPasswordInput:
    token: str = strawberry.field(description=AFTER_THE_HASH)
    new_password: str = strawberry.field(
        description=(
            f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters. Common passwords are refused; names of the service,"
            " the company and the account, runs of keys and repetitions do not count."
        )
    )


@strawberry.input(description="The present password, and the new one.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The password that the viewer logged in with.")
    new_password: str = strawberry.field(description="As in `ResetPasswordInput`.")


@strawberry.input(description="Which session.")
class EndSessionInput:
    id: ID = strawberry.field(description="Its id, as `viewer { sessions }` lists it.")


@strawberry.input(description="A mailed link.")
class ConfirmAddressInput:
    token: str = strawberry.field(description=AFTER_THE_HASH)


@strawberry.input(description="One of the two proofs.")
class PassSecondFactorInput:
    credential: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What `navigator.credentials.get` gave for the options of `beginSecondFactor`, as JSON.",
    )
    recovery_code: str | None = strawberry.field(
        default=strawberry.UNSET, description="A recovery code, which is used up; with or without hyphens."
    )


@strawberry.input(description="A link that an operator was given.")
class BeginEnrolmentInput:
    token: str = strawberry.field(description=AFTER_THE_HASH)


@strawberry.input(description="The link, and the new passkey.")
class EnrolPasskeyInput:
    token: str = strawberry.field(description=AFTER_THE_HASH)
    credential: str = strawberry.field(
        description="What `navigator.credentials.create` gave for the options of `beginEnrolment`, as JSON."
    )


@strawberry.input(description="Which contract, and why.")
class TerminateContractInput:
    contract_id: ID = strawberry.field(description=CONTRACT_ID)
    reason: TerminationReason | None = strawberry.field(
        default=strawberry.UNSET, description="Why, if the contractor likes to say so."
    )
    note: str | None = strawberry.field(default=strawberry.UNSET, description=NOTE)
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Refused as `StaleContract` when the contract has changed since.",
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The same key with the same input gives the first answer again, for at least 24 hours; with another"
            " input it is refused."
        ),
    )


@strawberry.input(description="Which contract.")
class ResumeContractInput:
    contract_id: ID = strawberry.field(description=CONTRACT_ID)
    note: str | None = strawberry.field(default=strawberry.UNSET, description=NOTE)
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=AS_IN_TERMINATION)
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=AS_IN_TERMINATION)


@strawberry.input(description="Which contract, and why.")
class HoldErasureInput:
    contract_id: ID = strawberry.field(description=CONTRACT_ID)
    reason: str = strawberry.field(description="1 to 500 characters, without personal data.")
    reference: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The number of the case, which survives erasure: 1 to 40 letters, digits, and `.`, `_`, `/`, `-`.",
    )
    review_on: date | None = strawberry.field(
        default=strawberry.UNSET, description="From this day on, `health` reminds of the hold."
    )


@strawberry.input(description="Which contract.")
class ReleaseErasureHoldInput:
    contract_id: ID = strawberry.field(description=CONTRACT_ID)
    hold_id: ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="Which hold, as `erasureHolds` lists it; may be left out while one alone is in force.",
    )
    reason: str | None = strawberry.field(
        default=strawberry.UNSET, description="Why, in 1 to 500 characters; kept in the history until the erasure."
    )


@strawberry.input(description="Whose account, and why.")
class ContractorAccountInput:
    contract_id: ID = strawberry.field(description="The contract of the contractor.")
    reason: str = strawberry.field(description=REASON)


@strawberry.input(description="Which mail.")
class RetryMailInput:
    mail_id: ID = strawberry.field(description=MAIL_ID)


@strawberry.input(description="Which mail, and why.")
class DismissMailInput:
    mail_id: ID = strawberry.field(description=MAIL_ID)
    reason: str = strawberry.field(description=REASON)


@strawberry.input(description="Which request.")
class ApproveErasuresInput:
    request_id: ID = strawberry.field(description="The request that another operator made.")


@strawberry.input(description="Which actions.")
class RetryFailedActionsInput:
    contract_id: ID | None = strawberry.field(
        default=strawberry.UNSET, description="Those of one contract; of all contracts when absent."
    )


@strawberry.input(description="Contracts that meet all that is given.")
class ContractFilter:
    status: list[Status] | None = strawberry.field(default=strawberry.UNSET, description="In one of these states.")
    erasure_due_by: date | None = strawberry.field(
        default=strawberry.UNSET,
        description="Erasure falls due on or before this day and has not happened.",
    )
    on_hold: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether their erasure is on hold.")
    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "What a caller says: the beginning of the company's or the contractor's name, of the email address, the"
            " phone number or the contract's id, or a receipt number. Width, case, hyphens, spaces and forms such as"
            f" 株式会社 do not matter. Considers the first {MOST_MATCHES} matches of each."
        ),
    )


@strawberry.input(description="Entries that meet all that is given.")
class AuditFilter:
    action: AuditAction | None = strawberry.field(default=strawberry.UNSET, description="What was done.")
    account_id: ID | None = strawberry.field(default=strawberry.UNSET, description="Who did it.")
    contract_id: ID | None = strawberry.field(default=strawberry.UNSET, description="The contract that it concerns.")
    since: datetime | None = strawberry.field(default=strawberry.UNSET, description="Done at or after this instant.")
    until: datetime | None = strawberry.field(default=strawberry.UNSET, description="Done before this instant.")


@strawberry.input(description="How far; one of the three.")
class AdvanceTestClockInput:
    days: int | None = strawberry.field(
        default=strawberry.UNSET, description="Give exactly one. Time moves forward only."
    )
    hours: int | None = strawberry.field(default=strawberry.UNSET, description="Hours from now.")
    to: datetime | None = strawberry.field(default=strawberry.UNSET, description="The instant to move to.")
