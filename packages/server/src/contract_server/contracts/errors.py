"""The expected ways in which a request about a contract ends without what was asked for."""

from dataclasses import dataclass
from datetime import datetime

from contract_rules import Refused
from contract_server.contracts.snapshot import ContractSnapshot


class ContractNotFound(Exception):
    """There is no such contract, or it is not this viewer's: the two cannot be told apart."""


class IdempotencyKeyReused(Exception):
    """The key came before, with another operation or input."""


@dataclass
class ActionRefused(Exception):
    """The rules say no. The contract comes along as it stood when they were asked."""

    contract: ContractSnapshot
    at: datetime
    refusal: Refused


@dataclass
class StaleContract(Exception):
    """The rules would grant the request, but the contract is not the one its sender saw at the expected version."""

    contract: ContractSnapshot
    at: datetime
