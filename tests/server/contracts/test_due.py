"""What every sweep asks costs the same however many contracts there are: its indexes hold nothing but what is owed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from tests.server.workbench import APPLIED_AT, sql

from contract_rules import Action
from contract_server.contracts import due
from contract_server.contracts.due import list_due
from contract_server.erasure import breaker
from contract_server.schedule import reminders

pytestmark = pytest.mark.usefixtures("bench")

_MANY = """
    WITH many AS (
        INSERT INTO contract (id, version, status, started_on, applications, service_end_due_at, erasure_due_at)
        SELECT gen_random_uuid(), number, 'ACTIVE', '2023-01-01', 0,
               CASE WHEN number % 100 = 0 THEN $1::timestamptz + number * interval '1 minute' END,
               CASE WHEN number % 100 = 1 THEN $1::timestamptz + number * interval '1 minute' END
          FROM generate_series(0, 19999) AS number
        RETURNING id, version AS number)
    INSERT INTO termination_application (
           id, contract_id, number, requested_at, requested_on, policy_version, service_end_last_day, service_end_at,
           resumption_last_day, resumption_at, erasure_last_day, erasure_at, next_reminder_at)
    SELECT gen_random_uuid(), id, 1, $1, '2024-03-01', '1.0', '2024-03-15', $1, '2024-03-15', $1, '2024-04-15', $1,
           CASE WHEN number % 100 = 2 THEN $1::timestamptz + number * interval '1 minute' END
      FROM many
"""
BY = APPLIED_AT + timedelta(minutes=1000)
_DUE = {"contract_service_end_due", "contract_erasure_due"}
_REMINDER_DUE = {"termination_application_reminder_due"}


@pytest.mark.parametrize(
    ("look_up", "values", "table", "indexes"),
    [
        (due.FIND, (BY, [], 100, BY, BY), "contract", _DUE),
        (due.NEXT, (BY,), "contract", _DUE),
        (due.LIST, (BY, 100), "contract", _DUE | {"contract_erasure_held"}),
        (reminders._LOCK_DUE, (BY, 100), "termination_application", _REMINDER_DUE),  # noqa: SLF001 - as it is run
        (reminders._NEXT, (BY,), "termination_application", _REMINDER_DUE),  # noqa: SLF001 - as above
    ],
    ids=["due, by the sweep", "due next", "due, for an operator", "reminders that are due", "reminders due next"],
)
async def test_what_is_due_is_found_by_indexes_alone(
    look_up: str, values: tuple[object, ...], table: str, indexes: set[str]
) -> None:
    read = await _read_by(look_up, *values)
    assert {scan.get("Index Name") for scan in read if scan["Relation Name"] == table} == indexes


async def test_how_many_erasures_are_due_is_counted_by_indexes() -> None:
    read = await _read_by(breaker._COUNTS, BY)  # noqa: SLF001 - as it is run
    assert "contract_erasure_due" in {scan.get("Index Name") for scan in read}
    assert "Seq Scan" not in {scan["Node Type"] for scan in read if scan["Relation Name"] == "contract"}


async def _read_by(look_up: str, *values: object) -> list[dict[str, Any]]:
    """The parts of its plan that read a table, where there are many contracts; without an index they read all of it."""
    await sql(_MANY, APPLIED_AT)
    await sql("ANALYZE contract")
    await sql("ANALYZE termination_application")
    rows = await sql(f"EXPLAIN (FORMAT JSON) {look_up}", *values)
    return list(_scans(orjson.loads(rows[0]["QUERY PLAN"])))


def _scans(plan: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
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
    found = await list_due(APPLIED_AT + timedelta(minutes=200), 100)
    assert [(each.action, (each.due_at - APPLIED_AT) // timedelta(minutes=1)) for each in found] == [
        (Action.END_SERVICE, 0),
        (Action.ERASE, 1),
        (Action.END_SERVICE, 100),
        (Action.ERASE, 101),
        (Action.END_SERVICE, 200),
    ]
