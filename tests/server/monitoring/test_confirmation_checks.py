"""What services are late with is counted up to a bound, and named with some of the contracts."""

from tests.server.erasure.confirming import AFTER_LAST_DAY, OVERDUE_AT, RETAINED, confirm, erased_contract, service
from tests.server.workbench import ERASURE_DUE_AT, Workbench, sql

from contract_server.erasure.confirmations import COUNTED
from contract_server.monitoring.backlog import read_backlog
from contract_server.monitoring.confirmation_checks import LISTED, check_confirmations


async def test_the_checks_name_services_and_some_of_the_contracts(bench: Workbench) -> None:
    backups = await service()
    ids = [await erased_contract(bench) for _ in range(LISTED + 2)]
    *_, kept = ids
    await confirm(bench, kept, backups, RETAINED)
    found = await check_confirmations(AFTER_LAST_DAY)
    count, detail = found["confirmations"]
    assert count == LISTED + 1
    assert f"backups: {LISTED + 1} (" in detail
    assert sum(str(contract_id) in detail for contract_id in ids) == LISTED
    assert found["retained"] == (1, f"What services retain beyond the day that they named: backups: 1 ({kept}).")
    bench.clock.instant = AFTER_LAST_DAY
    assert (await read_backlog(bench.clock)).unconfirmed_erasures == LISTED + 2


async def test_no_more_are_counted_than_a_bound(bench: Workbench) -> None:
    backups = await service()
    await erased_contract(bench)
    await sql(
        "INSERT INTO contract (id, version, status, started_on, applications)"
        " SELECT gen_random_uuid(), 1, 'ERASED', '2024-01-01', 1 FROM generate_series(1, $1::int)",
        COUNTED,
    )
    await sql(
        "INSERT INTO awaited_confirmation (contract_id, service_id, since)"
        " SELECT id, $1, $2 FROM contract ON CONFLICT DO NOTHING",
        backups,
        ERASURE_DUE_AT,
    )
    count, detail = (await check_confirmations(OVERDUE_AT))["confirmations"]
    assert count == COUNTED
    assert f"(the {COUNTED} oldest)" in detail
