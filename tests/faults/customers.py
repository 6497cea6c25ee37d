"""Contractors who are logged in without the work of logging in, what they ask for, and what should come of it."""

from dataclasses import dataclass
from uuid import UUID

import httpx
from tests.server.workbench import Workbench, contract_of

from contract_rules import Action, EventType
from contract_server.accounts.models import Account
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.models import Contract, ContractEvent, TerminationApplication
from contract_server.mail.models import OutboxMail
from contract_server.services import Services

CHANGE = """
mutation ($id: ID!, $key: String!) {
  change: %sContract(input: { contractId: $id, idempotencyKey: $key }) {
    ... on Contract%s { contract { version status } }
    ... on Problem { code message }
  }
}
"""
CHANGES = {
    Action.TERMINATE: CHANGE % ("terminate", "Terminated"),
    Action.RESUME: CHANGE % ("resume", "Resumed"),
}


@dataclass(frozen=True)
class Customer:
    """A contractor, and the token of a session."""

    viewer: Viewer
    token: str

    @property
    def contract_id(self) -> UUID:
        return contract_of(self.viewer)


async def new_customer(services: Services) -> Customer:
    """A new contract, and its contractor, who has just logged in."""
    contractor = await Workbench.of(services.settings).contract(members=1)
    return Customer(*await services.sessions.open(await Account.get(id=contractor.account_id)))


async def change(http: httpx.AsyncClient, customer: Customer, action: Action, key: str) -> httpx.Response:
    """Ask for the change once."""
    request = {"query": CHANGES[action], "variables": {"id": str(customer.contract_id), "key": key}}
    return await http.post("/graphql", json=request, headers={"Authorization": f"Bearer {customer.token}"})


@dataclass(frozen=True)
class Effects:
    """All that changing a contract has brought about."""

    version: int
    applications: int
    withdrawn: int
    events: list[EventType]
    mails: list[str]

    @classmethod
    async def of(cls, customer: Customer) -> "Effects":
        of_contract = {"contract_id": customer.contract_id}
        contract = await Contract.get(id=customer.contract_id)
        applications = TerminationApplication.filter(**of_contract)
        events = await ContractEvent.filter(**of_contract).order_by("id")
        mails = await OutboxMail.filter(**of_contract).order_by("id")
        return cls(
            version=contract.version,
            applications=await applications.count(),
            withdrawn=await applications.filter(withdrawn_at__isnull=False).count(),
            events=[event.type for event in events],
            mails=[mail.kind for mail in mails],
        )

    @classmethod
    def after(cls, changes: int) -> "Effects":
        """Those of so many changes, which are terminations and resumptions by turns."""
        terminations, resumptions = (changes + 1) // 2, changes // 2
        events = [EventType.TERMINATION_REQUESTED, EventType.RESUMED] * terminations
        mails = ["termination_accepted", "resumption_accepted"] * terminations
        return cls(
            version=1 + changes,
            applications=terminations,
            withdrawn=resumptions,
            events=[EventType.STARTED, *events[:changes]],
            mails=mails[:changes],
        )
