"""Holds on erasures: rows that end with their release, and stay.

The contract itself says whether its erasure is on hold, for the rules and the schedule: as long as any of its holds is
in force. The rows say who placed and released each hold, for which case, and why. An erasure empties the reasons.
Reference, accounts and instants stay.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from contract_server.contracts.due import HELD
from contract_server.contracts.models import ErasureHold
from contract_server.db.rows import Insert, UpdateWhere
from contract_server.db.statements import fetch
from contract_server.visible_text import InvalidValue

LISTED = 100
"""The holds of a contract that are listed: those in force, and the newest released ones."""

_REFERENCE = re.compile(r"[A-Za-z0-9._/-]{1,40}", re.ASCII)
_IN_FORCE = "erasure_hold.contract_id = ANY ({}) AND erasure_hold.released_at IS NULL"
_FIND = """
    SELECT hold.*, placer.name AS placer, releaser.name AS releaser
      FROM unnest($1::uuid[]) AS wanted (id)
     CROSS JOIN LATERAL (SELECT * FROM erasure_hold WHERE contract_id = wanted.id
                          ORDER BY released_at IS NOT NULL, placed_at DESC LIMIT $2) AS hold
      LEFT JOIN account AS placer ON placer.id = hold.placed_by
      LEFT JOIN account AS releaser ON releaser.id = hold.released_by
     ORDER BY hold.placed_at DESC, hold.id DESC
"""
_TO_REVIEW = f"""
    SELECT count(*) AS holds FROM erasure_hold AS hold JOIN contract ON contract.id = hold.contract_id
     WHERE hold.review_at <= $1 AND hold.released_at IS NULL AND {HELD}
"""  # noqa: S608 - our own names


class HoldTerms(NamedTuple):
    """What an operator says about a hold beside its reason."""

    reference: str | None = None
    review_at: datetime | None = None


NO_TERMS = HoldTerms()


class Operator(NamedTuple):
    """An operator by account; the name is None if the account is gone."""

    id: UUID
    name: str | None


class HoldRecord(NamedTuple):
    """A hold, in force or released; the reasons are None after the erasure."""

    id: UUID
    reference: str | None
    reason: str | None
    placed_at: datetime
    placed_by: Operator | None
    review_at: datetime | None
    released_at: datetime | None
    released_by: Operator | None
    release_reason: str | None


def require_reference(text: str) -> str:
    """Return the number of a case.

    Raises:
        InvalidValue: It is none.
    """
    if not _REFERENCE.fullmatch(text):
        raise InvalidValue("expected 1 to 40 letters, digits, and . _ / - alone")
    return text


def place_hold(contract_id: UUID, now: datetime, terms: HoldTerms, reason: str | None, by: UUID | None) -> Insert:
    """Return the write that begins a hold."""
    row = {"contract_id": contract_id, "placed_at": now, "placed_by": by, "reason": reason, **terms._asdict()}
    return Insert(ErasureHold, [row])


def release_hold(contract_id: UUID, now: datetime, reason: str | None, by: UUID | None) -> UpdateWhere:
    """Return the write that ends the last hold in force."""
    return UpdateWhere(ErasureHold, release_columns(now, reason, by), _IN_FORCE, ((contract_id,),))


def end_holds(contract_ids: Iterable[UUID], now: datetime) -> UpdateWhere:
    """Return the write that ends what is left in force where everything is erased."""
    return UpdateWhere(ErasureHold, {"released_at": now}, _IN_FORCE, (tuple(contract_ids),))


def release_columns(now: datetime, reason: str | None, by: UUID | None) -> dict[str, object]:
    """Return the columns that end a hold."""
    return {"released_at": now, "released_by": by, "release_reason": reason}


async def find_holds(contract_ids: Sequence[UUID]) -> dict[UUID, list[HoldRecord]]:
    """Find the holds of contracts, newest first."""
    holds: dict[UUID, list[HoldRecord]] = defaultdict(list)
    for row in await fetch(_FIND, contract_ids, LISTED):
        holds[row["contract_id"]].append(_record(row))
    return holds


async def count_holds_to_review(now: datetime) -> int:
    """Count the holds in force whose date of review has come."""
    rows = await fetch(_TO_REVIEW, now)
    holds: int = rows[0]["holds"]
    return holds


def _record(row: Any) -> HoldRecord:  # noqa: ANN401 - asyncpg ships no types
    people = {
        "placed_by": _operator(row["placed_by"], row["placer"]),
        "released_by": _operator(row["released_by"], row["releaser"]),
    }
    return HoldRecord(**{name: row[name] for name in HoldRecord._fields} | people)


def _operator(account_id: UUID | None, name: str | None) -> Operator | None:
    return Operator(account_id, name) if account_id else None
