"""The erasures that are due or scheduled, by pages, each with what delays it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Any
from uuid import UUID

from contract_rules import Action
from contract_server.contracts.due import DUE_AT, FAILED, HELD, NOT_HELD, failure_of
from contract_server.db.pages import Page, Part, find_page
from contract_server.db.statements import Condition, fetch, with_places
from contract_server.erasure.breaker import Assessment

DueCursor = tuple[datetime, UUID]  # when it falls due, and the contract

_DUE_AT = DUE_AT[Action.ERASE]
_ERASURES = f"""
    (SELECT contract.id AS contract_id, {_DUE_AT} AS due_at, {HELD} AS on_hold, failure.tries, failure.failure,
            {FAILED} AS failed
       FROM contract LEFT JOIN due_failure AS failure ON {failure_of(Action.ERASE)}
      WHERE {_DUE_AT} IS NOT NULL AND {{conditions}}
      ORDER BY {_DUE_AT} {{direction}}, contract.id {{direction}} LIMIT {{limit}})
"""  # noqa: S608 - our own names
_PAGE = "SELECT * FROM ({parts}) AS due ORDER BY due_at {direction}, contract_id {direction} LIMIT {limit}"


class ErasureState(StrEnum):
    """Where an erasure stands."""

    SCHEDULED = "SCHEDULED"
    DUE = "DUE"
    STOPPED = "STOPPED"
    RETRYING = "RETRYING"
    FAILED = "FAILED"
    ON_HOLD = "ON_HOLD"


@dataclass(frozen=True, slots=True)
class DueErasure:
    """The erasure of a contract."""

    contract_id: UUID
    due_at: datetime
    state: ErasureState
    tries: int | None
    failure: str | None


async def find_due_erasures(assessment: Assessment, now: datetime, part: Part[DueCursor]) -> Page[DueErasure]:
    """Find a page of erasures, those that fall due first at the head."""
    page = await find_page(part, _find)
    return Page([_erasure(row, assessment, now) for row in page.items], page.has_next, page.has_previous)


def cursor_of(erasure: DueErasure) -> DueCursor:
    """Return the cursor of an erasure."""
    return erasure.due_at, erasure.contract_id


async def _find(part: Part[DueCursor]) -> list[Any]:
    direction, places = "DESC" if part.from_end else "ASC", count(1)
    values = [value for _ in (HELD, NOT_HELD) for bound in _bounds(part) for value in bound.values]
    parts = [
        _ERASURES.format(
            conditions=" AND ".join([held, *(with_places(bound.sql, places) for bound in _bounds(part))]),
            direction=direction,
            limit=part.size,
        )
        for held in (HELD, NOT_HELD)  # one condition for each of the partial indexes
    ]
    return await fetch(_PAGE.format(parts=" UNION ALL ".join(parts), direction=direction, limit=part.size), *values)


def _bounds(part: Part[DueCursor]) -> list[Condition]:
    bound = "=" if part.with_bounds else ""
    sides = ((">", part.after), ("<", part.before))
    return [
        Condition(f"({_DUE_AT}, contract.id) {side}{bound} ({{}}::timestamptz, {{}}::uuid)", cursor)
        for side, cursor in sides
        if cursor
    ]


def _erasure(row: Any, assessment: Assessment, now: datetime) -> DueErasure:  # noqa: ANN401 - asyncpg ships no types
    state = _state(row, assessment, now)
    return DueErasure(row["contract_id"], row["due_at"], state, row["tries"], row["failure"])


def _state(row: Any, assessment: Assessment, now: datetime) -> ErasureState:  # noqa: ANN401 - as above
    if row["on_hold"]:
        return ErasureState.ON_HOLD
    if row["failed"]:
        return ErasureState.FAILED
    if row["tries"]:
        return ErasureState.RETRYING
    if row["due_at"] > now:
        return ErasureState.SCHEDULED
    is_stopped = assessment.until is None or row["due_at"] > assessment.until
    return ErasureState.STOPPED if is_stopped else ErasureState.DUE
