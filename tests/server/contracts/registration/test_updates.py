"""A registration replaces the stored one in one transaction, with one version and its events."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

from tests.server.accounts.links import links_left, make_links
from tests.server.workbench import ERASURE_DUE_AT, SERVICE_ENDS_AT, Workbench, contract_of, everything_stored, sql

from contract_rules import Action, Actor, EventType
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.models import Company as CompanyRow
from contract_server.contracts.models import Contract, ContractEvent
from contract_server.contracts.models import Member as MemberRow
from contract_server.contracts.registration.differences import (
    NO_DIFFERENCES,
    Company,
    Contractor,
    Member,
    Registration,
    RegistrationRefusal,
)
from contract_server.contracts.registration.updates import RegistrationUpdates, UpdateResult

COMPANY = Company("株式会社あおぞら", "東京都千代田区", "100-0005", "03-0000-0001")
REN = Member("佐藤 蓮", "ren@example.jp", UUID(int=1))
HANA = Member("山田 花", "hana@example.jp", UUID(int=2))
CANARY = "カナリア"


def registration(
    viewer: Viewer,
    *members: Member,
    company: Company = COMPANY,
    contractor: Contractor | None = None,
    expected_version: int | None = None,
) -> Registration:
    person = contractor or Contractor(viewer.name, viewer.email)
    return Registration(contract_of(viewer), company, person, members, expected_version)


async def put(bench: Workbench, *wanted: Registration, store: bool = True) -> list[UpdateResult]:
    return await RegistrationUpdates(bench.clock).put_all(wanted, Actor.OPERATOR, store=store)


async def members_of(contractor: Viewer) -> list[Member]:
    rows = await MemberRow.filter(contract_id=contract_of(contractor)).order_by("id")
    return [Member(row.name, row.email, row.id) for row in rows]


async def version_of(contractor: Viewer) -> int:
    return (await Contract.get(id=contract_of(contractor))).version


async def events_after(contractor: Viewer, version: int) -> Sequence[tuple[EventType, int | None]]:
    rows = await ContractEvent.filter(contract_id=contract_of(contractor), version__gt=version).order_by("id")
    return [(row.type, row.version) for row in rows]


async def test_what_is_registered_becomes_what_is_wanted(bench: Workbench) -> None:
    contractor = await bench.contract(members=2)
    new = Contractor("新しい名前", f"{uuid4()}@example.jp")
    (result,) = await put(bench, registration(contractor, REN, HANA, contractor=new))
    assert result.refusal is None
    assert await members_of(contractor) == [REN, HANA]
    company = await CompanyRow.get(contract_id=contract_of(contractor))
    assert (company.name, company.address, company.postal_code, company.phone_number) == COMPANY
    (account,) = await sql("SELECT name, email FROM account WHERE id = $1", contractor.account_id)
    assert (account["name"], account["email"]) == new


async def test_an_update_is_one_version_with_an_event_and_one_more_for_removed_members(bench: Workbench) -> None:
    contractor = await bench.contract(members=2)
    await put(bench, registration(contractor, REN, HANA))
    assert await events_after(contractor, 1) == [(EventType.REGISTRATION_CHANGED, 2), (EventType.MEMBERS_REMOVED, 2)]
    await put(bench, registration(contractor, REN, HANA._replace(name="山田 華")))
    assert await events_after(contractor, 2) == [(EventType.REGISTRATION_CHANGED, 3)]
    assert await version_of(contractor) == 3


async def test_the_same_registration_changes_nothing(bench: Workbench) -> None:
    contractor = await bench.contract(members=0)
    await put(bench, registration(contractor, REN))
    before = await everything_stored()
    (result,) = await put(bench, registration(contractor, REN))
    assert not result.differences
    assert await everything_stored() == before


async def test_a_dry_run_finds_the_differences_and_stores_none(bench: Workbench) -> None:
    contractor = await bench.contract(members=1)
    before = await everything_stored()
    (result,) = await put(bench, registration(contractor, REN), store=False)
    assert (result.differences.added, len(result.differences.removed)) == ([REN.id], 1)
    assert await everything_stored() == before
    assert await put(bench, registration(contractor, REN)) == [result]
    assert result.version == await version_of(contractor) == 2


async def test_each_of_many_is_updated_or_refused_by_itself(bench: Workbench) -> None:
    first, second, third = [await bench.contract(members=0) for _ in range(3)]
    taken = Contractor(second.name, first.email)
    results = await put(
        bench,
        registration(first, REN),
        registration(second, HANA, contractor=taken),
        registration(third, Member("会員", "m@example.jp")),
        Registration(uuid4(), COMPANY, taken, []),
    )
    assert [result.refusal for result in results] == [
        None,
        RegistrationRefusal.EMAIL_TAKEN,
        None,
        RegistrationRefusal.CONTRACT_NOT_FOUND,
    ]
    assert [await version_of(contractor) for contractor in (first, second, third)] == [2, 1, 2]
    assert await members_of(second) == []


async def test_the_id_of_a_member_of_another_contract_is_refused(bench: Workbench) -> None:
    first, second = [await bench.contract(members=0) for _ in range(2)]
    await put(bench, registration(first, REN))
    (result,) = await put(bench, registration(second, REN))
    assert result.refusal is RegistrationRefusal.MEMBER_ID_TAKEN


async def test_a_contract_without_a_contractor_is_refused(bench: Workbench) -> None:
    contractor = await bench.contract(members=0)
    await sql("DELETE FROM account WHERE id = $1", contractor.account_id)
    (result,) = await put(bench, registration(contractor, REN))
    assert result.refusal is RegistrationRefusal.NO_CONTRACTOR


async def test_a_version_that_has_passed_is_refused_unless_the_change_was_unseen(bench: Workbench) -> None:
    contractor = await bench.contract(members=0)
    (result,) = await put(bench, registration(contractor, REN, expected_version=1))
    assert result.refusal is None
    (result,) = await put(bench, registration(contractor, HANA, expected_version=1))
    assert result.refusal is RegistrationRefusal.STALE_CONTRACT
    assert await members_of(contractor) == [REN]


async def test_after_the_end_of_service_the_contractors_address_alone_is_taken(bench: Workbench) -> None:
    contractor = await bench.contract(members=0)
    await put(bench, registration(contractor, REN))
    await bench.ask(contractor, Action.TERMINATE)
    bench.clock.instant = SERVICE_ENDS_AT
    (result,) = await put(bench, registration(contractor, REN, HANA))
    assert result.refusal is RegistrationRefusal.SERVICE_ENDED
    new = Contractor(contractor.name, f"{uuid4()}@example.jp")
    (result,) = await put(bench, registration(contractor, REN, contractor=new))
    assert (result.refusal, result.differences.contractor) == (None, ["email"])


async def test_links_that_were_mailed_to_the_former_address_open_nothing(bench: Workbench) -> None:
    contractor = await bench.contract(members=0)
    await make_links(contractor.account_id)
    await put(bench, registration(contractor, contractor=Contractor(contractor.name, f"{uuid4()}@example.jp")))
    assert await links_left(contractor.account_id) == set()


async def test_two_updates_at_once_come_one_after_the_other(bench: Workbench) -> None:
    contractor = await bench.contract(members=0)
    await asyncio.gather(*(put(bench, registration(contractor, member)) for member in (REN, HANA)))
    assert await version_of(contractor) == 3
    assert len(await members_of(contractor)) == 1


async def test_nothing_is_left_of_a_removed_member_nor_of_an_erased_contract_that_was_updated(
    bench: Workbench,
) -> None:
    contractor = await bench.contract(members=0)
    await put(bench, registration(contractor, Member(CANARY, f"{CANARY}1@example.jp")))
    await put(bench, registration(contractor, REN, company=COMPANY._replace(name=f"{CANARY}会社")))
    stored = str(await everything_stored())
    assert f"{CANARY}1" not in stored
    await bench.ask(contractor, Action.TERMINATE)
    bench.clock.instant = ERASURE_DUE_AT
    assert await bench.erasures.erase(contract_of(contractor))
    assert CANARY not in str(await everything_stored())


async def test_an_erased_contract_stays_empty(bench: Workbench) -> None:
    contractor = await bench.contract(members=0)
    await bench.ask(contractor, Action.TERMINATE)
    bench.clock.instant = ERASURE_DUE_AT
    assert await bench.erasures.erase(contract_of(contractor))
    (result,) = await put(bench, registration(contractor, REN))
    assert result == UpdateResult(contract_of(contractor), 3, NO_DIFFERENCES, RegistrationRefusal.CONTRACT_ERASED)
    assert await members_of(contractor) == []
