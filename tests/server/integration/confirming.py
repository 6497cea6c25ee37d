"""Ask for `confirmErasure` as another service does."""

from typing import Any

from tests.server.running import CLOSED_CONTRACT, Client

CONFIRM = """
mutation ($input: ConfirmErasureInput!) {
  confirmErasure(input: $input) {
    __typename
    ... on ErasureConfirmed { contractId outcome confirmedAt evidenceHash }
    ... on Problem { code message }
    ... on NotErasedYet { erasureAt onHold }
    ... on InvalidInput { path }
  }
}
"""


async def confirm_erasure(client: Client, outcome: str = "DONE", **more: object) -> dict[str, Any]:
    """Confirm the erasure of the closed contract, and return the answer."""
    input_ = {"contractId": CLOSED_CONTRACT, "outcome": outcome, **more}
    answer: dict[str, Any] = (await client.ask(CONFIRM, input=input_))["confirmErasure"]
    return answer
