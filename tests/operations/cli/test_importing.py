"""Contracts are taken over from files whole or not at all, once, and what is refused is told line by line."""

import asyncio
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.locks import until_a_lock_is_awaited
from tests.operations.cli.conftest import Variables, variables_of
from tests.operations.cli.import_files import contract, member, take
from tests.operations.cli.terminal import run, run_at_terminal

from contract_rules import Action
from contract_server.accounts.login import InvalidCredentials
from contract_server.accounts.models import Account
from contract_server.contracts.models import Company, Contract, ContractEvent, Member
from contract_server.contracts.service import ContractRequest
from contract_server.db.connection import database
from contract_server.db.transaction import current_connection
from contract_server.mail.models import OutboxMail
from contract_server.services import Services
from contract_server.settings import Settings

GUIDE = (Path(__file__).parents[3] / "packages/server/docs/import.md").read_text(encoding="utf-8")
EXAMPLE = UUID("0190a000-0000-7000-8000-000000000001")
HASH = "$argon2id$v=19$m=19456,t=2,p=1$QGVsbG8gd29ybGQ$"
HERE = "203.0.113.1"


def of_guide(language: str) -> str:
    """The guide's first block in that language."""
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    return blocks[0]


@pytest.fixture
def variables(migrated: Settings) -> Variables:
    return variables_of(migrated)


def write(folder: Path, records: Iterable[dict[str, Any]]) -> Path:
    file = folder / "contracts.jsonl"
    file.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return file


