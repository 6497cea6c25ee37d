"""The result of a request about a contract, and the errors that stand for a result that was not asked for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contract_rules import Refused
from contract_server.contracts.snapshot import ContractSnapshot


class ContractNotFound(Exception):
    """No such contract, or not this viewer's: the two look the same."""


class Obstacle(StrEnum):
    """What makes a request of an operator impossible."""

    NO_CONTRACTOR = "NO_CONTRACTOR"
    MAIL_NOT_FAILED = "MAIL_NOT_FAILED"
    NO_FAILED_ACTION = "NO_FAILED_ACTION"
    NOTHING_TO_APPROVE = "NOTHING_TO_APPROVE"
    SECOND_PERSON_REQUIRED = "SECOND_PERSON_REQUIRED"
    HOLD_NOT_NAMED = "HOLD_NOT_NAMED"
    HOLD_NOT_FOUND = "HOLD_NOT_FOUND"


class NotPossible(Exception):
    """A request of an operator is not possible as things are; nothing was done."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle)
        self.obstacle = obstacle


class IdempotencyKeyReused(Exception):
    """The key was used before, with another operation or input."""


@dataclass
class TooManyChanges(Exception):
    """The contractor has made as many changes as a day has, which the rules would grant otherwise."""

    most: int
    until: datetime


@dataclass
class ActionRefused(Exception):
    """The rules refuse the action on the contract as it was then."""

    contract: ContractSnapshot
    at: datetime
    refusal: Refused


@dataclass
class StaleContract(Exception):
    """The rules grant the request, but the contract has visibly changed since the expected version."""

    contract: ContractSnapshot
    at: datetime


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The contract after the request, the instant of the decision, and the problem, if there was one."""

    contract: ContractSnapshot
    at: datetime
    refusal: Refused | None = None
    stale: bool = False

    def raise_for_problem(self) -> "ActionResult":
        """Return the result if there was no problem.

        Raises:
            StaleContract: The rules grant it, but the viewer has not seen how the contract has changed.
            ActionRefused: The rules refuse it.
        """
        if self.stale:
            raise StaleContract(self.contract, self.at)
        if self.refusal is not None:
            raise ActionRefused(self.contract, self.at, self.refusal)
        return self
