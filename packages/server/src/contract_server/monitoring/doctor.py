"""The thorough examination: everything that `health` counts, and checks that read every record and every file.

It verifies the service's promises without trusting the service, and reports the place of each defect.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from contract_rules import Status
from contract_server.clock import Clock
from contract_server.db.statements import fetch
from contract_server.erasure.breaker import Breaker
from contract_server.erasure.classification import TABLES, OnErasure
from contract_server.erasure.evidence import first_broken_link, sealed_records
from contract_server.erasure.ledger import Ledger, LedgerCorrupt, LedgerEntry, LedgerUnavailable
from contract_server.erasure.models import ErasureRecord
from contract_server.monitoring.health import GRACE, Check, Health, examine

BACKUP_RETENTION = timedelta(days=30)
"""How long backups are kept, and the ledger's files for replaying erasures after a restore."""

_STATES = """
    SELECT contract.id, status, record.hash FROM contract
      LEFT JOIN erasure_record AS record ON record.contract_id = contract.id WHERE contract.id = ANY ($1)
"""


async def examine_thoroughly(clock: Clock, breaker: Breaker, ledger: Ledger, *, must_keep_ledger: bool) -> Health:
    """Run all checks, down to each personal column, each hash and each file."""
    health = await examine(clock, breaker)
    checks = {check.name: check for check in health.checks}
    if not checks["leftovers"].ok:
        places = ", ".join(f"{place}: {rows}" for place, rows in (await count_personal_columns()).items())
        checks["leftovers"] = replace(checks["leftovers"], detail=f"Rows left of erased contracts: {places}.")
    checks["chain"] = await _check_hashes(checks["chain"])
    checks["ledger"] = await _check_ledger(health.now, ledger, must_be_kept=must_keep_ledger)
    return replace(health, checks=list(checks.values()))


async def count_personal_columns() -> dict[str, int]:
    """Count the rows of erased contracts that still have personal data, by `table.column`."""
    filled: dict[str, int] = {}
    for name, table in TABLES.items():
        if table.on_erasure is OnErasure.KEEP or table.belongs is None:
            continue
        columns = sorted(table.personal | table.emptied)
        counts = ", ".join(f"count({column}) AS {column}" for column in columns)
        (row,) = await fetch(f"SELECT {counts} FROM {name} WHERE {table.belongs_to_erased}")  # noqa: S608 - our own names
        filled |= {f"{name}.{column}": row[column] for column in columns if row[column]}
    return filled


async def _check_hashes(gaps: Check) -> Check:
    """Verify every hash of the chain."""
    broken = first_broken_link(await sealed_records())
    if broken is None:
        return gaps
    return Check(gaps.name, 1, f"The chain of evidence is broken at number {broken.sequence}: {broken.reason}.")


async def _check_ledger(now: datetime, ledger: Ledger, *, must_be_kept: bool) -> Check:
    """Compare the ledger with this database."""
    if ledger.folder is None:
        return Check("ledger", int(must_be_kept), "No ledger is kept outside the database: set LEDGER_DIR.")
    # read before the folder: a concurrent erasure writes its file before the record that names it
    recent = ErasureRecord.filter(started_at__gte=now - BACKUP_RETENTION)
    named = [name for names in await recent.values_list("ledger_file", "evidence_file") for name in names if name]
    try:
        entries, files = await ledger.read(), await ledger.file_names()
    except LedgerUnavailable as error:
        return Check("ledger", 1, f"The ledger cannot be read: {error}.")
    except LedgerCorrupt as error:
        return Check("ledger", 1, f"A line of the ledger has been changed: {error}.")
    restored, different = await _compare(entries)
    missing = set(named) - files
    sealed = ErasureRecord.filter(finished_at__lte=now - GRACE, evidence_file__isnull=True)
    uncopied = await sealed.filter(sequence__isnull=False).count()
    detail = "The ledger agrees with this database."
    if restored:
        detail = "A restored backup contains erased contracts: run `contract-server erasures replay`."
    elif different:
        detail = "The evidence in this database is not the evidence in the ledger."
    elif missing:
        detail = "Files of the ledger are missing."
    elif uncopied:
        detail = "The ledger lacks the evidence of finished erasures: the next sweep copies it."
    return Check("ledger", len(restored) + len(different) + len(missing) + uncopied, detail)


async def _compare(entries: list[LedgerEntry]) -> tuple[set[UUID], set[UUID]]:
    """Return contracts erased in the ledger but not here, and contracts with other evidence in the ledger than here."""
    finished = [entry for entry in entries if entry.finished]
    hashes: dict[UUID, set[object]] = defaultdict(set)
    for entry in finished:
        hashes[entry.contract_id].add(entry.evidence and entry.evidence.get("hash"))
    rows = await fetch(_STATES, list(hashes))
    restored = {row["id"] for row in rows if row["status"] != Status.ERASED}
    different = {row["id"] for row in rows if row["hash"] and row["hash"] not in hashes[row["id"]]}
    return restored, different
