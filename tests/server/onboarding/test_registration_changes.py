"""Whatever is registered, and by whichever way it changes: one version, one event, and the old version is stale."""

from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from contract_rules import Actor, EventType, Status
from contract_server.accounts.models import Account
from contract_server.contracts.models import Company as CompanyRow
from contract_server.contracts.models import Contract, ContractEvent
from contract_server.contracts.models import Member as MemberRow
from contract_server.contracts.registration.differences import (
    Company,
    Contractor,
    Member,
    Registration,
    RegistrationRefusal,
)
from contract_server.db.statements import fetch
from contract_server.integration.feed import find_changes_by_id, number_changes
from contract_server.mail.models import OutboxMail
from contract_server.onboarding.accounts import add_account, rename
from contract_server.onboarding.transfer import transfer_contract
from contract_server.services import Services

PASSWORD = "long enough to be one"
COMPANY = Company("株式会社あおぞら", "東京都千代田区", "100-0005", "03-0000-0001")
CONTRACTOR = Contractor("青木 春子", "haruko@example.jp")
MEMBER = Member("佐藤 蓮", "ren@example.jp", UUID(int=1))
NEW_EMAIL = "natsuko@example.jp"

Way = Callable[[Services, UUID], Awaitable[Any]]


async def put(
    services: Services,
    contract_id: UUID,
    *,
    company: Company = COMPANY,
    contractor: Contractor = CONTRACTOR,
    member: Member = MEMBER,
    expected_version: int | None = None,
) -> RegistrationRefusal | None:
    wanted = Registration(contract_id, company, contractor, [member], expected_version)
    (result,) = await services.registration_updates.put_all([wanted], Actor.SYSTEM)
    return result.refusal


async def give_name(services: Services, _contract_id: UUID) -> None:
    await rename(services.registration_updates, CONTRACTOR.email, "青木 夏子")


async def confirm_address(services: Services, _contract_id: UUID) -> None:
    await services.address_changes.request(await Account.get(email=CONTRACTOR.email), NEW_EMAIL)
    for mail in await OutboxMail.all():
        await services.address_changes.confirm(mail.body.partition("/address#")[2].split()[0])


async def transfer(services: Services, _contract_id: UUID) -> None:
    await transfer_contract(
        services.passwords,
        services.registration_updates,
        current_email=CONTRACTOR.email,
        email=NEW_EMAIL,
        name="後任",
        password=PASSWORD,
    )


async def add(services: Services, contract_id: UUID, email: str = CONTRACTOR.email) -> None:
    await add_account(
        services.passwords,
        services.registration_updates,
        email=email,
        name=CONTRACTOR.name,
        password=PASSWORD,
        contract_id=contract_id,
    )


WAYS: dict[str, Way] = {
    **{f"put company's {name}": partial(put, company=COMPANY._replace(**{name: "123"})) for name in Company._fields},
    **{
        f"put contractor's {name}": partial(put, contractor=CONTRACTOR._replace(**{name: NEW_EMAIL}))
        for name in Contractor._fields
    },
    "put member's name": partial(put, member=MEMBER._replace(name="x")),
    "put member's email": partial(put, member=MEMBER._replace(email="x")),
    "rename": give_name,
    "change of address": confirm_address,
    "transfer": transfer,
    "add a contractor": partial(add, email=NEW_EMAIL),
}


async def registered(contract_id: UUID) -> list[Any]:
    """All that is registered, as it is stored."""
    tables = {"company": "", "account": " - 'password_hash'", "member": ""}
    return [
        await fetch(f"SELECT to_jsonb(t){less} FROM {table} AS t WHERE contract_id = $1", contract_id)  # noqa: S608 - the names above
        for table, less in tables.items()
    ]


async def contract_for(services: Services, way: str) -> UUID:
    contract = await Contract.create(version=1, status=Status.ACTIVE, started_on=date(2023, 1, 1), applications=0)
    await CompanyRow.create(contract_id=contract.id, **COMPANY._asdict())
    await MemberRow.create(contract_id=contract.id, **MEMBER._asdict())
    if way != "add a contractor":
        await add(services, contract.id)
    return contract.id


@pytest.mark.parametrize("way", WAYS)
async def test_each_way_raises_the_version_once_with_an_event_in_the_feed(services: Services, way: str) -> None:
    contract_id = await contract_for(services, way)
    before, version = await registered(contract_id), (await Contract.get(id=contract_id)).version
    await WAYS[way](services, contract_id)
    assert await registered(contract_id) != before
    assert (await Contract.get(id=contract_id)).version == version + 1
    event = await ContractEvent.get(contract_id=contract_id, version=version + 1)
    assert event.type is EventType.REGISTRATION_CHANGED
    assert event.at <= await services.clock.now()
    await number_changes()
    (change,) = await find_changes_by_id([UUID(str(event.id))])
    assert change.contract_id == contract_id


@pytest.mark.parametrize("way", WAYS)
async def test_a_registration_with_the_version_before_is_stale(services: Services, way: str) -> None:
    contract_id = await contract_for(services, way)
    version = (await Contract.get(id=contract_id)).version
    await WAYS[way](services, contract_id)
    stored = await registered(contract_id)
    assert await put(services, contract_id, expected_version=version) is RegistrationRefusal.STALE_CONTRACT
    assert await registered(contract_id) == stored


async def test_a_name_that_is_the_same_changes_nothing(services: Services) -> None:
    contract_id = await contract_for(services, "rename")
    version = (await Contract.get(id=contract_id)).version
    await rename(services.registration_updates, CONTRACTOR.email, CONTRACTOR.name)
    assert (await Contract.get(id=contract_id)).version == version
