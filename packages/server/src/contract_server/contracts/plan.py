"""What is due for erasure and what soon will be, day by day, for the people who answer for it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from contract_server.contracts.failures import SET_ASIDE
from contract_server.contracts.models import Act
from contract_server.contracts.policies import ServedPolicies
from contract_server.db.transaction import current_connection
from contract_server.durations import so_far_ahead

_BY_DAY = """
    SELECT (erasure_due_at AT TIME ZONE $1)::date AS day,
           count(*) FILTER (WHERE hold_placed_at IS NULL) AS contracts,
           count(*) FILTER (WHERE hold_placed_at IS NOT NULL) AS held,
           count(*) FILTER (WHERE hold_placed_at IS NULL AND failure.set_aside_at IS NULL
                              AND failure.tries IS NOT NULL) AS failing,
           count(*) FILTER (WHERE hold_placed_at IS NULL AND failure.set_aside_at IS NOT NULL) AS set_aside
      FROM contract
      LEFT JOIN due_failure AS failure ON failure.contract_id = contract.id AND failure.act = 'ERASE'
            AND failure.due_at = contract.erasure_due_at
     WHERE erasure_due_at <= $2
     GROUP BY day ORDER BY day
"""
_SET_ASIDE = f"SELECT failure.contract_id, act, tries, failure.failure {SET_ASIDE} ORDER BY set_aside_at"


@dataclass(frozen=True, slots=True)
class DueDay:
    """What falls due for erasure at the beginning of one day; what is held waits, and is no part of `contracts`."""

    day: date
    contracts: int
    held: int
    failing: int
    set_aside: int


async def erasures_by_day(policies: ServedPolicies, now: datetime, ahead: timedelta) -> list[DueDay]:
    """All that is due, however late, and all that falls due within that time."""
    rows = await current_connection().execute_query_dict(_BY_DAY, [policies.zone.key, so_far_ahead(now, ahead)])
    return [DueDay(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class SetAside:
    """An act that is due and tried no more, until somebody has put the cause right."""

    contract_id: UUID
    act: Act
    tries: int
    failure: str


async def acts_set_aside() -> list[SetAside]:
    """All of them, the oldest first."""
    rows = await current_connection().execute_query_dict(_SET_ASIDE)
    return [SetAside(row["contract_id"], Act(row["act"]), row["tries"], row["failure"]) for row in rows]
