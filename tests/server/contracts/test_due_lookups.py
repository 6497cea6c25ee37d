"""What every sweep asks before it begins is answered by indexes that hold nothing but what is due."""

from datetime import timedelta

import pytest
from tests.server.contracts.workbench import ERASURE_DUE_AT, Workbench, sql

from contract_server.contracts import breaker, schedule

MANY = """
    INSERT INTO contract (id, version, status, started_on, applications, service_end_due_at, erasure_due_at)
    SELECT gen_random_uuid(), 1, 'ACTIVE', date '2023-01-01', 0,
           CASE WHEN number % 1000 = 0 THEN $1::timestamptz END, CASE WHEN number % 1000 = 1 THEN $1::timestamptz END
      FROM generate_series(1, 50000) AS number
"""
NOW = ERASURE_DUE_AT + timedelta(days=1)
LOOKUPS: dict[str, tuple[str, list[object]]] = {
    "what falls due next": (schedule._NEXT, [ERASURE_DUE_AT - timedelta(days=1)]),  # noqa: SLF001 - as it is run
    "how many erasures are due": (breaker._COUNTS, [NOW]),  # noqa: SLF001 - as above
}


@pytest.mark.parametrize("name", LOOKUPS)
async def test_a_look_at_what_is_due_reads_no_contract_that_is_not(bench: Workbench, name: str) -> None:  # noqa: ARG001 - while there is a database
    await sql(MANY, ERASURE_DUE_AT)
    await sql("ANALYZE contract")
    statement, values = LOOKUPS[name]
    plan = "\n".join(row["QUERY PLAN"] for row in await sql(f"EXPLAIN {statement}", *values))
    assert "contract_erasure_due" in plan, plan
    assert "Seq Scan on contract" not in plan, plan
