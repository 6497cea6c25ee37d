"""What mutations and queries take."""

from datetime import date, datetime

import strawberry
from strawberry.scalars import ID

from contract_server.graphql.types.contract import ContractStatus, TerminationReason


@strawberry.input
class LogInInput:
    """Who, and the password."""

    email: str
    password: str


@strawberry.input
class RequestPasswordResetInput:
    """Whose password."""

    email: str


@strawberry.input
class ResetPasswordInput:
    """The token of the mail, and the new password."""

    token: str
    new_password: str


@strawberry.input
class TerminateContractInput:
    """契約終了."""

    contract_id: ID
    reason: TerminationReason | None = strawberry.UNSET
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


@strawberry.input
class ResumeContractInput:
    """契約再開."""

    contract_id: ID
    expected_version: int | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET


@strawberry.input
class HoldErasureInput:
    """A hold and why."""

    contract_id: ID
    reason: str = strawberry.field(description="1 to 500 characters. Write a case number, no personal data.")


@strawberry.input
class ReleaseErasureHoldInput:
    """Whose hold."""

    contract_id: ID


@strawberry.input
class ContractFilter:
    """Which contracts."""

    status: list[ContractStatus] | None = strawberry.UNSET
    erasure_due_by: date | None = strawberry.field(
        default=strawberry.UNSET,
        description="Erasure falls due on or before this day and has not happened.",
    )
    on_hold: bool | None = strawberry.UNSET


@strawberry.input
class AdvanceTestClockInput:
    """How far."""

    days: int | None = strawberry.field(
        default=strawberry.UNSET, description="Give exactly one. Time moves forward only."
    )
    hours: int | None = strawberry.UNSET
    to: datetime | None = strawberry.UNSET
