"""A contract is found by what its contractor says on the telephone, however it is written, and by index alone."""

from typing import Any
from uuid import UUID

import pytest
from tests.server.workbench import ERASURE_DUE_AT, Workbench, contract_of, sql

from contract_rules import Action
from contract_server.accounts.models import Account
from contract_server.contracts.lookup.search import MOST_MATCHES, search_contracts
from contract_server.contracts.models import Company
from contract_server.contracts.queries import ContractFilter, find_contracts
from contract_server.db.pages import Part
from contract_server.db.statements import execute, fetch

IZUMI = {"name": "株式会社いずみ商店", "address": "大阪府", "postal_code": "530-0001", "phone_number": "06-6345-0001"}
PERSON = {"name": "泉　ナツオ", "email": "natsuo.izumi@example.jp"}

FINDS = [
    "株式会社いずみ商店",
    "いずみ商店",
    "いずみ",
    "㈱いずみ商店",
    "(株) いずみ 商店",
    "（株）いずみ商店",
    "いずみ商店株式会社",
    "泉",
    "泉ナツオ",
    "泉 ﾅﾂｵ",
    "ナツオ",
    "natsuo.izumi@example.jp",
    " Natsuo.Izumi",
    "ｎａｔｓｕｏ．ｉｚｕｍｉ＠example.jp",
    "06-6345-0001",
    "0663450001",
    "０６－６３４５－０００１",
    "06 6345",
    "+81 6-6345-0001",
]
DOES_NOT_FIND = [
    "商店",
    "ずみ",
    "あおぞら",
    "example.jp",
    "063",
    "6345-0001",
    "株式会社",
    "㈱",
    "",
    " ",
    "-",
    "%",
    "_",
    "\0",
    "😀",
    "K7M2-9QX4-TN3W",
]


async def izumi(bench: Workbench) -> UUID:
    """The contract that is looked for, and another."""
    await bench.contract()
    contractor = await bench.contract()
    await Company.filter(contract_id=contractor.contract_id).update(**IZUMI)
    await Account.filter(id=contractor.account_id).update(**PERSON)
    await bench.ask(contractor, Action.TERMINATE)
    return contract_of(contractor)


@pytest.mark.parametrize("text", FINDS)
async def test_a_contract_is_found_by(bench: Workbench, text: str) -> None:
    contract_id = await izumi(bench)
    assert await search_contracts(text) == [contract_id]


@pytest.mark.parametrize("text", DOES_NOT_FIND)
async def test_a_contract_is_not_found_by(bench: Workbench, text: str) -> None:
    await izumi(bench)
    assert await search_contracts(text) == []


async def test_a_contract_is_found_by_its_id_and_receipt_number(bench: Workbench) -> None:
    contract_id = await izumi(bench)
    ((number,),) = await fetch("SELECT receipt_number FROM termination_application")
    for text in (str(contract_id), contract_id.hex.upper(), number, number.lower(), f"{number[:4]}-{number[4:]}"):
        assert await search_contracts(text) == [contract_id]
    assert contract_id in await search_contracts(str(contract_id)[:13])
    assert await search_contracts(f"{contract_id}0") == []


async def test_a_search_goes_with_the_other_filters(bench: Workbench) -> None:
    contract_id = await izumi(bench)
    for on_hold in (False, True):
        page = await find_contracts(ContractFilter(search="いずみ", on_hold=on_hold), Part(10))
        assert [contract.id for contract in page.items] == ([] if on_hold else [contract_id])


async def test_matches_are_bounded(bench: Workbench) -> None:
    assert bench
    await sql(
        "WITH new AS (INSERT INTO contract (id, version, status, started_on, applications)"
        " SELECT gen_random_uuid(), 1, 'ACTIVE', '2023-01-01', 0 FROM generate_series(0, $1) RETURNING id)"
        " INSERT INTO company (contract_id, name, address, postal_code, phone_number)"
        " SELECT id, 'いずみ', '', '', '' FROM new",
        MOST_MATCHES,
    )
    assert len(await search_contracts("いずみ")) == MOST_MATCHES


KEYS = {
    "company_search_name": "いずみ商店",
    "company_search_rest": "西日本",
    "company_search_phone": "0663450001",
    "account_search_name": "泉ナツオ",
    "account_search_rest": "ナツオ",
    "account_search_email": "natsuo.izumi@example.jp",
}
"""What stands in each index of the contract that is looked for."""


async def entries_of(index: str) -> bytes:
    """What a B-tree shows to those who read it: the tuples that the line pointers of its pages lead to."""
    await execute("CHECKPOINT")
    ((pages,),) = await fetch("SELECT pg_read_binary_file(pg_relation_filepath($1))", index)
    return b"\0".join(
        entry for place in range(8192, len(pages), 8192) for entry in _entries(pages[place : place + 8192])
    )


def _entries(page: bytes) -> list[bytes]:
    lower = int.from_bytes(page[12:14], "little")
    pointers = [int.from_bytes(page[place : place + 4], "little") for place in range(24, lower, 4)]
    return [page[(pointer & 0x7FFF) : (pointer & 0x7FFF) + (pointer >> 17)] for pointer in pointers if pointer >> 17]


async def test_nothing_is_left_in_an_index_after_erasure_and_vacuum(bench: Workbench) -> None:
    contract_id = await izumi(bench)
    await Company.filter(contract_id=contract_id).update(name="株式会社いずみ商店　西日本")
    for index, key in KEYS.items():
        assert key.encode() in await entries_of(index), index
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    await execute("VACUUM company, account")
    for index, key in KEYS.items():
        assert key.encode() not in await entries_of(index), index


@pytest.mark.usefixtures("bench")
async def test_no_statistics_are_kept_of_what_is_searched() -> None:
    rows: list[dict[str, Any]] = await sql(
        "SELECT attrelid::regclass::text AS name FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE relkind = 'i' AND attstattarget = 0"
    )
    assert {row["name"] for row in rows} == KEYS.keys() - {"account_search_email"}  # a column's own are off already
