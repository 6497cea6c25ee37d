"""Taking away what is personal of contracts, and looking whether anything is left: table by table, as classified.

Statements are made of the classification's own words. Each is about several contracts, and says what it did for each.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from contract_server.contracts.classification import TABLES, OnErasure, Table
from contract_server.db.statements import fetch

_SOME_MEMBERS = """
    WITH erased AS (
        DELETE FROM member WHERE ctid = ANY (ARRAY(SELECT ctid FROM member WHERE contract_id = $1 LIMIT $2))
        RETURNING 1)
    SELECT count(*) AS rows FROM erased
"""
_MEMBERS = "SELECT contract_id, count(*) AS rows FROM member WHERE contract_id = ANY ($1) GROUP BY contract_id"

RowsByContract = Mapping[UUID, Counter[str]]


async def count_members(contract_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many members each of the contracts has."""
    found = dict.fromkeys(contract_ids, 0)
    return found | {row["contract_id"]: row["rows"] for row in await fetch(_MEMBERS, contract_ids)}


async def erase_some_members(contract_id: UUID, at_most: int) -> int:
    """Delete that many members of a contract, or all that there are; how many that was."""
    (found,) = await fetch(_SOME_MEMBERS, contract_id, at_most)
    rows: int = found["rows"]
    return rows


async def erase_rows(contract_ids: Sequence[UUID], tables: Mapping[str, Table] = TABLES) -> RowsByContract:
    """Do to every table what the classification says; how many rows that was, by contract and table."""
    gone: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    for name, table in tables.items():
        if table.on_erasure is not OnErasure.KEEP:
            for row in await fetch(_erasing(name, table), contract_ids):
                gone[row["contract_id"]][name] = row["rows"]
    return gone


async def personal_rows_left(contract_ids: Sequence[UUID], tables: Mapping[str, Table] = TABLES) -> RowsByContract:
    """What is still there of erased contracts and should be gone, by contract and table: nothing, if all is well."""
    left: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    counts = " UNION ALL ".join(
        f"SELECT {table.contract} AS contract_id, '{name}' AS name, count(*) AS rows"  # noqa: S608 - our own names
        f" FROM {name} WHERE {table.belongs_to_any} AND ({table.filled}) GROUP BY 1"
        for name, table in tables.items()
        if table.on_erasure is not OnErasure.KEEP
    )
    for row in await fetch(counts, contract_ids):
        left[row["contract_id"]][row["name"]] = row["rows"]
    return left


def _erasing(name: str, table: Table) -> str:
    if table.on_erasure is OnErasure.DELETE:
        act = f"DELETE FROM {name} WHERE {table.belongs_to_any}"  # noqa: S608 - our own names
    else:
        emptied = ", ".join(f"{column} = NULL" for column in sorted(table.emptied))
        act = f"UPDATE {name} SET {emptied} WHERE {table.belongs_to_any} AND ({table.filled})"  # noqa: S608 - our own names
    return (
        f"WITH erased AS ({act} RETURNING {table.contract} AS contract_id)"  # noqa: S608 - as above
        " SELECT contract_id, count(*) AS rows FROM erased GROUP BY contract_id"
    )
