"""Read contracts by pages, for operators, and the history of each."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from contract_rules import EventType, Status
from contract_server.contracts.lookup.search import search_contracts
from contract_server.contracts.models import Company, Contract, ContractEvent
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.store import find_snapshots
from contract_server.db.pages import Page, Part, find_page
from contract_server.db.statements import fetch

ContractCursor = tuple[date, UUID]  # when the contract began, and its id
EventCursor = tuple[datetime, UUID]  # when it happened, and its id

FOR_OPERATORS_ALONE = frozenset({EventType.ERASURE_HELD, EventType.ERASURE_HOLD_RELEASED, EventType.ERASURE_DUE})
"""The events that a contractor does not see."""


@dataclass(frozen=True, slots=True)
class ContractFilter:
    """Conditions on contracts; None is no condition."""

    status: tuple[Status, ...] | None = None
    erasure_due_by: datetime | None = None
    on_hold: bool | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class EventPageKey:
    """Identifies a page of one contract's history."""

    contract_id: UUID
    part: Part[EventCursor]
    for_operator: bool


async def find_company_name(contract_id: UUID | None) -> str | None:
    """The name of the contract's company, if there is one."""
    company = await Company.filter(contract_id=contract_id).first() if contract_id else None
    return company.name if company else None


async def find_contracts(wanted: ContractFilter, part: Part[ContractCursor]) -> Page[ContractSnapshot]:
    """Find a page of contracts, newest first."""
    conditions = await _conditions(wanted)
    page = await find_page(part, lambda part: _find_ids(conditions, part))
    snapshots = await find_snapshots(page.items)
    return Page([snapshots[row_id] for row_id in page.items if row_id in snapshots], page.has_next, page.has_previous)


async def _conditions(wanted: ContractFilter) -> Q:
    conditions = Q()
    if wanted.search is not None:
        conditions &= Q(id__in=await search_contracts(wanted.search))
    if wanted.status is not None:
        conditions &= Q(status__in=wanted.status)
    if wanted.on_hold is not None:
        conditions &= Q(hold_placed_at__isnull=not wanted.on_hold)
    if wanted.erasure_due_by is not None:
        due = Q(erasure_due_at__isnull=False, erasure_due_at__lte=wanted.erasure_due_by)
        # one condition for each of the partial indexes
        conditions &= Q(due, hold_placed_at__isnull=True) | Q(due, hold_placed_at__isnull=False)
    return conditions


async def _find_ids(conditions: Q, part: Part[ContractCursor]) -> list[UUID]:
    if part.after is not None:
        conditions &= _beyond(part.after, "lt", with_bound=part.with_bounds)
    if part.before is not None:
        conditions &= _beyond(part.before, "gt", with_bound=part.with_bounds)
    order = ("started_on", "id") if part.from_end else ("-started_on", "-id")
    rows = await Contract.filter(conditions).order_by(*order).limit(part.size).values_list("id", flat=True)
    return [UUID(str(row)) for row in rows]


def _beyond(cursor: ContractCursor, side: str, *, with_bound: bool) -> Q:
    started_on, contract_id = cursor
    # the first condition is redundant: with it the planner finds the place in the index
    return _compare("started_on", f"{side}e", started_on) & (
        _compare("started_on", side, started_on) | _compare("id", f"{side}e" if with_bound else side, contract_id)
    )


def _compare(column: str, comparison: str, value: Any) -> Q:  # noqa: ANN401 - of the column's type
    return Q(**{f"{column}__{comparison}": value})


async def find_event_pages(
    contract_ids: list[UUID], part: Part[EventCursor], *, for_operator: bool
) -> dict[UUID, Page[ContractEvent]]:
    """Find the same page of the history of several contracts, oldest first, in one statement for all of them."""
    hidden = [] if for_operator else [*FOR_OPERATORS_ALONE]
    found = await _find_events(contract_ids, part.one_larger(), hidden)
    preceding, following = [
        await _find_events(contract_ids, outside, hidden) if outside else {}
        for outside in (part.preceding(), part.following())
    ]
    return {
        contract_id: Page.of(
            part, found.get(contract_id, []), precedes=contract_id in preceding, follows=contract_id in following
        )
        for contract_id in contract_ids
    }


async def _find_events(
    contract_ids: list[UUID], part: Part[EventCursor], hidden: list[EventType]
) -> dict[UUID, list[ContractEvent]]:
    """Find the events of the part, of each contract that has any."""
    direction, bound = "DESC" if part.from_end else "ASC", "=" if part.with_bounds else ""
    rows = await fetch(
        f"""
        SELECT event.id
          FROM unnest($1::uuid[]) AS wanted (id)
         CROSS JOIN LATERAL (
               SELECT id FROM contract_event
                WHERE contract_id = wanted.id AND type <> ALL ($7)
                  AND ($2::timestamptz IS NULL OR (at, id) >{bound} ($2, $3::uuid))
                  AND ($4::timestamptz IS NULL OR (at, id) <{bound} ($4, $5::uuid))
                ORDER BY at {direction}, id {direction} LIMIT $6) AS event
        """,  # noqa: S608 - our own words
        contract_ids,
        *(part.after or (None, None)),
        *(part.before or (None, None)),
        part.size,
        hidden,
    )
    order = ("-at", "-id") if part.from_end else ("at", "id")
    events: dict[UUID, list[ContractEvent]] = {}
    for event in await ContractEvent.filter(id__in=[row["id"] for row in rows]).order_by(*order):
        events.setdefault(event.contract_id, []).append(event)
    return events


def contract_cursor(contract: ContractSnapshot) -> ContractCursor:
    """Return the cursor of a contract."""
    return contract.started_on, contract.id


def event_cursor(event: ContractEvent) -> EventCursor:
    """Return the cursor of an event."""
    return event.at, event.id
