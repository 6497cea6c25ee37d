"""What another service says of its own copies of an erased contract, and the answer."""

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry.scalars import ID

from contract_server.graphql.types import results
from contract_server.graphql.types.enumerations import ConfirmedOutcome
from contract_server.graphql.types.inputs import CONTRACT_ID

LONGEST_REASON = 200


@strawberry.input(description="What became of what the service held of a contract.")
class ConfirmErasureInput:
    contract_id: ID = strawberry.field(description=CONTRACT_ID)
    outcome: ConfirmedOutcome = strawberry.field(description="What became of it.")
    reason: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            f"With RETAINED: why, for example by which law, in 1 to {LONGEST_REASON} characters. It is kept for ever,"
            " so it must not be about a person."
        ),
    )
    until: date | None = strawberry.field(
        default=strawberry.UNSET, description="With RETAINED: the last day on which it is retained."
    )


@strawberry.type(description="The answer is part of the chain of evidence, from now on or already before.")
class ErasureConfirmed:
    contract_id: ID = strawberry.field(description=CONTRACT_ID)
    outcome: ConfirmedOutcome = strawberry.field(description="What became of it.")
    confirmed_at: datetime = strawberry.field(description="When the service said so first.")
    evidence_hash: str = strawberry.field(description="The hash of the answer in the chain of evidence: keep it.")


@strawberry.type(description="The contract is not erased, so there is nothing to confirm; nothing was recorded.")
class NotErasedYet(results.ConcreteProblem):
    erasure_at: datetime | None = strawberry.field(
        description="The instant of the erasure that was promised; null if none is. Confirm after `ERASED`."
    )
    on_hold: bool = strawberry.field(description="Whether a hold postpones it.")


ConfirmErasureResult = Annotated[
    ErasureConfirmed | NotErasedYet | results.ContractNotFound | results.InvalidInput,
    strawberry.union("ConfirmErasureResult", description="Recorded, or why not."),
]
