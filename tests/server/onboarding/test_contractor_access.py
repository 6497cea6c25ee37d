"""An operator unlocks a contractor's account, ends its sessions, and sends a link; each with a reason in the trail."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from contract_rules import Status
from contract_server.accounts.login import InvalidCredentials
from contract_server.accounts.models import Account, PasswordResetToken, Session
from contract_server.accounts.rate_limit_store import TooManyAttempts
from contract_server.audit.models import AuditAction, AuditEntry
from contract_server.audit.origin import Interface, Origin, set_origin
from contract_server.contracts.models import Contract
from contract_server.contracts.result import ContractNotFound, NotPossible, Obstacle
from contract_server.mail.models import OutboxMail
from contract_server.onboarding.accounts import add_account
from contract_server.services import Services

EMAIL, PASSWORD, HERE = "contractor@example.jp", "long enough to be one", "203.0.113.1"
OPERATOR = uuid4()


@pytest.fixture(autouse=True)
def _by_the_api() -> None:
    set_origin(Origin(Interface.API))


async def add_contractor(services: Services) -> Account:
    contract = await Contract.create(version=1, status=Status.ACTIVE, started_on=date(2023, 1, 1), applications=0)
    return await add_account(
        services.passwords,
        services.registration_updates,
        email=EMAIL,
        name="契約 太郎",
        password=PASSWORD,
        contract_id=contract.id,
    )


def contract_of(contractor: Account) -> UUID:
    assert contractor.contract_id is not None
    return contractor.contract_id


async def expect_entry(action: AuditAction, contractor: Account) -> None:
    entry = await AuditEntry.filter(action=action).order_by("-at").first()
    assert entry is not None
    assert (entry.account_id, entry.about_id, entry.contract_id) == (OPERATOR, contractor.id, contractor.contract_id)
    assert entry.reason == "by telephone"


async def test_after_unlocking_the_contractor_can_log_in(services: Services) -> None:
    contractor = await add_contractor(services)
    for _ in range(services.settings.log_in_failures_per_account):
        with pytest.raises(InvalidCredentials):
            await services.log_ins.log_in(EMAIL, "wrong", client_address=HERE)
    with pytest.raises(TooManyAttempts):
        await services.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    await services.contractor_access.unlock(contract_of(contractor), "by telephone", OPERATOR)
    await services.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
    await expect_entry(AuditAction.ACCOUNT_UNLOCKED, contractor)


async def test_all_sessions_of_the_contractor_end_and_no_others(services: Services) -> None:
    contractor = await add_contractor(services)
    other = await add_account(
        services.passwords,
        services.registration_updates,
        email="other@example.jp",
        name="運用 太郎",
        password=PASSWORD,
    )
    for account in (contractor, contractor, other):
        await services.sessions.open(account)
    await services.contractor_access.end_sessions(contract_of(contractor), "by telephone", OPERATOR)
    assert await Session.filter(account_id=contractor.id).count() == 0
    assert await Session.filter(account_id=other.id).count() == 1
    await expect_entry(AuditAction.SESSIONS_ENDED, contractor)


async def test_a_link_is_queued_as_a_mail_to_the_contractor(services: Services) -> None:
    contractor = await add_contractor(services)
    await services.contractor_access.mail_link(contract_of(contractor), "by telephone", OPERATOR)
    (mail,) = await OutboxMail.all()
    assert (mail.recipient, mail.contract_id) == (EMAIL, contractor.contract_id)
    assert await PasswordResetToken.filter(account_id=contractor.id).count() == 1
    await expect_entry(AuditAction.PASSWORD_LINK_REQUESTED, contractor)


async def test_nothing_is_done_for_a_contract_without_a_contractor_or_for_none(services: Services) -> None:
    contract = await Contract.create(version=1, status=Status.ACTIVE, started_on=date(2023, 1, 1), applications=0)
    entries = await AuditEntry.all().count()
    for help_ in (
        services.contractor_access.unlock,
        services.contractor_access.end_sessions,
        services.contractor_access.mail_link,
    ):
        with pytest.raises(NotPossible) as refused:
            await help_(contract.id, "by telephone", OPERATOR)
        assert refused.value.obstacle is Obstacle.NO_CONTRACTOR
        with pytest.raises(ContractNotFound):
            await help_(uuid4(), "by telephone", OPERATOR)
    assert await AuditEntry.all().count() == entries
