"""Accounts that operators add and change."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from contract_rules import Status
from contract_server.accounts.email import EmailTaken
from contract_server.accounts.login import InvalidCredentials
from contract_server.accounts.models import Account, Role
from contract_server.accounts.passwords.rules import UnsuitablePassword
from contract_server.accounts.rate_limit_store import TooManyAttempts
from contract_server.contracts.models import Company, Contract
from contract_server.contracts.result import ContractNotFound
from contract_server.onboarding.accounts import (
    AccountNotFound,
    ContractHasContractor,
    add_account,
    set_password,
    unlock,
)
from contract_server.services import Services

EMAIL, PASSWORD = "operator@example.jp", "long enough to be one"
HERE = "203.0.113.1"


async def add(services: Services, email: str = EMAIL, contract_id: UUID | None = None) -> Account:
    return await add_account(
        services.passwords,
        services.registration_updates,
        email=email,
        name="運用 太郎",
        password=PASSWORD,
        contract_id=contract_id,
    )


async def test_the_name_of_the_company_counts_for_nothing_in_the_password_of_its_contractor(services: Services) -> None:
    contract_id = await contract()
    await Company.create(contract_id=contract_id, name="long enough", address="a", postal_code="p", phone_number="t")
    with pytest.raises(UnsuitablePassword):
        await add(services, contract_id=contract_id)


async def contract() -> UUID:
    return (await Contract.create(version=1, status=Status.ACTIVE, started_on=date(2023, 1, 1), applications=0)).id


async def test_an_account_without_a_contract_is_an_operators_and_its_address_is_normalized(services: Services) -> None:
    account = await add(services, " Operator@Example.JP ")
    assert (account.role, account.email) == (Role.OPERATOR, EMAIL)
    viewer, _ = await services.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    assert viewer.account_id == account.id


async def test_a_contract_has_one_contractor(services: Services) -> None:
    contract_id = await contract()
    assert (await add(services, contract_id=contract_id)).role is Role.CONTRACTOR
    with pytest.raises(ContractHasContractor):
        await add(services, "other@example.jp", contract_id)
    with pytest.raises(EmailTaken):
        await add(services, EMAIL.upper(), await contract())
    assert await Account.all().count() == 1


async def test_an_unknown_contract_gets_no_contractor(services: Services) -> None:
    with pytest.raises(ContractNotFound):
        await add(services, contract_id=uuid4())
    assert not await Account.exists()


async def test_a_new_password_replaces_the_old_one(services: Services) -> None:
    await add(services)
    await set_password(services.passwords, services.password_changes, EMAIL.upper(), "another long one")
    await services.log_ins.log_in(EMAIL, "another long one", client_address=HERE)
    with pytest.raises(InvalidCredentials):
        await services.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    with pytest.raises(UnsuitablePassword):
        await set_password(services.passwords, services.password_changes, EMAIL, "short")
    with pytest.raises(AccountNotFound):
        await set_password(services.passwords, services.password_changes, "other@example.jp", PASSWORD)


async def test_unlocking_clears_the_failures_of_an_account(services: Services) -> None:
    await add(services)
    limit = services.settings.log_in_failures_per_account
    for _ in range(limit):
        with pytest.raises(InvalidCredentials):
            await services.log_ins.log_in(EMAIL, "wrong", client_address=HERE)
    with pytest.raises(TooManyAttempts):
        await services.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    await unlock(services.log_ins, services.password_resets, EMAIL)
    await services.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    with pytest.raises(AccountNotFound):
        await unlock(services.log_ins, services.password_resets, "other@example.jp")
