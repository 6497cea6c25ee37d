"""Taking away what is personal of contracts, and looking whether anything is left: table by table, as classified.

Statements are made of the classification's own words. Each is about several contracts, and says what it did for each.
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
    """Rows came or went while they were being erased, so that nobody can say how many: all is to be rolled back."""


async def count_members(
    contract_ids: Iterable[UUID], at_most: int, tables: Mapping[str, Table] = TABLES
) -> dict[UUID, int]:
    """How many members are to go: of the first contracts by id, as many as have `at_most` in all.

    Of none where the very first has more. Hardly more entries of the index are read than that.
    """
    in_order = sorted(contract_ids)
    rows = await fetch(_FIRST_MEMBERS, in_order, at_most + 1) if "member" in tables else []
    found = {row["contract_id"]: row["rows"] for row in rows}
    cut_off = max(found) if sum(found.values()) > at_most else None
    return {each: found.get(each, 0) for each in in_order if cut_off is None or each < cut_off}


async def erase_some_members(contract_id: UUID, at_most: int) -> int:
    """Delete that many members of a contract, or all that there are; how many that was."""
    return await execute(_ERASE_SOME_MEMBERS, contract_id, at_most)


async def erase_rows(members: Mapping[UUID, int], tables: Mapping[str, Table] = TABLES) -> RowsByContract:
    """Do to every table what the classification says; how many rows that was, by contract and table.

    Args:
        members: The contracts, and how many members each of them has.
        tables: The classification.

    Raises:
        RowsChanged: There were more or fewer members.
    """
    contract_ids = list(members)
    erased = {
        name: f"{act(name, table)} RETURNING {table.contract} AS contract_id"
        for name, table in tables.items()
        if (act := _ACTS[table.on_erasure]) and name != "member"
    }
    acts = ", ".join(f"erased_{name} AS ({act})" for name, act in erased.items())
    counts = " UNION ALL ".join(
        f"SELECT contract_id, '{name}' AS name, count(*) AS rows FROM erased_{name} GROUP BY contract_id"  # noqa: S608 - our own names
        for name in erased
    )
    gone = _by_contract(await fetch(f"WITH {acts} {counts}", contract_ids))
    if "member" in tables:  # they are many: having each told of takes longer than deleting and counting them
        for contract_id, rows in members.items():
            gone[contract_id] += Counter(member=rows)
        if await execute(_ERASE_MEMBERS, contract_ids) != sum(members.values()):
            raise RowsChanged
    return gone


async def personal_rows_left(contract_ids: Sequence[UUID], tables: Mapping[str, Table] = TABLES) -> RowsByContract:
    """What is still there of erased contracts and should be gone, by contract and table: nothing, if all is well."""
    counts = " UNION ALL ".join(
        f"SELECT {table.contract} AS contract_id, '{name}' AS name, count(*) AS rows"  # noqa: S608 - our own names
        f" FROM {name} WHERE {table.belongs_to_any} AND ({table.filled}) GROUP BY 1"
        for name, table in tables.items()
        if _ACTS[table.on_erasure]
    )
    return _by_contract(await fetch(counts, contract_ids))


def _by_contract(rows: Iterable[Any]) -> defaultdict[UUID, Counter[str]]:
    found: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[row["contract_id"]][row["name"]] = row["rows"]
    return found


def _delete(name: str, table: Table) -> str:
    return f"DELETE FROM {name} WHERE {table.belongs_to_any}"  # noqa: S608 - our own names


def _empty(name: str, table: Table) -> str:
    emptied = ", ".join(f"{column} = NULL" for column in sorted(table.emptied))
    return f"UPDATE {name} SET {emptied} WHERE {table.belongs_to_any} AND ({table.filled})"  # noqa: S608 - our own names


_ACTS = complete("_ACTS", OnErasure, {OnErasure.DELETE: _delete, OnErasure.EMPTY: _empty, OnErasure.KEEP: None})
"""The statement that erases a table's rows; None where they are kept."""
