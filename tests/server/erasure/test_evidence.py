"""The evidence of erasures can be verified without trusting this program."""

import asyncio
import hashlib
import json
from uuid import UUID

import pytest
from tests.server.workbench import ERASURE_DUE_AT, Workbench, first_broken_link, sql, whole_chain

from contract_server.audit.chain import GENESIS_HASH
from contract_server.erasure.models import ErasureRecord

TAMPERED = {
    "sequence": "4",
    "contract_id": "(SELECT id FROM contract WHERE status = 'ACTIVE')",
    "application_id": "gen_random_uuid()",
    "receipt_number": "'0000-0000-0000'",
    "policy_version": "'2.0'",
    "due_at": "due_at - interval '1 microsecond'",
    "started_at": "started_at - interval '1 day'",
    "finished_at": "finished_at - interval '1 day'",
    "erased_rows": """'{"member": 2}'""",
    "rows_left": """'{"member": 1}'""",
    "batches": "batches + 1",
    "replayed": "true",
    "ledger_file": "NULL",
    "code_version": "'0.9'",
    "schema_version": "'0001_initial'",
    "previous_hash": "repeat('0', 64)",
    "hash": "repeat('0', 64)",
}


async def erased_contracts(bench: Workbench, count: int = 3) -> list[UUID]:
    """Create contracts and erase them one after the other."""
    ids = [await bench.terminated_contract() for _ in range(count)]
    bench.clock.instant = ERASURE_DUE_AT
    for contract_id in ids:
        assert await bench.erasures.erase(contract_id)
    return ids


async def test_every_erasure_is_chained_to_the_one_before_it(bench: Workbench) -> None:
    ids = await erased_contracts(bench)
    records = await ErasureRecord.all().order_by("sequence")
    assert [(record.sequence, record.contract_id) for record in records] == list(enumerate(ids, start=1))
    assert [record.previous_hash for record in records] == [GENESIS_HASH, records[0].hash, records[1].hash]
    assert first_broken_link(await whole_chain()) is None


async def test_a_record_says_what_was_erased_how_and_by_what(bench: Workbench) -> None:
    (contract_id,) = await erased_contracts(bench, 1)
    (record,) = await whole_chain()
    latest = (await sql("SELECT name FROM tortoise_migrations ORDER BY id DESC LIMIT 1"))[0]["name"]
    assert record["contract_id"] == str(contract_id)
    assert record["due_at"] == record["finished_at"] == "2024-04-15T15:00:00.000000+00:00"
    assert record["erased_rows"] == {"member": 3, "outbox_mail": 1, "account": 1, "company": 1}
    assert (record["rows_left"], record["replayed"], record["schema_version"]) == ({}, False, latest)
    assert record["batches"] > 1


async def test_the_chain_is_verified_with_nothing_but_json_and_sha_256(bench: Workbench) -> None:
    await erased_contracts(bench)
    previous = "0" * 64
    for record in await whole_chain():
        content = {name: value for name, value in record.items() if name != "hash"}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == record["hash"]
        assert record["previous_hash"] == previous
        previous = record["hash"]


@pytest.mark.parametrize("column", TAMPERED)
async def test_whatever_is_changed_in_a_record_is_found_in_its_place(bench: Workbench, column: str) -> None:
    await erased_contracts(bench)
    await bench.contract()
    await sql(f"UPDATE erasure_record SET {column} = {TAMPERED[column]} WHERE sequence = 2")  # noqa: S608 - our own words
    broken = first_broken_link(await whole_chain())
    assert broken is not None
    assert broken.sequence == 2


async def test_each_part_of_a_record_is_among_those_that_were_changed(bench: Workbench) -> None:
    await erased_contracts(bench, 1)
    (record,) = await whole_chain()
    assert record.keys() == TAMPERED.keys()


async def test_a_record_that_is_missing_is_found(bench: Workbench) -> None:
    await erased_contracts(bench)
    await ErasureRecord.filter(sequence=2).delete()
    broken = first_broken_link(await whole_chain())
    assert broken is not None
    assert (broken.sequence, broken.reason) == (2, "number 3 stands in its place")


async def test_records_that_were_swapped_are_found(bench: Workbench) -> None:
    await erased_contracts(bench)
    first, second, third = await whole_chain()
    broken = first_broken_link([first, third, second])
    assert broken is not None
    assert broken.sequence == 2


async def test_a_record_that_was_sealed_anew_breaks_the_one_that_follows(bench: Workbench) -> None:
    await erased_contracts(bench)
    first, second, third = await whole_chain()
    forged = {**second, "batches": 100}
    content = {name: value for name, value in forged.items() if name != "hash"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    forged["hash"] = hashlib.sha256(text.encode()).hexdigest()
    broken = first_broken_link([first, forged, third])
    assert broken is not None
    assert (broken.sequence, broken.reason) == (3, "it does not follow the record before it")


async def test_erasures_at_the_same_time_make_one_chain(bench: Workbench) -> None:
    ids = [await bench.terminated_contract() for _ in range(6)]
    bench.clock.instant = ERASURE_DUE_AT
    assert all(await asyncio.gather(*(bench.erasures.erase(contract_id) for contract_id in ids)))
    assert first_broken_link(await whole_chain()) is None
    assert len(await whole_chain()) == 6