async def imported(variables: Variables, file: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The status, and what was told as JSON."""
    ended = await run(variables, "import", str(file), "--json", *options)
    assert ended.errors == ""
    return ended.status, json.loads(ended.output)


def refused(file: Path) -> list[tuple[int, str, str]]:
    """The lines of the report."""
    told = file.with_name(f"{file.name}.refused.jsonl").read_text().splitlines()
    return [(each["line"], each["field"], each["reason"]) for each in map(json.loads, told)]


def outcomes(file: Path) -> list[tuple[int, str | None, str]]:
    """What became of each contract."""
    told = file.with_name(f"{file.name}.outcomes.jsonl").read_text().splitlines()
    return [(each["line"], each["contract_id"], each["outcome"]) for each in map(json.loads, told)]


async def stored(settings: Settings) -> dict[str, list[Any]]:
    """Everything that an import stores, but for ids that are made up."""
    async with database(settings):
        return {
            "contracts": await Contract.all().order_by("id").values_list("id", "status", "version", "started_on"),
            "companies": await Company.all().order_by("contract_id").values_list("contract_id", "name", "phone_number"),
            "accounts": await Account.all().order_by("email").values_list("email", "name", "role", "contract_id"),
            "members": await Member.all().order_by("contract_id", "id").values_list("contract_id", "name", "email"),
            "events": await ContractEvent.all().order_by("contract_id").values_list("contract_id", "type", "at"),
        }


@pytest.mark.parametrize(
    ("language", "codec", "encoding"),
    [
        ("jsonl", "utf-8", "utf-8"),
        ("jsonl", "cp932", "shift_jis"),
        ("csv", "utf-8", "utf-8"),
        ("csv", "utf-8-sig", "utf-8"),
        ("csv", "cp932", "shift_jis"),
        ("csv", "cp932", "cp932"),
    ],
)
async def test_the_guides_examples_say_the_same_in_every_way_of_writing(
    migrated: Settings, tmp_path: Path, language: str, codec: str, encoding: str
) -> None:
    file = tmp_path / f"example.{language}"
    file.write_text(of_guide(language), encoding=codec, newline="\r\n")
    status, told = await imported(variables_of(migrated), file, "--encoding", encoding)
    assert (status, told["contracts"], told["members"], told["refused_lines"]) == (0, 1, 2, 0)
    assert refused(file) == []
    found = await stored(migrated)
    (contract_row,) = found["contracts"]
    assert (contract_row[0], str(contract_row[1]), contract_row[2], str(contract_row[3])) == (
        EXAMPLE,
        "ACTIVE",
        1,
        "2023-04-01",
    )
    assert found["companies"] == [(EXAMPLE, "株式会社あおぞら製作所", "03-0000-0001")]
    assert found["accounts"] == [("haruko@aozora.example.jp", "青木 春子", "CONTRACTOR", EXAMPLE)]
    assert found["members"] == [
        (EXAMPLE, "青木 春子", "haruko@aozora.example.jp"),
        (EXAMPLE, "佐藤 蓮", "ren@aozora.example.jp"),
    ]
    ((_, kind, at),) = found["events"]
    assert (kind, at.isoformat()) == ("STARTED", "2023-03-31T15:00:00+00:00")  # midnight in Japan


async def test_importing_again_skips_what_is_there_and_doubles_nothing(
    migrated: Settings, variables: Variables, tmp_path: Path
) -> None:
    file = write(tmp_path, [contract(1), member(1, of=1), contract(2)])
    assert (await imported(variables, file))[0] == 0
    before = await stored(migrated)
    status, told = await imported(variables, file)
    assert (status, told["contracts"], told["skipped_contracts"], told["refused_lines"]) == (0, 0, 2, 0)
    assert refused(file) == []
    assert outcomes(file) == [(1, str(UUID(int=1)), "skipped"), (3, str(UUID(int=2)), "skipped")]
    assert await stored(migrated) == before


async def test_a_contract_of_which_one_line_is_wrong_is_left_out_whole_and_no_other(
    migrated: Settings, variables: Variables, tmp_path: Path
) -> None:
    wrong = member(3, of=2, email="x" * 255)
    file = write(tmp_path, [contract(1), member(1, of=1), contract(2), member(2, of=2), wrong, contract(3)])
    status, told = await imported(variables, file)
    assert (status, told["contracts"], told["members"], told["refused_contracts"]) == (1, 2, 1, 1)
    assert refused(file) == [(5, "email", "expected 1 to 254 characters; found 255")]
    assert [row[0].int for row in (await stored(migrated))["contracts"]] == [1, 3]


async def test_a_check_stores_nothing_and_finds_what_an_import_would(
    migrated: Settings, variables: Variables, tmp_path: Path
) -> None:
    file = write(tmp_path, [contract(1), member(1, of=1), contract(2, email="CONTRACTOR1@example.jp ")])
    status, told = await imported(variables, file, "--check")
    assert (status, told["stored"], told["contracts"], told["members"]) == (1, False, 1, 1)
    assert refused(file) == [(3, "email", "the contractor in line 1 has this address")]
    assert set(map(len, (await stored(migrated)).values())) == {0}


async def test_the_report_quotes_nothing_and_goes_where_it_is_told_to(variables: Variables, tmp_path: Path) -> None:
    secret = "カナリア"
    file = write(tmp_path, [contract(1, email=secret, started_on=secret, postal_code=secret * 9)])
    ended = await run(variables, "import", str(file), "--refused", str(tmp_path / "report"))
    assert (ended.status, ended.errors) == (1, "")
    assert ended.output == (
        f"imported: 0 contracts with 0 members\nrefused: 1 contracts, because of 1 lines; see {tmp_path / 'report'}\n"
    )
    report = (tmp_path / "report").read_text()
    assert (len(report.splitlines()), secret in report) == (3, False)


async def test_at_a_terminal_a_bar_shows_how_far_it_is(variables: Variables, tmp_path: Path) -> None:
    file = write(tmp_path, [contract(1), *(member(number, of=1) for number in range(3_000))])
    ended = await run_at_terminal(variables, "import", str(file), answers={})
    assert (ended.status, ended.output) == (0, "imported: 1 contracts with 3000 members\n")
    assert "contracts.jsonl" in ended.errors
    assert "100%" in ended.errors


@pytest.mark.parametrize(
    ("name", "content", "options", "said"),
    [
        ("a.txt", b"", (), "a.txt: pass --format jsonl or --format csv"),
        ("a.csv", b"", (), "a.csv: the first line names the fields"),
        ("a.csv", b"record,contract_id\n", (), "a.csv: the first line names the fields"),
        ("a.jsonl", b"{}", ("--format", "csv"), "a.jsonl: the first line names the fields"),
        ("a.jsonl", b"{}", ("--refused", "a.jsonl"), "--refused, --outcomes: expected two files"),
        ("a.jsonl", b"{}", ("--outcomes", "a.jsonl.refused.jsonl"), "--refused, --outcomes: expected two files"),
        ("a.jsonl", b"{}", ("--outcomes", "nowhere/report"), "--outcomes: nowhere/report cannot be written"),
        ("a.jsonl", b"{}", ("--refused", "nowhere/report"), "--refused: nowhere/report cannot be written"),
    ],
)
async def test_a_file_of_another_kind_is_not_begun(
    variables: Variables, tmp_path: Path, *, name: str, content: bytes, options: tuple[str, ...], said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    options = tuple(str(tmp_path / option) if "." in option or "/" in option else option for option in options)
    status, line = (await run(variables, "import", str(tmp_path / name), *options)).refusal
    assert (status, line.replace(f"{tmp_path}/", "")[: len(said)]) == (2, said)


async def test_a_file_that_is_not_there_is_not_understood(variables: Variables) -> None:
    assert (await run(variables, "import", "nowhere.csv")).status == 2


async def test_in_the_wrong_encoding_a_line_is_refused_and_never_garbled(variables: Variables, tmp_path: Path) -> None:
    file = tmp_path / "contracts.jsonl"
    file.write_text(json.dumps(contract(1), ensure_ascii=False), encoding="cp932")
    assert (await imported(variables, file))[0] == 1
    assert {(line, reason) for line, _, reason in refused(file)} == {
        (1, "expected characters of the file's encoding; character 1 is none: see --encoding, or write another")
    }


# What follows looks closer: at single lines, at small batches, at what happens in between.


@pytest.mark.parametrize(
    ("other", "field", "reason"),
    [
        ({"contract_id": "1"}, "contract_id", "expected a UUID"),
        ({"contract_id": "{00000000-0000-0000-0000-000000000001}"}, "contract_id", "expected a UUID"),
        ({"started_on": "01.04.2023"}, "started_on", "expected a day"),
        ({"started_on": "2023-02-30"}, "started_on", "expected a day"),
        ({"started_on": "2023/4-1"}, "started_on", "expected a day"),
        ({"started_on": "２０２３-04-01"}, "started_on", "expected a day"),
        ({"started_on": "0001-01-01"}, "started_on", "expected a day from 1900-01-01 up to today"),
        ({"started_on": "9999-12-31"}, "started_on", "expected a day from 1900-01-01 up to today"),
        ({"company_name": ""}, "company_name", "nothing is there"),
        ({"company_name": "　"}, "company_name", "nothing is there"),
        ({"company_name": None}, "company_name", "nothing is there"),
        ({"company_name": 1}, "company_name", "expected text, in quotes"),
        ({"company_name": "社" * 201}, "company_name", "expected 1 to 200 characters; found 201"),
        (
            {"company_address": "東京都\n千代田区"},
            "company_address",
            "expected one line; character 4 is a line break: write a space",
        ),
        ({"phone_number": "03\x00"}, "phone_number", "character 3 cannot (U+0000): leave it out"),
        ({"postal_code": "〒" * 21}, "postal_code", "1 to 20 characters"),
        ({"name": "a\u202eb"}, "name", "character 2 cannot (U+202E RIGHT-TO-LEFT OVERRIDE): leave it out"),
        ({"name": "\ufffd"}, "name", "characters of the file's encoding"),
        ({"email": "a@b.example,c@d.example"}, "email", "expected one plain address"),
        ({"password_hash": "secret"}, "password_hash", "expected a hash that begins with $argon2id$v=19$m=19456,t=2,"),
        ({"password_hash": HASH.replace("argon2id", "argon2i") + "A" * 43}, "password_hash", "expected a hash that"),
        ({"password_hash": HASH + "A" * 41}, "password_hash", "expected a hash that"),
        ({"password_hash": HASH.replace("t=2", "t=3") + "A" * 43}, "password_hash", "expected a hash that"),
        ({"password_hash": HASH.replace("t=2", "t=２") + "A" * 43}, "password_hash", "expected a hash that"),
        ({"shoe_size": "27"}, "shoe_size", "nothing under this name"),
        ({"\0": "27"}, r"\u0000", "nothing under this name"),
    ],
)
async def test_a_value_that_is_not_what_its_field_takes_is_refused(
    services: Services, other: dict[str, object], field: str, reason: str
) -> None:
    report, refusals = await take(services, contract(1, **other))
    assert (report.contracts, report.refused_contracts) == (0, 1)
    ((line, found, said),) = refusals
    assert (line, found) == (1, field)
    assert reason in said


async def test_values_are_kept_without_the_spaces_around_them_and_contractors_addresses_in_lower_case(
    services: Services,
) -> None:
    contractors = contract(1, record=" contract", company_name=" 青空　", email=" Contractor@Example.JP")
    contractors["contract_id"] += " "
    await take(services, contractors, member(1, of=1, record="member ", email="A@B.jp "))
    assert (await Company.get()).name == "青空"
    assert ((await Account.get()).email, (await Member.get()).email) == ("contractor@example.jp", "A@B.jp")


async def test_who_is_twice_in_one_file_is_refused_the_second_time(services: Services) -> None:
    twice = contract(2, email="contractor1@example.jp")
    report, refusals = await take(
        services, contract(1), twice, contract(1, email="x@example.jp"), contract(4), member(1, of=4), member(1, of=4)
    )
    assert (report.contracts, report.refused_contracts) == (1, 3)
    assert sorted(refusals) == [
        (2, "email", "the contractor in line 1 has this address"),
        (3, "contract_id", "the contract in line 1 has this id"),
        (6, "email", "this contract has a member with this address already"),
    ]


@pytest.mark.parametrize("batch", [1, 2, 3, 10_000])
async def test_a_contract_is_whole_or_not_there_however_many_batches_it_takes(services: Services, batch: int) -> None:
    records = [contract(1), *(member(n, of=1) for n in range(5))]
    records += [contract(2), *(member(n, of=2) for n in range(5)), member(9, of=2, name="")]
    records += [contract(3, email=""), member(1, of=3), contract(4), *(member(n, of=4) for n in range(3))]
    report, refusals = await take(services, *records, batch=batch)
    assert (report.contracts, report.members, report.refused_contracts, report.refused_lines) == (2, 8, 2, 2)
    assert [line for line, *_ in refusals] == [13, 14]
    counts = {each.id.int: await Member.filter(contract_id=each.id).count() for each in await Contract.all()}
    assert counts == {1: 5, 4: 3}


async def test_whoever_takes_an_address_meanwhile_has_it_and_the_contract_is_refused(
    services: Services, migrated: Settings
) -> None:
    other = await asyncpg.connect(migrated.database_url.get_secret_value())
    try:
        transaction = other.transaction()
        await transaction.start()
        await other.execute(
            "INSERT INTO account (id, role, name, email, password_hash) VALUES ($1, 'OPERATOR', '', $2, '')",
            uuid4(),
            "contractor1@example.jp",
        )
        importing = asyncio.create_task(take(services, contract(1), member(1, of=1), contract(2)))
        await until_a_lock_is_awaited(current_connection().execute_query_dict)
        await transaction.commit()
        report, refusals = await importing
    finally:
        await other.close()
    assert (report.contracts, report.members, report.refused_contracts) == (1, 0, 1)
    assert refusals == [(1, "email", "an account with this address is there already")]


async def test_a_contractor_logs_in_with_the_hash_that_was_brought_along_and_without_one_not_at_all(
    services: Services,
) -> None:
    password = "brought from elsewhere"
    await take(services, contract(1, password_hash=await services.passwords.hash(password)), contract(2))
    viewer, _ = await services.log_ins.log_in("contractor1@example.jp", password, client_address=HERE)
    assert viewer.contract_id == UUID(int=1)
    for guess in ("", password, "the password of nobody"):
        with pytest.raises(InvalidCredentials):
            await services.log_ins.log_in("contractor2@example.jp", guess, client_address=HERE)


async def test_an_imported_contractor_gets_a_password_by_mail_and_ends_the_contract(services: Services) -> None:
    await take(services, contract(1))
    await services.password_resets.request("contractor1@example.jp", client_address=HERE)
    link = re.search(r"/password/new#(\S+)", (await OutboxMail.get()).body)
    assert link
    await services.password_resets.reset(link[1], "a password of one's own")
    viewer, _ = await services.log_ins.log_in("contractor1@example.jp", "a password of one's own", client_address=HERE)
    request = ContractRequest(action=Action.TERMINATE, contract_id=UUID(int=1))
    answer = await services.contracts.execute(viewer, request)
    assert answer.contract.facts.status == "TERMINATED"
