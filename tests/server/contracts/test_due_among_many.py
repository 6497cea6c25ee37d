"""Finding what is due costs the same however many contracts there are: its indexes hold nothing but what is owed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from tests.server.contracts.workbench import APPLIED_AT, sql

from contract_server.contracts import due, schedule
from contract_server.contracts.due import find_due
from contract_server.contracts.models import Act

pytestmark = pytest.mark.usefixtures("bench")

_MANY = """
    INSERT INTO contract (id, version, status, started_on, applications, service_end_due_at, erasure_due_at)
    SELECT gen_random_uuid(), 1, 'ACTIVE', '2023-01-01', 0,
           CASE WHEN number % 100 = 0 THEN $1::timestamptz + number * interval '1 minute' END,
           CASE WHEN number % 100 = 1 THEN $1::timestamptz + number * interval '1 minute' END
      FROM generate_series(0, 19999) AS number
"""


BY = APPLIED_AT + timedelta(minutes=1000)


@pytest.mark.parametrize(
    ("look_up", "values", "indexes"),
    [
        (schedule._DUE, (BY, [], 100, BY), {"contract_service_end_due", "contract_erasure_due"}),  # noqa: SLF001 - as it is run
        (due._DUE, (BY, 100), {"contract_service_end_due", "contract_erasure_due", "contract_erasure_held"}),  # noqa: SLF001
    ],
    ids=["by the sweep", "for an operator"],
)
async def test_what_is_due_is_found_by_indexes_alone(
    look_up: str, values: tuple[object, ...], indexes: set[str]
) -> None:
    await sql(_MANY, APPLIED_AT)
    await sql("ANALYZE contract")
    rows = await sql(f"EXPLAIN (FORMAT JSON) {look_up}", *values)
    read = _scans(orjson.loads(rows[0]["QUERY PLAN"]))
    assert {scan.get("Index Name") for scan in read if scan["Relation Name"] == "contract"} == indexes


def _scans(plan: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """All parts of a plan that read a table; those without an index read all of it."""
    if isinstance(plan, list):
        for each in plan:
            yield from _scans(each)
    elif isinstance(plan, dict):
        if "Relation Name" in plan:
            yield plan
        for each in plan.values():
            yield from _scans(each)


async def test_what_is_found_among_many_is_what_is_due_and_the_oldest_first() -> None:
    await sql(_MANY, APPLIED_AT)
    found = await find_due(APPLIED_AT + timedelta(minutes=200), 100)
    assert [(each.act, (each.due_at - APPLIED_AT) // timedelta(minutes=1)) for each in found] == [
        (Act.END_SERVICE, 0),
        (Act.ERASE, 1),
        (Act.END_SERVICE, 100),
        (Act.ERASE, 101),
        (Act.END_SERVICE, 200),
    ]
