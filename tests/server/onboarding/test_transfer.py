"""A contract gets another contractor in any state until it is erased; the former account opens nothing any more."""

from datetime import date
from uuid import UUID

import pytest
from tests.server.accounts.links import links_left, make_links
from tests.server.in_process import find_viewer

from contract_rules import Action, Status
from contract_server.accounts.email import EmailTaken
from contract_server.accounts.login import InvalidCredentials
from contract_server.accounts.models import Account, Role
from contract_server.accounts.passwords.rules import UnsuitablePassword
from contract_server.audit.models import AuditAction, AuditEntry
from contract_server.contracts.models import Contract, IdempotentAnswer, TerminationApplication
from contract_server.contracts.service import ContractRequest
from contract_server.onboarding.accounts import AccountNotFound, ContractErased, add_account
from contract_server.onboarding.transfer import NotAContractor, transfer_contract
from contract_server.services import Services

FORMER, NEW, OPERATOR = "former@example.jp", "new@example.jp", "operator@example.jp"
PASSWORD, NEW_PASSWORD = "long enough to be one", "another long one"
HERE = "203.0.113.1"


async def contract(services: Services, status: Status = Status.ACTIVE) -> UUID:
    found = await Contract.create(version=1, status=Status.ACTIVE, started_on=date(2023, 1, 1), applications=0)
    await add_account(
        services.passwords,
        services.registration_updates,
        email=FORMER,
        name="前任",
        password=PASSWORD,
        contract_id=found.id,
    )
    if status is not Status.ACTIVE:
        viewer, _ = await services.log_ins.log_in(FORMER, PASSWORD, client_address=HERE)
        await services.contracts.execute(viewer, ContractRequest(action=Action.TERMINATE, contract_id=found.id))
        await Contract.filter(id=found.id).update(status=status)
        await TerminationApplication.all().update(service_ended_at=await services.clock.now())
    return found.id


async def transfer(
    services: Services, current: str = FORMER, email: str = NEW, password: str = NEW_PASSWORD
) -> Account:
    return await transfer_contract(
        services.passwords,
        services.registration_updates,
        current_email=current,
        email=email,
        name="後任",
        password=password,
    )


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.ERASED])
async def test_the_new_contractor_logs_in_and_the_former_one_does_not(services: Services, status: Status) -> None:
    contract_id = await contract(services, status)
    former, token = await services.log_ins.log_in(FORMER, PASSWORD, client_address=HERE)
    await IdempotentAnswer.create(account_id=former.account_id, key="k", input_hash=b"", answer={})
    await make_links(former.account_id)
    account = await transfer(services, FORMER.upper(), " New@Example.JP ")
    assert await links_left(former.account_id) == set()
    assert await find_viewer(services, token) is None
    with pytest.raises(InvalidCredentials):
        await services.log_ins.log_in(FORMER, PASSWORD, client_address=HERE)
    viewer, _ = await services.log_ins.log_in(NEW, NEW_PASSWORD, client_address=HERE)
    assert (viewer.account_id, viewer.role, viewer.contract_id) == (account.id, Role.CONTRACTOR, contract_id)
    assert (await Contract.get(id=contract_id)).status is status
    entry = await AuditEntry.filter(action=AuditAction.CONTRACT_TRANSFERRED, contract_id=contract_id).get()
    assert (entry.about_id, entry.subject) == (account.id, f"from {former.account_id}")


async def test_the_contract_of_an_erased_contractor_is_not_transferred(services: Services) -> None:
    await contract(services, Status.ERASED)
    with pytest.raises(ContractErased):
        await transfer(services)


async def test_what_cannot_be_transferred_stays_with_its_contractor(services: Services) -> None:
    contract_id = await contract(services)
    await add_account(
        services.passwords,
        services.registration_updates,
        email=OPERATOR,
        name="運用",
        password=PASSWORD,
    )
    with pytest.raises(AccountNotFound):
        await transfer(services, "unknown@example.jp")
    with pytest.raises(NotAContractor):
        await transfer(services, OPERATOR)
    with pytest.raises(EmailTaken):
        await transfer(services, email=OPERATOR)
    with pytest.raises(UnsuitablePassword):
        await transfer(services, password="short")
    assert (await Account.get(email=FORMER)).contract_id == contract_id
