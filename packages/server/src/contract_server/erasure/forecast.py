"""Erasures that are due or will be soon, by day, and actions that failed permanently."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from contract_rules import Action
from contract_server.contracts.due import DUE_AT, FAILED, FAILED_ACTIONS, HELD, NOT_HELD, failure_of
from contract_server.db.statements import fetch
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
    """Erasures that fall due on one day; those on hold do not count in `contracts`."""

    day: date
    contracts: int
    held: int
    failing: int
    set_aside: int


async def erasures_by_day(policies: ServedPolicies, now: datetime, ahead: timedelta) -> list[DueDay]:
    """Count overdue erasures, and those that fall due within the given time, by day."""
    rows = await fetch(_BY_DAY, policies.zone.key, so_far_ahead(now, ahead))
    return [DueDay(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class FailedAction:
    """A due action that failed permanently."""

    contract_id: UUID
    act: Action  # as `--json` names it
    tries: int
    failure: str


async def list_failed_actions() -> list[FailedAction]:
    """List the actions that failed permanently, oldest failure first."""
    rows = await fetch(_FAILED)
    return [FailedAction(row["contract_id"], Action[row["act"]], row["tries"], row["failure"]) for row in rows]
