"""What a request came to, be it granted or not."""

from dataclasses import dataclass
from datetime import datetime

from contract_rules import Refused
from contract_server.contracts.errors import ActionRefused, StaleContract
from contract_server.contracts.snapshot import ContractSnapshot


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The contract, the instant at which it was judged, and what stood in the way, if anything did."""

    contract: ContractSnapshot
    at: datetime
    refusal: Refused | None = None
    stale: bool = False

    def raise_for_problem(self) -> "ActionResult":
        """This answer, where it is what was asked for.

        Raises:
            StaleContract: The rules would grant it, but the viewer has not seen how the contract has changed.
            ActionRefused: The rules said no.
        """
        if self.stale:
            raise StaleContract(self.contract, self.at)
        if self.refusal is not None:
            raise ActionRefused(self.contract, self.at, self.refusal)
        return self
