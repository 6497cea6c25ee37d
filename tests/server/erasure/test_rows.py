"""Rows are erased as classified, and counted by contract and table."""

from dataclasses import replace

from tests.server.workbench import Workbench, sql

from contract_server.contracts.models import Contract, Member
from contract_server.erasure.classification import TABLES, OnErasure
from contract_server.erasure.rows import count_members, count_personal_rows, erase_rows, erase_some_members


async def test_the_first_contracts_that_fit_the_limit_together_are_counted(bench: Workbench) -> None:
    ids = [await bench.terminated_contract(members=members) for members in (2, 0, 1, 3)]
    sizes = dict(zip(ids, (2, 0, 1, 3), strict=True))
    in_order = sorted(ids)
    assert await count_members(ids, 6) == sizes
    for limit in range(6):
        counted = await count_members(ids, limit)
        assert list(counted) == in_order[: len(counted)]
        assert counted == {contract_id: sizes[contract_id] for contract_id in counted}
        assert sum(counted.values()) <= limit
        assert sum(sizes[contract_id] for contract_id in in_order[: len(counted) + 1]) > limit


async def test_no_more_members_are_erased_than_the_limit_and_none_of_another_contract(bench: Workbench) -> None:
    large, other = [await bench.terminated_contract(members=3) for _ in range(2)]
    assert [await erase_some_members(large, 2) for _ in range(3)] == [2, 1, 0]
    assert await Member.filter(contract_id=other).count() == 3


async def test_what_was_erased_is_counted_by_contract_and_nothing_is_left(bench: Workbench) -> None:
    ids = [await bench.terminated_contract(members=members) for members in (1, 2)]
    other = await bench.terminated_contract()
    expected = {"outbox_mail": 1, "account": 1, "company": 1}
    erased = await erase_rows(dict(zip(ids, (1, 2), strict=True)))
    assert [erased[contract_id] for contract_id in ids] == [expected | {"member": members} for members in (1, 2)]
    assert await count_personal_rows(ids) == {}
    assert (await count_personal_rows([other]))[other] == expected | {"member": 3}


async def test_a_table_that_is_emptied_keeps_its_rows(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract(members=0)
    await bench.hold(contract_id)
    await sql("UPDATE contract SET hold_reason = '名前'")
    assert (await count_personal_rows([contract_id]))[contract_id]["contract"] == 1
    assert (await erase_rows({contract_id: 0}))[contract_id]["contract"] == 1
    assert (await Contract.get(id=contract_id)).hold_reason is None


async def test_a_table_that_is_kept_is_not_touched(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract(members=2)
    tables = {**TABLES, "member": replace(TABLES["member"], on_erasure=OnErasure.KEEP)}
    assert "member" not in (await count_personal_rows([contract_id], tables))[contract_id]
