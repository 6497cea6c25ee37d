"""Read the audit trail: entries, and the history of contracts, in one query by pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from contract_rules import Actor, EventType
from contract_server.audit.models import AuditAction
from contract_server.audit.origin import Interface
from contract_server.db.pages import Page, Part, find_page
from contract_server.db.statements import Condition, fetch, with_places

LogCursor = tuple[datetime, UUID]  # when it was done, and the id

LOG_INS_SHOWN = 10
"""The newest log-ins of an account that are shown."""

_ENTRIES = """
    SELECT id, at, action, interface, account_id, about_id, contract_id, subject, source,
           reason, NULL AS event_type, NULL AS actor, NULL::uuid AS application_id
      FROM audit_entry
"""
_EVENTS = """
    SELECT id, at, 'CONTRACT_CHANGED' AS action, interface, account_id, NULL::uuid AS about_id, contract_id,
           NULL AS subject, source, note AS reason, type AS event_type, actor, application_id
      FROM contract_event
"""
_TABLES = {_ENTRIES: "action", _EVENTS: "'CONTRACT_CHANGED'"}
"""The statements, each with its action in SQL."""

_LOG = """
    SELECT found.*, person.name AS account_name, other.name AS about_name
      FROM (SELECT * FROM ({parts}) AS parts ORDER BY at {direction}, id {direction} LIMIT {limit}) AS found
      LEFT JOIN account AS person ON person.id = found.account_id
      LEFT JOIN account AS other ON other.id = found.about_id
     ORDER BY at {direction}, id {direction}
"""
_LOG_INS = """
    SELECT at, interface, source FROM audit_entry WHERE account_id = $1 AND action = 'LOGGED_IN'
     ORDER BY at DESC, id DESC LIMIT $2
"""


class Person(NamedTuple):
    """An account in the trail; the name is None if the account was erased."""

    id: UUID
    name: str | None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry as it is shown; `event_type` and what follows belong to a change of a contract."""

    id: UUID
    at: datetime
    action: AuditAction
    interface: Interface | None
    account: Person | None
    about: Person | None
    contract_id: UUID | None
    subject: str | None
    reason: str | None
    source: str | None
    event_type: EventType | None
    actor: Actor | None
    application_id: UUID | None


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Conditions on entries; None is no condition."""

    action: AuditAction | None = None
    account_id: UUID | None = None
    contract_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    id: UUID | None = None


class LogIn(NamedTuple):
    """A log-in of an account."""

    at: datetime
    interface: Interface
    source: str | None


async def find_entry_page(wanted: LogFilter, part: Part[LogCursor]) -> Page[LogEntry]:
    """Find a page of entries, newest first."""
    return await find_page(part, lambda part: _find(wanted, part))


async def find_entries(wanted: LogFilter, limit: int, after: LogCursor | None = None) -> list[LogEntry]:
    """Find the newest entries, those after a cursor if there is one."""
    return await _find(wanted, Part(limit, after))


async def _find(wanted: LogFilter, part: Part[LogCursor]) -> list[LogEntry]:
    direction = "ASC" if part.from_end else "DESC"
    places, values = count(1), list[object]()
    parts = []
    for table, action in _TABLES.items():
        conditions = list(_conditions(wanted, part, action))
        values += [value for condition in conditions for value in condition.values]
        where = " AND ".join(with_places(condition.sql, places) for condition in conditions)
        parts.append(f"({table} WHERE {where or 'true'} ORDER BY at {direction}, id {direction} LIMIT {part.size})")
    log = _LOG.format(parts=" UNION ALL ".join(parts), direction=direction, limit=part.size)
    rows = await fetch(log, *values)
    return [_entry(row) for row in rows]


async def find_log_ins(account_id: UUID, limit: int) -> list[LogIn]:
    """Find the last log-ins of an account, newest first."""
    return [
        LogIn(row["at"], Interface[row["interface"]], row["source"]) for row in await fetch(_LOG_INS, account_id, limit)
    ]


def cursor_of(entry: LogEntry) -> LogCursor:
    """Return the cursor of an entry."""
    return entry.at, entry.id


def _conditions(wanted: LogFilter, part: Part[LogCursor], action: str) -> Iterator[Condition]:
    if wanted.action:
        yield Condition(f"{action} = {{}}::text", (wanted.action,))
    if wanted.account_id:
        yield Condition("account_id = {}", (wanted.account_id,))
    if wanted.contract_id:
        yield Condition("contract_id = {}", (wanted.contract_id,))
    if wanted.id:
        yield Condition("id = {}", (wanted.id,))
    if wanted.since:
        yield Condition("at >= {}", (wanted.since,))
    if wanted.until:
        yield Condition("at < {}", (wanted.until,))
    bound = "=" if part.with_bounds else ""
    if part.after:
        yield Condition(f"(at, id) <{bound} ({{}}::timestamptz, {{}}::uuid)", part.after)
    if part.before:
        yield Condition(f"(at, id) >{bound} ({{}}::timestamptz, {{}}::uuid)", part.before)


def _entry(row: Mapping[str, Any]) -> LogEntry:
    return LogEntry(
        id=row["id"],
        at=row["at"],
        action=AuditAction[row["action"]],
        interface=Interface[row["interface"]] if row["interface"] else None,
        account=_person(row, "account"),
        about=_person(row, "about"),
        contract_id=row["contract_id"],
        subject=row["subject"],
        reason=row["reason"],
        source=row["source"],
        event_type=EventType[row["event_type"]] if row["event_type"] else None,
        actor=Actor[row["actor"]] if row["actor"] else None,
        application_id=row["application_id"],
    )


def _person(row: Mapping[str, Any], role: str) -> Person | None:
    return Person(row[f"{role}_id"], row[f"{role}_name"]) if row[f"{role}_id"] else None
