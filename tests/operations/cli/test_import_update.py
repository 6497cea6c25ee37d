"""`import --update` replaces what is registered, and its report lists every change."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.operations.cli.conftest import Variables, variables_of
from tests.operations.cli.import_files import contract, member
from tests.operations.cli.terminal import run
from tests.operations.cli.test_importing import imported, outcomes, refused, stored, write

from contract_server.accounts.models import Account
from contract_server.contracts.models import Contract, ContractEvent, Member
from contract_server.db.connection import database
from contract_server.settings import Settings

ID = str(UUID(int=1))
REN, HANA = str(UUID(int=101)), str(UUID(int=102))


@pytest.fixture
def variables(migrated: Settings) -> Variables:
    return variables_of(migrated)


@pytest.fixture
async def imported_file(variables: Variables, tmp_path: Path) -> Path:
    """A file of a contract with two members, after its import."""
    members = member(1, of=1, member_id=REN), member(2, of=1, member_id=HANA)
    file = write(tmp_path, [contract(1), *members])
    assert (await imported(variables, file))[0] == 0
    return file


def changes(file: Path) -> list[Any]:
    told = file.with_name(f"{file.name}.outcomes.jsonl").read_text().splitlines()
    return [json.loads(line)["changes"] for line in told]


@pytest.mark.usefixtures("imported_file")
async def test_additions_changes_and_removals_are_stored_and_told(
    migrated: Settings, variables: Variables, tmp_path: Path
) -> None:
    new = str(UUID(int=103))
    file = write(
        tmp_path,
        [
            contract(1, company_name="株式会社ひだまり"),
            member(1, of=1, member_id=REN, name="佐藤 蓮太"),
            member(3, of=1, member_id=new),
            contract(2),
        ],
    )
    status, told = await imported(variables, file, "--update")
    assert (status, told["contracts"], told["updated_contracts"]) == (0, 1, 1)
    assert (told["added_members"], told["changed_members"], told["removed_members"]) == (1, 1, 1)
    assert outcomes(file) == [(1, ID, "updated"), (4, str(UUID(int=2)), "stored")]
    listed = {"company": ["name"], "contractor": [], "added": [new], "changed": [REN], "removed": [HANA]}
    assert changes(file) == [listed, None]
    found = await stored(migrated)
    assert found["members"] == [
        (UUID(ID), "佐藤 蓮太", "member1@example.jp"),
        (UUID(ID), "佐藤 蓮", "member3@example.jp"),
    ]
    assert [name for _, name, _ in found["companies"]] == ["株式会社ひだまり", "株式会社あおぞら"]


@pytest.mark.usefixtures("imported_file")
async def test_a_dry_run_lists_the_same_and_stores_nothing(
    migrated: Settings, variables: Variables, tmp_path: Path
) -> None:
    before = await stored(migrated)
    file = write(tmp_path, [contract(1, email="neu@example.jp"), member(1, of=1, name="佐藤 蓮太"), contract(2)])
    status, told = await imported(variables, file, "--update", "--dry-run")
    assert (status, told["stored"]) == (0, False)
    assert await stored(migrated) == before
    listed = outcomes(file), changes(file), told | {"stored": True}
    status, told = await imported(variables, file, "--update")
    assert (outcomes(file), changes(file), told) == listed
    assert await stored(migrated) != before


async def test_the_same_file_again_changes_nothing(
    migrated: Settings, variables: Variables, imported_file: Path
) -> None:
    before = await stored(migrated)
    status, told = await imported(variables, imported_file, "--update")
    assert (status, told["updated_contracts"], told["unchanged_contracts"]) == (0, 0, 1)
    assert outcomes(imported_file) == [(1, ID, "unchanged")]
    assert await stored(migrated) == before


@pytest.mark.usefixtures("imported_file")
async def test_a_member_without_an_id_is_the_one_with_the_address(
    migrated: Settings, variables: Variables, tmp_path: Path
) -> None:
    file = write(tmp_path, [contract(1), member(2, of=1, name="佐藤 花"), member(1, of=1)])
    assert (await imported(variables, file, "--update"))[0] == 0
    assert changes(file)[0]["changed"] == [HANA]
    async with database(migrated):
        assert (await Member.get(id=UUID(HANA))).name == "佐藤 花"


@pytest.mark.usefixtures("imported_file")
async def test_the_change_stands_in_the_history_with_the_operator_who_made_it(
    migrated: Settings, variables: Variables, tmp_path: Path
) -> None:
    password = "とても長いパスワード 2026\n"
    added = await run(variables, "user", "add", "op@example.jp", "--name", "運用", given=password)
    assert added.status == 0, added.errors
    file = write(tmp_path, [contract(1), member(1, of=1, member_id=REN)])
    assert (await imported(variables, file, "--update", "--as", "op@example.jp"))[0] == 0
    async with database(migrated):
        operator = await Account.get(email="op@example.jp")
        events = await ContractEvent.filter(contract_id=UUID(ID)).order_by("version", "id")
        assert [(event.type, event.account_id) for event in events[1:]] == [
            ("REGISTRATION_CHANGED", operator.id),
            ("MEMBERS_REMOVED", operator.id),
        ]
        assert (await Contract.get(id=UUID(ID))).version == 2


@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"started_on": "2023-04-02"}, "started_on", "the contract began on 2023-04-01, and that stays"),
        ({"email": "other@example.jp"}, "email", "an account with this address is there already"),
        ({"email": "ｔａｒｏ@example.jp"}, "email", "write taro@example.jp"),
    ],
)
@pytest.mark.usefixtures("imported_file")
async def test_a_contract_that_cannot_be_updated_is_refused_and_stays(
    migrated: Settings, tmp_path: Path, changed: dict[str, Any], field: str, reason: str
) -> None:
    variables = variables_of(migrated)
    assert (await imported(variables, write(tmp_path, [contract(3, email="other@example.jp")])))[0] == 0
    before = await stored(migrated)
    file = write(tmp_path, [contract(1, **changed), member(1, of=1)])
    status, told = await imported(variables, file, "--update")
    assert (status, told["refused_contracts"]) == (1, 1)
    ((_, told_field, told_reason),) = refused(file)
    assert told_field == field
    assert reason in told_reason
    assert await stored(migrated) == before


@pytest.mark.usefixtures("imported_file")
async def test_members_swap_their_addresses_in_one_file(
    migrated: Settings, variables: Variables, tmp_path: Path
) -> None:
    swapped = member(2, of=1, member_id=REN, name="蓮"), member(1, of=1, member_id=HANA, name="花")
    status, told = await imported(variables, write(tmp_path, [contract(1), *swapped]), "--update")
    assert (status, told["changed_members"], told["added_members"], told["removed_members"]) == (0, 2, 0, 0)
    async with database(migrated):
        found = {str(row.id): (row.name, row.email) for row in await Member.filter(contract_id=ID)}
    assert found == {REN: ("蓮", "member2@example.jp"), HANA: ("花", "member1@example.jp")}


@pytest.mark.usefixtures("imported_file")
async def test_contractors_swap_their_addresses_by_way_of_a_third(
    migrated: Settings, variables: Variables, tmp_path: Path
) -> None:
    first, second, third = (f"contractor{number}@example.jp" for number in (1, 2, 9))
    assert (await imported(variables, write(tmp_path, [contract(2)])))[0] == 0
    before = await stored(migrated)
    members = member(1, of=1, member_id=REN), member(2, of=1, member_id=HANA)
    swapped = [contract(1, email=second), *members, contract(2, email=first)]
    file = write(tmp_path, swapped)
    status, told = await imported(variables, file, "--update")
    assert (status, told["refused_contracts"]) == (1, 2)
    assert {field for _, field, _ in refused(file)} == {"email"}
    assert all("let it take another address first, in an earlier file" in reason for *_, reason in refused(file))
    assert await stored(migrated) == before
    for lines in ([contract(2, email=third)], swapped[:-1], swapped[-1:]):
        assert (await imported(variables, write(tmp_path, lines), "--update"))[0] == 0
    async with database(migrated):
        found = {str(row.contract_id): row.email for row in await Account.all()}
    assert found == {ID: second, str(UUID(int=2)): first}


@pytest.mark.usefixtures("imported_file")
async def test_without_the_option_a_contract_that_is_there_is_skipped(
    migrated: Settings, variables: Variables, tmp_path: Path
) -> None:
    before = await stored(migrated)
    file = write(tmp_path, [contract(1, name="別の人")])
    assert (await imported(variables, file))[1]["skipped_contracts"] == 1
    assert await stored(migrated) == before


async def test_many_contracts_are_updated_in_several_transactions(
    migrated: Settings, variables: Variables, tmp_path: Path
) -> None:
    numbers = range(1, 6)
    lines = [line for n in numbers for line in (contract(n), *(member(n * 1_000 + i, of=n) for i in range(500)))]
    assert (await imported(variables, write(tmp_path, lines)))[0] == 0
    file = write(tmp_path, [line for line in lines if not line["email"].endswith("7@example.jp")])
    status, told = await imported(variables, file, "--update")
    assert (status, told["updated_contracts"], told["removed_members"]) == (0, 5, 250)
    async with database(migrated):
        assert await Member.all().count() == 2_250


@pytest.mark.usefixtures("imported_file")
async def test_a_person_is_told_the_numbers(variables: Variables, tmp_path: Path) -> None:
    file = write(tmp_path, [contract(1), member(1, of=1, member_id=REN), contract(2)])
    ended = await run(variables, "import", str(file), "--update", "--dry-run")
    assert ended.output == (
        "would be imported: 1 contracts with 0 members\n"
        f"would be updated: 1 contracts; members: 0 added, 0 changed, 1 removed; see {file}.outcomes.jsonl\n"
    )


async def test_an_address_that_another_contract_gives_up_is_free_at_the_next_import(
    migrated: Settings, variables: Variables, tmp_path: Path
) -> None:
    await imported(variables, write(tmp_path, [contract(1), contract(2)]))
    file = write(tmp_path, [contract(1, email="new@example.jp"), contract(2, email="contractor1@example.jp")])
    status, _ = await imported(variables, file, "--update")
    assert (status, [outcome for _, _, outcome in outcomes(file)]) == (1, ["updated", "refused"])
    status, _ = await imported(variables, file, "--update")
    assert (status, [outcome for _, _, outcome in outcomes(file)]) == (0, ["unchanged", "updated"])
    assert [email for email, *_ in (await stored(migrated))["accounts"]] == ["contractor1@example.jp", "new@example.jp"]
