"""Read contracts by pages, for operators, and the history of each."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from tortoise.expressions import Q

from contract_rules import Status
from contract_server.contracts.lookup.search import search_contracts
from contract_server.contracts.models import Company, Contract, ContractEvent
from contract_server.contracts.snapshot import ContractSnapshot
from contract_server.contracts.store import find_snapshots
from contract_server.db.statements import fetch

ContractCursor = tuple[date, UUID]  # when the contract began, and its id
EventCursor = tuple[datetime, UUID]  # when it happened, and its id

LARGEST_PAGE = 100
USUAL_PAGE = 20


class InvalidPage(ValueError):
    """A request for an invalid page; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class ContractFilter:
    """Conditions on contracts; None is no condition."""

    status: tuple[Status, ...] | None = None
    erasure_due_by: datetime | None = None
    on_hold: bool | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class ContractPage:
    """A page of contracts, newest first."""

    contracts: list[ContractSnapshot]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class EventPageKey:
    """Identifies a page of one contract's history."""

    contract_id: UUID
    first: int
    after: EventCursor | None


@dataclass(slots=True)
class EventPage:
    """A page of events of one contract, oldest first."""

    events: list[ContractEvent] = field(default_factory=list)
    has_next: bool = False
    has_previous: bool = False


async def find_company_name(contract_id: UUID | None) -> str | None:
    """The name of the contract's company, if there is one."""
    company = await Company.filter(contract_id=contract_id).first() if contract_id else None
    return company.name if company else None


async def find_contracts(wanted: ContractFilter, first: int, after: ContractCursor | None) -> ContractPage:
    """Find a page of contracts.

    Raises:
        InvalidPage: `first` is out of range.
    """
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
    if after is not None:
        started_on, contract_id = after
        # the first condition is redundant: with it the planner finds the place in the index
        conditions &= Q(started_on__lte=started_on) & (Q(started_on__lt=started_on) | Q(id__lt=contract_id))
    newest_first = Contract.filter(conditions).order_by("-started_on", "-id")
    rows = await newest_first.limit(checked_size(first) + 1).values_list("id", flat=True)
    ids = [UUID(str(row)) for row in rows[:first]]
    snapshots = await find_snapshots(ids)
    return ContractPage(
        [snapshots[row_id] for row_id in ids if row_id in snapshots], len(rows) > first, after is not None
    )


async def find_event_pages(contract_ids: list[UUID], first: int, after: EventCursor | None) -> dict[UUID, EventPage]:
    """Find the same page of the history of several contracts, in one statement.

    Raises:
        InvalidPage: `first` is out of range.
    """
    at, event_id = after if after is not None else (None, None)
    rows = await fetch(
        """
        SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY contract_id ORDER BY at, id) AS place FROM contract_event
             WHERE contract_id = ANY ($1) AND ($2::timestamptz IS NULL OR (at, id) > ($2, $3::uuid))
        ) AS events WHERE place <= $4
        """,
        contract_ids,
        at,
        event_id,
        checked_size(first) + 1,
    )
    pages = {contract_id: EventPage(has_previous=after is not None) for contract_id in contract_ids}
    for event in await ContractEvent.filter(id__in=[row["id"] for row in rows]).order_by("at", "id"):
        page = pages[event.contract_id]
        if len(page.events) < first:
            page.events.append(event)
        else:
            page.has_next = True
    return pages


def contract_cursor(contract: ContractSnapshot) -> ContractCursor:
    """Return the cursor of a contract."""
    return contract.started_on, contract.id


def event_cursor(event: ContractEvent) -> EventCursor:
    """Return the cursor of an event."""
    return event.at, event.id


def checked_size(first: int) -> int:
    """Return the size of a page.

    Raises:
        InvalidPage: It is out of range.
    """
    if not 1 <= first <= LARGEST_PAGE:
        raise InvalidPage(f"first: a number from 1 to {LARGEST_PAGE} is expected")
    return first
