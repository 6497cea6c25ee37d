"""Erase the personal data of contracts as classified, and verify that none is left.

Statements are built from the classification. Each handles several contracts and returns row counts for each.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from contract_rules import complete
from contract_server.db.statements import execute, fetch
from contract_server.erasure.classification import TABLES, OnErasure, Table

_FIRST_MEMBERS = """
    SELECT contract_id, count(*) AS rows FROM (
        SELECT contract_id FROM member WHERE contract_id = ANY ($1) ORDER BY contract_id LIMIT $2) AS first
     GROUP BY contract_id
"""
_ERASE_MEMBERS = "DELETE FROM member WHERE contract_id = ANY ($1)"
_ERASE_SOME_MEMBERS = """
    DELETE FROM member WHERE ctid = ANY (ARRAY(SELECT ctid FROM member WHERE contract_id = $1 LIMIT $2))
"""

RowsByContract = Mapping[UUID, Counter[str]]


class RowsChanged(Exception):
    """The number of rows changed during the erasure, so the counts are wrong; the transaction is rolled back."""


async def count_members(
    contract_ids: Iterable[UUID], limit: int, tables: Mapping[str, Table] = TABLES
) -> dict[UUID, int]:
    """Count the members of the first contracts by id that together have at most `limit` members.

    The result is empty if the first contract has more. The statement reads about `limit` index entries, not more.
    """
    in_order = sorted(contract_ids)
    rows = await fetch(_FIRST_MEMBERS, in_order, limit + 1) if "member" in tables else []
    members = {row["contract_id"]: row["rows"] for row in rows}
    cut_off = max(members) if sum(members.values()) > limit else None
    return {id_: members.get(id_, 0) for id_ in in_order if cut_off is None or id_ < cut_off}


async def erase_some_members(contract_id: UUID, limit: int) -> int:
    """Delete up to `limit` members of a contract; return their number."""
    return await execute(_ERASE_SOME_MEMBERS, contract_id, limit)


async def erase_rows(members: Mapping[UUID, int], tables: Mapping[str, Table] = TABLES) -> RowsByContract:
    """Erase the rows of every table as classified; return their numbers by contract and table.

    Args:
        members: The number of members of each contract.
        tables: The classification.

    Raises:
        RowsChanged: The number of members has changed.
    """
    contract_ids = list(members)
    statements = {
        name: f"{statement(name, table)} RETURNING {table.contract} AS contract_id"
        for name, table in tables.items()
        if (statement := _STATEMENTS[table.on_erasure]) and name != "member"
    }
    withs = ", ".join(f"erased_{name} AS ({statement})" for name, statement in statements.items())
    counts = " UNION ALL ".join(
        f"SELECT contract_id, '{name}' AS name, count(*) AS rows FROM erased_{name} GROUP BY contract_id"  # noqa: S608 - our own names
        for name in statements
    )
    erased = _by_contract(await fetch(f"WITH {withs} {counts}", contract_ids))
    if "member" in tables:  # members are many: counting them separately is faster than RETURNING each
        for contract_id, rows in members.items():
            erased[contract_id] += Counter(member=rows)
        if await execute(_ERASE_MEMBERS, contract_ids) != sum(members.values()):
            raise RowsChanged
    return erased


async def count_personal_rows(contract_ids: Sequence[UUID], tables: Mapping[str, Table] = TABLES) -> RowsByContract:
    """Count the rows with personal data, by contract and table; empty after a complete erasure."""
    counts = " UNION ALL ".join(
        f"SELECT {table.contract} AS contract_id, '{name}' AS name, count(*) AS rows"  # noqa: S608 - our own names
        f" FROM {name} WHERE {table.belongs_to_any} AND ({table.filled}) GROUP BY 1"
        for name, table in tables.items()
        if _STATEMENTS[table.on_erasure]
    )
    return _by_contract(await fetch(counts, contract_ids))


def _by_contract(rows: Iterable[Any]) -> defaultdict[UUID, Counter[str]]:
    counts: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[row["contract_id"]][row["name"]] = row["rows"]
    return counts


def _delete(name: str, table: Table) -> str:
    return f"DELETE FROM {name} WHERE {table.belongs_to_any}"  # noqa: S608 - our own names


def _empty(name: str, table: Table) -> str:
    emptied = ", ".join(f"{column} = NULL" for column in sorted(table.emptied))
    return f"UPDATE {name} SET {emptied} WHERE {table.belongs_to_any} AND ({table.filled})"  # noqa: S608 - our own names


_STATEMENTS = complete(
    "_STATEMENTS", OnErasure, {OnErasure.DELETE: _delete, OnErasure.EMPTY: _empty, OnErasure.KEEP: None}
)
"""The statement that erases rows of a table; None if the rows are kept."""
