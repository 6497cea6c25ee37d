"""Pages: what every list of the API has in common."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, TypeVar
from uuid import UUID

import strawberry
from graphql import GraphQLError

from contract_server.contracts.queries import ContractCursor, EventCursor
from contract_server.db.pages import LARGEST_PAGE, USUAL_PAGE, InvalidPage, Page, Part
from contract_server.erasure.due_erasures import DueCursor
from contract_server.integration.feed import ChangeCursor

Cursor = TypeVar("Cursor")
Item = TypeVar("Item")

EDGES = "The page's items, each with its cursor."
NODES = "The page's items."
NODE = "The item."
CURSOR = "Opaque: a page that begins `after` it begins with the next item."
PAGE_INFO = "Where the page stands in the list."

First = Annotated[int | None, strawberry.argument(description="How many at most: 1 to 100.")]
After = Annotated[
    str | None,
    strawberry.argument(description="The `endCursor` of the page before; none begins with the first page."),
]
Last = Annotated[
    int | None,
    strawberry.argument(description="How many at most from the end: 1 to 100. `first` has no effect then."),
]
Before = Annotated[
    str | None, strawberry.argument(description="The `startCursor` of the page behind; none ends with the last page.")
]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether something follows.")
    has_previous_page: bool = strawberry.field(description="Whether something went before.")
    start_cursor: str | None = strawberry.field(description="The first item's; null on an empty page.")
    end_cursor: str | None = strawberry.field(
        description="The last item's: what the next page begins `after`; null on an empty page."
    )

    @classmethod
    def of(cls, page: Page[Item], cursors: list[str]) -> "PageInfo":
        return cls(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        )


def read_part(
    read: Callable[[str, str], Cursor], first: int | None, after: str | None, last: int | None, before: str | None
) -> Part[Cursor]:
    """Read the arguments of a list. `last` wins, because `first` has a default.

    Raises:
        GraphQLError: BAD_USER_INPUT.
    """
    try:
        size = _size("last", last) if isinstance(last, int) else _size("first", USUAL_PAGE if first is None else first)
        return Part(
            size,
            after=read(after, "after") if after else None,
            before=read(before, "before") if before else None,
            from_end=isinstance(last, int),
        )
    except InvalidPage as error:
        raise GraphQLError(str(error), extensions={"code": "BAD_USER_INPUT"}) from None


def _size(argument: str, size: int) -> int:
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidPage(f"{argument}: a number from 1 to {LARGEST_PAGE} is expected")
    return size


def write_contract_cursor(cursor: ContractCursor) -> str:
    """Write a cursor as clients get it."""
    started_on, contract_id = cursor
    return _write("contract", f"{started_on}|{contract_id}")


def write_event_cursor(cursor: EventCursor) -> str:
    """Write a cursor as clients get it."""
    at, event_id = cursor
    return _write("event", f"{at.isoformat()}|{event_id}")


def write_audit_cursor(cursor: EventCursor) -> str:
    """Write a cursor as clients get it."""
    at, entry_id = cursor
    return _write("audit", f"{at.isoformat()}|{entry_id}")


def write_due_cursor(cursor: DueCursor) -> str:
    """Write a cursor as clients get it."""
    due_at, contract_id = cursor
    return _write("due", f"{due_at.isoformat()}|{contract_id}")


def read_due_cursor(text: str, argument: str = "after") -> DueCursor:
    """Read a cursor of `write_due_cursor`.

    Raises:
        InvalidPage: It is none.
    """
    return _read(text, "due", _event_cursor, argument)


def write_change_cursor(cursor: ChangeCursor) -> str:
    """Write a cursor as clients get it."""
    return _write("change", f"{cursor.position}|{cursor.id}")


def read_change_cursor(text: str, argument: str = "after") -> ChangeCursor:
    """Read a cursor of `write_change_cursor`.

    Raises:
        InvalidPage: It is none.
    """
    return _read(text, "change", _change_cursor, argument)


def read_audit_cursor(text: str, argument: str = "after") -> EventCursor:
    """Read a cursor of `write_audit_cursor`.

    Raises:
        InvalidPage: It is none.
    """
    return _read(text, "audit", _event_cursor, argument)


def read_contract_cursor(text: str, argument: str = "after") -> ContractCursor:
    """Read a cursor of `write_contract_cursor`.

    Raises:
        InvalidPage: It is none.
    """
    return _read(text, "contract", _contract_cursor, argument)


def read_event_cursor(text: str, argument: str = "after") -> EventCursor:
    """Read a cursor of `write_event_cursor`.

    Raises:
        InvalidPage: It is none.
    """
    return _read(text, "event", _event_cursor, argument)


def _contract_cursor(text: str) -> ContractCursor:
    started_on, _, contract_id = text.partition("|")
    return date.fromisoformat(started_on), UUID(contract_id)


def _event_cursor(text: str) -> EventCursor:
    at, _, event_id = text.partition("|")
    instant = datetime.fromisoformat(at)
    if instant.tzinfo is None:
        raise ValueError("the instant of a cursor needs an offset")
    return instant.astimezone(UTC), UUID(event_id)


def _change_cursor(text: str) -> ChangeCursor:
    position, _, change_id = text.partition("|")
    if not position.isascii() or not position.isdecimal() or int(position) >= 2**63:
        raise ValueError("the position of a cursor is a whole number")
    return ChangeCursor(int(position), UUID(change_id))


def _write(kind: str, text: str) -> str:
    return b64encode(f"{kind}:{text}".encode()).decode()


def _read(text: str, expected_kind: str, parse: Callable[[str], Cursor], argument: str) -> Cursor:
    try:
        kind, _, value = b64decode(text.encode()).decode().partition(":")
        if kind == expected_kind:
            return parse(value)
    except (ValueError, OverflowError):
        pass
    raise InvalidPage(f"{argument}: a cursor of an earlier answer is expected")
