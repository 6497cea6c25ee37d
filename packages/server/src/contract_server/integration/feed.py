"""The feed: every change of every contract, in an order in which a reader that goes on misses none.

The feed is the history of contracts, which outlives erasure and has nothing personal in what is read here. An order by
instants or ids would not do: a transaction that commits later may have written an earlier one, behind a reader's back.
So events are written without a position, and get it once they are committed, in one sequence without gaps. One process
at a time gives positions, and commits them before another gives the next.

The changes of one contract keep their order, because its lock puts their commits into the order of its versions. An
event whose row is locked for the moment waits for the next time, and with it the later ones of its contract.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from contract_rules import EventType, Timeline
from contract_server.contracts.lookup.receipt_numbers import format_receipt_number
from contract_server.contracts.snapshot import APPLICATION_COLUMNS, application_of
from contract_server.db.pages import Page
from contract_server.db.statements import execute, fetch, try_lock
from contract_server.db.transaction import transaction

BATCH = 1_000

_PAUSE_S = 0.02  # while another process numbers changes, or an event is locked

# in the order of the index, which is used then even if most events had no position when statistics were made
_WAITING = """
    SELECT id, contract_id FROM contract_event WHERE position IS NULL ORDER BY coalesce(version, 0), at, id LIMIT $1
"""
_LOCK_ROWS = "SELECT id FROM contract_event WHERE id = ANY ($1) FOR UPDATE SKIP LOCKED"
_LAST = "SELECT coalesce(max(position), 0) AS last FROM contract_event"
_NUMBER = """
    UPDATE contract_event SET position = $1 + place
      FROM unnest($2::uuid[]) WITH ORDINALITY AS numbered (event_id, place) WHERE id = event_id
"""
_EXISTS = "SELECT FROM contract_event WHERE position = $1 AND id = $2"
_SELECT = f"""
    SELECT event.id, event.position, event.contract_id, event.version, event.type, event.at, {APPLICATION_COLUMNS}
      FROM contract_event AS event
      LEFT JOIN termination_application AS applied ON applied.id = event.application_id
      LEFT JOIN policy_terms AS promised ON promised.version = applied.policy_version
"""  # noqa: S608 - our own columns
_CHANGES = f"{_SELECT} WHERE event.position > $1 ORDER BY event.position LIMIT $2"
_CHANGES_BY_ID = f"{_SELECT} WHERE event.id = ANY ($1) ORDER BY event.position"


class UnknownCursor(Exception):
    """The feed has no such change: a backup was restored, and other changes came since."""


class ChangeCursor(NamedTuple):
    """The place of a change. The id tells it from what stands there after a backup was restored."""

    position: int
    id: UUID


class ChangedApplication(NamedTuple):
    """The application that a change belongs to, with its dates."""

    id: UUID
    receipt_number: str
    requested_at: datetime
    timeline: Timeline


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a contract."""

    position: int
    id: UUID
    contract_id: UUID
    version: int | None
    type: EventType
    at: datetime
    application: ChangedApplication | None

    @property
    def cursor(self) -> ChangeCursor:
        """Its cursor."""
        return ChangeCursor(self.position, self.id)


async def find_changes(after: ChangeCursor | None, size: int) -> Page[Change]:
    """Find the changes that follow a cursor, in the order of the feed.

    Raises:
        UnknownCursor: The cursor is not in the feed.
    """
    if after and not await fetch(_EXISTS, *after):
        raise UnknownCursor
    await number_changes()
    rows = await fetch(_CHANGES, after.position if after else 0, size + 1)
    return Page([_change(row) for row in rows[:size]], len(rows) > size, after is not None)


async def find_changes_by_id(ids: Sequence[UUID]) -> list[Change]:
    """Find these changes, in the order of the feed."""
    return [_change(row) for row in await fetch(_CHANGES_BY_ID, ids)]


async def last_position() -> int:
    """The position of the newest change that has one; 0 if there is none."""
    position: int = (await fetch(_LAST))[0]["last"]
    return position


async def number_changes() -> bool:
    """Give a position to a batch of committed events that have none. If another process is doing so, leave it to it.

    Returns:
        Whether all events have one that were committed before.
    """
    if not await fetch(_WAITING, 1):
        return True
    async with transaction():
        if not await try_lock("feed"):
            return False
        waiting = await fetch(_WAITING, BATCH)  # separate statements after the lock, to see the previous transaction
        locked = {row["id"] for row in await fetch(_LOCK_ROWS, [row["id"] for row in waiting])}
        numbered = list(_numbered(waiting, locked))
        await execute(_NUMBER, await last_position(), numbered)
    return len(numbered) == len(waiting) < BATCH


async def wait_for_numbers() -> None:
    """Wait until all changes so far have a position."""
    while not await number_changes():  # noqa: ASYNC110 - another process may hold them up
        await asyncio.sleep(_PAUSE_S)


def _numbered(waiting: list[Any], locked: set[UUID]) -> Iterator[UUID]:
    """The events to number: no event before an earlier one of its contract."""
    held_up = set()
    for row in waiting:
        if row["id"] not in locked:
            held_up.add(row["contract_id"])
        if row["contract_id"] not in held_up:
            yield row["id"]


def _change(row: Mapping[str, Any]) -> Change:
    return Change(
        position=row["position"],
        id=row["id"],
        contract_id=row["contract_id"],
        version=row["version"],
        type=EventType[row["type"]],
        at=row["at"],
        application=_application(row) if row["application_id"] else None,
    )


def _application(row: Mapping[str, Any]) -> ChangedApplication:
    application = application_of(row)
    return ChangedApplication(
        row["application_id"],
        format_receipt_number(row["receipt_number"]),
        application.requested_at,
        application.timeline,
    )
