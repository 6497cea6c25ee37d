"""What a mutation can answer: what happened, or a problem that the caller can act on."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from contract_server.graphql.types.contract import Contract
from contract_server.graphql.types.viewer import Viewer


@strawberry.enum
class ProblemCode(Enum):
    """What stands in the way; stable names to branch on."""

    ALREADY_TERMINATED = "ALREADY_TERMINATED"
    NOT_TERMINATED = "NOT_TERMINATED"
    RESUME_WINDOW_CLOSED = "RESUME_WINDOW_CLOSED"
    CONTRACT_ERASED = "CONTRACT_ERASED"
    CONTRACT_NOT_FOUND = "CONTRACT_NOT_FOUND"
    STALE_CONTRACT = "STALE_CONTRACT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"
    INVALID_RESET_TOKEN = "INVALID_RESET_TOKEN"  # noqa: S105 - the name of a problem


@strawberry.interface(
    description=(
        "Something that the caller can act on. `... on Problem` also catches those that a client does not know yet."
    )
)
class Problem:
    """What all problems have in common."""

    code: ProblemCode
    message: str


@strawberry.type(description="The rules say no. The contract comes along, with its dates and what is possible instead.")
class ActionRefused(Problem):
    """Refused by the rules."""

    contract: Contract


@strawberry.type(description="No such contract, or not this viewer's: the two cannot be told apart.")
class ContractNotFound(Problem):
    """Not to be found."""


@strawberry.type
class StaleContract(Problem):
    """Changed meanwhile."""

    contract: Contract


@strawberry.type
class IdempotencyKeyReused(Problem):
    """A key for something else."""


@strawberry.type
class InvalidInput(Problem):
    """Input that cannot be."""

    path: list[str] = strawberry.field(description='Where in the input, e.g. `["input", "reason"]`.')


@strawberry.type
class LogInRefused(Problem):
    """Not let in."""

    retry_at: datetime | None = strawberry.field(description="Set with TOO_MANY_ATTEMPTS.")


@strawberry.type
class InvalidResetToken(Problem):
    """A token that opens nothing."""


@strawberry.type
class ContractTerminated:
    """契約終了."""

    contract: Contract


@strawberry.type
class ContractResumed:
    """契約再開."""

    contract: Contract


@strawberry.type
class ErasureHeld:
    """Erasure is postponed."""

    contract: Contract


@strawberry.type
class ErasureHoldReleased:
    """Erasure goes its way."""

    contract: Contract


@strawberry.type
class LoggedIn:
    """Let in."""

    viewer: Viewer
    token: str


@strawberry.type
class LoggedOut:
    """Nobody is logged in any more."""

    ok: bool


@strawberry.type
class PasswordResetRequested:
    """If the address is known, a mail is on its way."""

    ok: bool


@strawberry.type
class PasswordReset:
    """The new password holds."""

    ok: bool


LogInResult = Annotated[LoggedIn | LogInRefused | InvalidInput, strawberry.union("LogInResult")]
ResetPasswordResult = Annotated[
    PasswordReset | InvalidResetToken | InvalidInput, strawberry.union("ResetPasswordResult")
]
TerminateContractResult = Annotated[
    ContractTerminated | ActionRefused | ContractNotFound | StaleContract | IdempotencyKeyReused | InvalidInput,
    strawberry.union("TerminateContractResult"),
]
ResumeContractResult = Annotated[
    ContractResumed | ActionRefused | ContractNotFound | StaleContract | IdempotencyKeyReused | InvalidInput,
    strawberry.union("ResumeContractResult"),
]
HoldErasureResult = Annotated[
    ErasureHeld | ActionRefused | ContractNotFound | InvalidInput, strawberry.union("HoldErasureResult")
]
ReleaseErasureHoldResult = Annotated[
    ErasureHoldReleased | ActionRefused | ContractNotFound, strawberry.union("ReleaseErasureHoldResult")
]
