"""The thorough examination: everything that `health` counts, and checks that read every record and every file.

It verifies the service's promises without trusting the service, and reports the place of each defect.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from contract_rules import Status
from contract_server.audit.chain import verify_audit
from contract_server.clock import Clock
from contract_server.contracts.models import Contract
from contract_server.db.statements import fetch
from contract_server.erasure.breaker import Breaker
from contract_server.erasure.confirmations import count_lost_confirmations
from contract_server.erasure.evidence import sealed_records, verify_chain
from contract_server.erasure.ledger import Ledger, LedgerCorrupt, LedgerUnavailable
from contract_server.erasure.models import ErasureConfirmation, ErasureRecord
from contract_server.monitoring.contract_checks import PROMISES, all_contracts, count_defects, count_personal_columns
from contract_server.monitoring.health import GRACE, Check, Health, examine

BACKUP_RETENTION = timedelta(days=30)
"""How long backups are kept, and the ledger's files for replaying erasures after a restore."""

_STATES = """
    SELECT contract.id, status, record.hash, record.replayed FROM contract
      LEFT JOIN erasure_record AS record ON record.contract_id = contract.id WHERE contract.id = ANY ($1)
"""


_FILES = """
    SELECT DISTINCT file FROM erasure_record, unnest(ARRAY[ledger_file, evidence_file]) AS file
     WHERE started_at >= $1 AND file IS NOT NULL
"""

Progress = Callable[[int], None]
"""Called with the number of contracts and records checked since the last call."""


async def examine_thoroughly(
    clock: Clock,
    breaker: Breaker,
    ledger: Ledger,
    *,
    must_keep_ledger: bool,
    audit_kept_for: timedelta,
    progress: Progress = lambda _: None,
) -> Health:
    """Run all checks, down to each personal column, each hash and each file. The memory used is constant."""
    health = await examine(clock, breaker)
    checks = {check.name: check for check in health.checks}
    checks |= await _check_contracts(progress)
    checks["chain"] = await _check_hashes(checks["chain"], progress)
    checks["audit"] = await _check_audit(audit_kept_for)
    checks["ledger"] = await _check_ledger(health.now, ledger, must_be_kept=must_keep_ledger)
    return replace(health, checks=list(checks.values()))


async def count_steps() -> int:
    """Count the contracts and records that `examine_thoroughly` checks."""
    records = await ErasureRecord.filter(sequence__isnull=False).count() + await ErasureConfirmation.all().count()
    return await Contract.all().count() + records


async def _check_contracts(progress: Progress) -> dict[str, Check]:
    """Check each contract; name the columns that still have personal data."""
    defects, columns = Counter[str](), Counter[str]()
    async for contract_ids in all_contracts():
        found = await count_defects(contract_ids)
        if found["leftovers"]:
            columns += await count_personal_columns(contract_ids)
        defects += found
        progress(len(contract_ids))
    details = dict(PROMISES)
    if columns:
        places = ", ".join(f"{place}: {rows}" for place, rows in sorted(columns.items()))
        details["leftovers"] = f"Rows left of erased contracts: {places}."
    return {name: Check(name, defects[name], detail) for name, detail in details.items()}


async def _check_hashes(gaps: Check, progress: Progress) -> Check:
    """Verify every hash of the chain."""
    broken, _ = await verify_chain(sealed_records(), progress)
    if broken is None:
        lost = await count_lost_confirmations()
        return Check(gaps.name, lost, "Answers of services are missing from the chain of evidence.") if lost else gaps
    return Check(gaps.name, 1, f"The chain of evidence is broken at number {broken.sequence}: {broken.reason}.")


async def _check_audit(kept_for: timedelta) -> Check:
    """Verify every seal of the audit trail."""
    broken, _ = await verify_audit(kept_for)
    if broken is None:
        return Check("audit", 0, "The audit trail is whole.")
    return Check("audit", 1, f"The audit trail is broken at seal {broken.sequence}: {broken.reason}.")


async def _check_ledger(now: datetime, ledger: Ledger, *, must_be_kept: bool) -> Check:
    """Compare the ledger with this database."""
    if ledger.folder is None:
        return Check("ledger", int(must_be_kept), "No ledger is kept outside the database: set LEDGER_DIR.")
    # read before the folder: a concurrent erasure writes its file before the record that names it
    named = {row["file"] for row in await fetch(_FILES, now - BACKUP_RETENTION)}
    try:
        restored, different = await _compare(ledger)
        missing = named - await ledger.file_names()
    except LedgerUnavailable as error:
        return Check("ledger", 1, f"The ledger cannot be read: {error}.")
    except LedgerCorrupt as error:
        return Check("ledger", 1, f"A line of the ledger has been changed: {error}.")
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


async def _compare(ledger: Ledger) -> tuple[set[UUID], set[UUID]]:
    """Return contracts erased in the ledger but not here, and contracts with other evidence in the ledger than here.

    A contract that was erased again after a restore has several entries; one of them must be the evidence here.
    """
    restored, different, confirmed = set[UUID](), set[UUID](), set[UUID]()
    async for entries in ledger.read_files():
        hashes = {
            entry.contract_id: entry.evidence and entry.evidence.get("hash") for entry in entries if entry.finished
        }
        for row in await fetch(_STATES, list(hashes)):
            if row["status"] != Status.ERASED:
                restored.add(row["id"])
            if row["replayed"] and row["hash"] == hashes[row["id"]]:
                confirmed.add(row["id"])
            elif row["hash"] and row["hash"] != hashes[row["id"]]:
                different.add(row["id"])
    return restored, different - confirmed
