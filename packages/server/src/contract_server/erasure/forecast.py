"""What is due for erasure and what soon will be, day by day, for the people who answer for it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from contract_rules import Action
from contract_server.contracts.due import DUE_AT, FAILED, FAILED_ACTIONS, HELD, NOT_HELD, failure_of
from contract_server.db.transaction import current_connection
from contract_server.policies.policies import ServedPolicies
from contract_server.settings.durations import so_far_ahead

_BY_DAY = f"""
    SELECT ({DUE_AT[Action.ERASE]} AT TIME ZONE $1)::date AS day,
           count(*) FILTER (WHERE {NOT_HELD}) AS contracts,
           count(*) FILTER (WHERE {HELD}) AS held,
           count(*) FILTER (WHERE {NOT_HELD} AND NOT {FAILED} AND failure.tries IS NOT NULL) AS failing,
           count(*) FILTER (WHERE {NOT_HELD} AND {FAILED}) AS set_aside
      FROM contract
      LEFT JOIN due_failure AS failure ON {failure_of(Action.ERASE)}
     WHERE {DUE_AT[Action.ERASE]} <= $2
     GROUP BY day ORDER BY day
"""  # noqa: S608 - our own names
_FAILED = f"SELECT contract_id, act, tries, failure FROM ({FAILED_ACTIONS}) AS failed ORDER BY set_aside_at"  # noqa: S608 - as above


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
    act: Action  # as `--json` names it
    tries: int
    failure: str


async def acts_set_aside() -> list[SetAside]:
    """All of them, the oldest first."""
    rows = await current_connection().execute_query_dict(_FAILED)
    return [SetAside(row["contract_id"], Action[row["act"]], row["tries"], row["failure"]) for row in rows]
