"""Checks of single contracts: what is stored of each fits together. They cost the same for each contract.

`health` checks the contracts that changed last or are erased next. `doctor` checks all of them, batch by batch.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from contract_rules import Action
from contract_server.contracts.due import DUE_AT, NOT_HELD
from contract_server.db.statements import fetch
from contract_server.erasure.classification import TABLES, OnErasure
from contract_server.erasure.rows import count_personal_rows

RECENT = 200
BATCH = 5_000

PROMISES = {
    "leftovers": "No personal data is left of erased contracts.",
    "applications": "No active contract has an open application.",
    "due_dates": "The due dates are those of the applications.",
    "evidence": "Every erased contract has complete evidence.",
}

_FIRST_ID = UUID(int=0)
_BATCH = "SELECT id FROM contract WHERE id > $1 ORDER BY id LIMIT $2"
_TO_BE_ERASED = f"{DUE_AT[Action.ERASE]} IS NOT NULL AND {NOT_HELD}"
_RECENT = f"""
    (SELECT contract_id AS id FROM termination_application ORDER BY id DESC LIMIT $1)
    UNION (SELECT id FROM contract WHERE erased_at IS NOT NULL ORDER BY erased_at DESC LIMIT $1)
    UNION (SELECT id FROM contract WHERE {_TO_BE_ERASED} ORDER BY {DUE_AT[Action.ERASE]} LIMIT $1)
"""  # noqa: S608 - our own names
_ERASED = "SELECT id FROM contract WHERE id = ANY ($1) AND status = 'ERASED'"
_DEFECTS = """
    SELECT count(*) FILTER (WHERE contract.status = 'ACTIVE' AND application.id IS NOT NULL) AS applications,
           count(*) FILTER (
               WHERE contract.status = 'TERMINATED' AND application.id IS NULL
                  OR (contract.service_end_due_at, contract.erasure_due_at) IS DISTINCT FROM (
                     CASE WHEN contract.status = 'TERMINATED' AND application.service_ended_at IS NULL
                          THEN application.service_end_at END,
                     CASE WHEN contract.status = 'TERMINATED' THEN application.erasure_at END)) AS due_dates,
           count(*) FILTER (
               WHERE (contract.status = 'ERASED')
                  <> (record.sequence IS NOT NULL AND record.finished_at IS NOT NULL)) AS evidence
      FROM contract
      LEFT JOIN termination_application AS application
        ON application.contract_id = contract.id AND application.withdrawn_at IS NULL
      LEFT JOIN erasure_record AS record ON record.contract_id = contract.id
     WHERE contract.id = ANY ($1)
"""


async def recent_contracts() -> list[UUID]:
    """Return the contracts of the latest applications and erasures, and those to be erased next."""
    return [row["id"] for row in await fetch(_RECENT, RECENT)]


async def all_contracts() -> AsyncIterator[list[UUID]]:
    """Return all contracts, in batches."""
    last = _FIRST_ID
    while batch := [row["id"] for row in await fetch(_BATCH, last, BATCH)]:
        yield batch
        last = batch[-1]


async def count_defects(contract_ids: Sequence[UUID]) -> Counter[str]:
    """Count the contracts, or the rows, that break each promise."""
    (defects,) = await fetch(_DEFECTS, contract_ids)
    left_over = await leftovers(contract_ids)
    return Counter({**defects, "leftovers": left_over.total()})


async def leftovers(contract_ids: Sequence[UUID]) -> Counter[str]:
    """Count the rows of erased contracts that still have data to erase, by table."""
    rows: Counter[str] = Counter()
    for counts in (await count_personal_rows(await _erased(contract_ids))).values():
        rows += counts
    return rows


async def count_personal_columns(contract_ids: Sequence[UUID]) -> Counter[str]:
    """Count the rows of erased contracts that still have personal data, by `table.column`."""
    filled: Counter[str] = Counter()
    erased = await _erased(contract_ids)
    for name, table in TABLES.items():
        if table.on_erasure is OnErasure.KEEP or table.belongs is None:
            continue
        columns = sorted(table.personal | table.emptied)
        counts = ", ".join(f"count({column}) AS {column}" for column in columns)
        (row,) = await fetch(f"SELECT {counts} FROM {name} WHERE {table.belongs_to_any}", erased)  # noqa: S608 - our own names
        filled += Counter({f"{name}.{column}": row[column] for column in columns})
    return filled


async def _erased(contract_ids: Sequence[UUID]) -> list[UUID]:
    return [row["id"] for row in await fetch(_ERASED, contract_ids)]
