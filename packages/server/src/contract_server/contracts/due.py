"""Due actions, defined once: SQL conditions for every statement, and lists for the sweep and for operators.

A column of the contract holds the instant at which an action falls due, and is empty if none will. The action is due
from that instant until it is done. An erasure on hold is not due. A failed action is tried again after a pause; after
the last try it has failed permanently, and an operator acts. A failure counts for one due date only, so that it ends
with its application.

The conditions name the tables `contract` and `due_failure AS failure`. Each fits a partial index, so that a look-up
costs the same however many contracts there are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contract_rules import Action
from contract_server.db.statements import fetch

DUE_AT = {Action.END_SERVICE: "contract.service_end_due_at", Action.ERASE: "contract.erasure_due_at"}
"""The actions that fall due, and the column with the instant."""

HELD = "contract.hold_placed_at IS NOT NULL"
NOT_HELD = "contract.hold_placed_at IS NULL"
_UNLESS_HELD = {Action.END_SERVICE: "true", Action.ERASE: NOT_HELD}

FAILED = "failure.set_aside_at IS NOT NULL"
"""The action has failed permanently."""


def is_due(action: Action, by: str = "$1") -> str:
    """The condition that the action is due at the instant `by`."""
    return f"{DUE_AT[action]} <= {by} AND {_UNLESS_HELD[action]}"


def failure_of(action: Action) -> str:
    """The condition that a failure counts for the contract's action."""
    return f"failure.contract_id = contract.id AND failure.act = '{action}' AND failure.due_at = {DUE_AT[action]}"


FAILED_ACTIONS = " UNION ALL ".join(
    f"SELECT failure.* FROM due_failure AS failure JOIN contract ON {failure_of(action)}"  # noqa: S608 - our own names
    f" WHERE {FAILED} AND {_UNLESS_HELD[action]}"
    for action in DUE_AT
)
"""A query for the due actions that have failed permanently."""


def _oldest(action: Action, condition: str, at_most: str) -> str:
    return f"""
        (SELECT id, '{action}' AS act, {DUE_AT[action]} AS due_at, {HELD} AS on_hold FROM contract
          WHERE {condition} ORDER BY {DUE_AT[action]} LIMIT {at_most})"""  # noqa: S608 - our own names


def _may_be_tried(action: Action, by: str) -> str:
    failures = f"SELECT FROM due_failure AS failure WHERE {failure_of(action)}"
    return f"{is_due(action, by)} AND id <> ALL ($2) AND NOT EXISTS ({failures} AND ({FAILED} OR next_try_at > $1))"


_LISTED = [
    *(_oldest(action, is_due(action), "$2") for action in DUE_AT),
    _oldest(Action.ERASE, f"{DUE_AT[Action.ERASE]} <= $1 AND {HELD}", "$2"),
]
LIST = f"SELECT * FROM ({' UNION ALL '.join(_LISTED)}) AS due ORDER BY due_at, act, id LIMIT $2"  # noqa: S608 - as above

# an erasure carries out the end of service as well, if that is still to be done
_SERVICE_MAY_END = f"($4::timestamptz IS NOT NULL OR {DUE_AT[Action.END_SERVICE]} IS NULL)"
_TO_DO = [
    _oldest(Action.END_SERVICE, _may_be_tried(Action.END_SERVICE, by="$4"), "$3"),
    _oldest(Action.ERASE, f"{_may_be_tried(Action.ERASE, by='$5')} AND {_SERVICE_MAY_END}", "$3"),
]
FIND = f"""
    SELECT due.*, failure.tries IS NOT NULL AS failed_before FROM ({" UNION ALL ".join(_TO_DO)}) AS due
      LEFT JOIN due_failure AS failure ON failure.contract_id = due.id AND failure.act = due.act
     ORDER BY due.due_at, due.act LIMIT $3
"""  # noqa: S608 - as above

_FIRST_AFTER = [
    f"(SELECT min({DUE_AT[action]}) FROM contract WHERE {DUE_AT[action]} > $1 AND {_UNLESS_HELD[action]})"  # noqa: S608 - as above
    for action in DUE_AT
]
NEXT = f"SELECT least({', '.join(_FIRST_AFTER)}) AS due_at"

NOTICE = timedelta(days=7)
"""How long before the promised erasure other services are told of it, on hold or not."""

UNANNOUNCED = (
    "contract.erasure_due_at IS NOT NULL AND contract.erasure_announced_for IS DISTINCT FROM contract.erasure_due_at"
)
"""The condition that an erasure is planned, and other services have not been told of it."""

_NEXT_NOTICE = f"SELECT min(erasure_due_at) AS due_at FROM contract WHERE {UNANNOUNCED} AND erasure_due_at > $1"  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class DueAction:
    """An action that is due now or later."""

    contract_id: UUID
    action: Action
    due_at: datetime
    on_hold: bool = False
    failed_before: bool = False


async def list_due(by: datetime, limit: int) -> list[DueAction]:
    """List what is due by that instant, oldest first, with erasures on hold."""
    rows = await fetch(LIST, by, limit)
    return [DueAction(row["id"], Action[row["act"]], row["due_at"], on_hold=row["on_hold"]) for row in rows]


async def find_due(
    now: datetime, limit: int, *, until: Mapping[Action, datetime | None], except_for: Collection[UUID] = ()
) -> list[DueAction]:
    """Find the actions to carry out, oldest first: of each kind those due by the instant of `until`, if it has one."""
    rows = await fetch(FIND, now, list(except_for), limit, *map(until.get, DUE_AT))
    return [DueAction(row["id"], Action[row["act"]], row["due_at"], failed_before=row["failed_before"]) for row in rows]


async def next_due_at(after: datetime) -> datetime | None:
    """Return the first instant after `after` at which an action falls due."""
    rows = await fetch(NEXT, after)
    due_at: datetime | None = rows[0]["due_at"]
    return due_at


async def next_notice_at(after: datetime) -> datetime | None:
    """Return the first instant after `after` at which other services are to be told of an erasure."""
    due_at: datetime | None = (await fetch(_NEXT_NOTICE, after + NOTICE))[0]["due_at"]
    return due_at - NOTICE if due_at else None
