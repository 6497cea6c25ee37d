"""The holder of a receipt number learns what became of the application, also after the erasure, and nothing else."""

from dataclasses import asdict
from uuid import UUID

import pytest
from tests.server.workbench import ERASURE_DUE_AT, Workbench, contract_of, sql, whole_chain

from contract_rules import Action
from contract_server.accounts.rate_limit_store import RateLimitStore
from contract_server.contracts.lookup.receipt_numbers import format_receipt_number
from contract_server.erasure.evidence import sealed_records
from contract_server.erasure.receipts import LOOK_UPS, Receipt, Receipts, ReceiptStatus
from contract_server.request_limits import RateLimited

HERE, THERE = "203.0.113.1", "203.0.113.2"


@pytest.fixture
def receipts(bench: Workbench) -> Receipts:
    return Receipts(RateLimitStore(bench.settings))


async def numbers_of(contract_id: UUID) -> list[str]:
    rows = await sql(
        "SELECT receipt_number FROM termination_application WHERE contract_id = $1 ORDER BY number", contract_id
    )
    return [format_receipt_number(row["receipt_number"]) for row in rows]


async def test_each_application_has_its_number_and_tells_its_own_end(bench: Workbench, receipts: Receipts) -> None:
    contractor = await bench.contract()
    for action in (Action.TERMINATE, Action.RESUME, Action.TERMINATE):
        await bench.ask(contractor, action)
    first, second = await numbers_of(contract_of(contractor))
    assert first != second
    found = [await receipts.find(number, HERE) for number in (first, second)]
    assert [receipt and receipt.status for receipt in found] == [ReceiptStatus.RESUMED, ReceiptStatus.ACCEPTED]

    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert [receipt and receipt.status for receipt in [await receipts.find(first, HERE)]] == [ReceiptStatus.RESUMED]
    (evidence,) = await whole_chain()
    receipt = await receipts.find(second.lower().replace("-", ""), HERE)
    assert receipt is not None
    assert (receipt.status, receipt.number, receipt.erased_at) == (ReceiptStatus.ERASED, second, ERASURE_DUE_AT)
    assert (receipt.evidence_hash, evidence["receipt_number"]) == (evidence["hash"], second)


def test_it_tells_nothing_else() -> None:
    assert set(Receipt.__dataclass_fields__) == {
        "number",
        "status",
        "accepted_at",
        "resumed_at",
        "erased_at",
        "evidence_hash",
    }


async def test_a_number_that_there_is_not_finds_nothing(receipts: Receipts) -> None:
    for number in ("K7M2-9QX4-TN3W", "K7M2-9QX4-TN3X", "", "\0"):
        assert await receipts.find(number, HERE) is None


async def test_look_ups_from_one_network_have_a_limit(receipts: Receipts) -> None:
    for _ in range(LOOK_UPS):
        await receipts.find("K7M2-9QX4-TN3W", HERE)
    with pytest.raises(RateLimited):
        await receipts.find("K7M2-9QX4-TN3W", HERE)
    assert await receipts.find("K7M2-9QX4-TN3W", THERE) is None
    assert await receipts.find("mistyped", HERE) is None


async def test_an_erasure_that_is_replayed_keeps_the_number(bench: Workbench) -> None:
    contract_id = await bench.terminated_contract()
    (number,) = await numbers_of(contract_id)
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    (begun, _) = await bench.ledger.read()
    assert format_receipt_number(asdict(begun.application)["receipt_number"]) == number


async def test_evidence_of_before_there_were_numbers_stays_whole(bench: Workbench) -> None:
    await bench.terminated_contract()
    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    await sql("UPDATE erasure_record SET receipt_number = NULL")
    (record,) = [record async for record in sealed_records()]
    assert "receipt_number" not in record
