"""The thorough examination: all that `health` counts, and what takes reading every record and every file.

It proves to somebody who does not trust this service that its promises are kept, and says where they are not.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from contract_rules import Status
from contract_server.clock import Clock
from contract_server.db.transaction import current_connection
from contract_server.erasure.breaker import Breaker
from contract_server.erasure.classification import TABLES, OnErasure
from contract_server.erasure.evidence import first_broken_link, sealed_records
from contract_server.erasure.ledger import Ledger, LedgerCorrupt, LedgerEntry, LedgerUnavailable
from contract_server.erasure.models import ErasureRecord
from contract_server.monitoring.health import GRACE, Check, Health, examine

BACKUPS_KEPT_FOR = timedelta(days=30)
"""How long backups are kept, and with them the files of the ledger that make up for what they bring back."""

_STATES = """
    SELECT contract.id, status, record.hash FROM contract
      LEFT JOIN erasure_record AS record ON record.contract_id = contract.id WHERE contract.id = ANY ($1)
"""


async def examine_thoroughly(clock: Clock, breaker: Breaker, ledger: Ledger, *, must_keep_ledger: bool) -> Health:
    """Look at everything that was promised, down to each personal column, each seal and each file."""
    health = await examine(clock, breaker)
    found = {check.name: check for check in health.checks}
    if not found["leftovers"].ok:
        places = ", ".join(f"{place}: {rows}" for place, rows in (await personal_columns_filled()).items())
        found["leftovers"] = replace(found["leftovers"], detail=f"Left of erased contracts, in rows: {places}.")
    found["chain"] = await _check_seals(found["chain"])
    found["ledger"] = await _check_ledger(health.now, ledger, must_be_kept=must_keep_ledger)
    return replace(health, checks=list(found.values()))


async def personal_columns_filled() -> dict[str, int]:
    """Every personal column in which an erased contract still has something: `table.column`, and in how many rows."""
    filled: dict[str, int] = {}
    for name, table in TABLES.items():
        if table.on_erasure is OnErasure.KEEP or table.belongs is None:
            continue
        columns = sorted(table.personal | table.emptied)
        counts = ", ".join(f"count({column}) AS {column}" for column in columns)
        (row,) = await current_connection().execute_query_dict(
            f"SELECT {counts} FROM {name} WHERE {table.belongs_to_erased}"  # noqa: S608 - our own names
        )
        filled |= {f"{name}.{column}": row[column] for column in columns if row[column]}
    return filled


async def _check_seals(gaps: Check) -> Check:
    """Compute every hash of the chain again."""
    broken = first_broken_link(await sealed_records())
    if broken is None:
        return gaps
    return Check(gaps.name, 1, f"The chain of evidence is broken at number {broken.sequence}: {broken.reason}.")


async def _check_ledger(now: datetime, ledger: Ledger, *, must_be_kept: bool) -> Check:
    """Compare the ledger outside with this database."""
    if ledger.folder is None:
        return Check("ledger", int(must_be_kept), "LEDGER_DIR is not set: no ledger is kept outside the database.")
    # asked before the folder is read: whoever erases meanwhile writes a file first, and names it then
    recent = ErasureRecord.filter(started_at__gte=now - BACKUPS_KEPT_FOR)
    named = [name for names in await recent.values_list("ledger_file", "evidence_file") for name in names if name]
    try:
        entries, files = await ledger.read(), await ledger.file_names()
    except LedgerUnavailable as error:
        return Check("ledger", 1, f"The ledger outside cannot be read: {error}.")
    except LedgerCorrupt as error:
        return Check("ledger", 1, f"A line of the ledger outside is not what was written: {error}.")
    undone, contradicted = await _compare(entries)
    lost = set(named) - files
    sealed = ErasureRecord.filter(finished_at__lte=now - GRACE, evidence_file__isnull=True)
    uncopied = await sealed.filter(sequence__isnull=False).count()
    detail = "The ledger outside agrees with this database."
    if undone:
        detail = "A backup has brought back what was erased: run `contract-server erasures replay`."
    elif contradicted:
        detail = "The evidence in this database is not the evidence that the ledger outside has of the same erasures."
    elif lost:
        detail = "Files of the ledger outside are missing."
    elif uncopied:
        detail = "The ledger outside lacks evidence of erasures that are finished: the next sweep copies it."
    return Check("ledger", len(undone) + len(contradicted) + len(lost) + uncopied, detail)


async def _compare(entries: list[LedgerEntry]) -> tuple[set[UUID], set[UUID]]:
    """Contracts that are erased in the ledger and not here; contracts whose evidence here is not the ledger's."""
    finished = [entry for entry in entries if entry.finished]
    hashes: dict[UUID, set[object]] = defaultdict(set)
    for entry in finished:
        hashes[entry.contract_id].add(entry.evidence and entry.evidence.get("hash"))
    rows = await current_connection().execute_query_dict(_STATES, [list(hashes)])
    undone = {row["id"] for row in rows if row["status"] != Status.ERASED}
    contradicted = {row["id"] for row in rows if row["hash"] and row["hash"] not in hashes[row["id"]]}
    return undone, contradicted
