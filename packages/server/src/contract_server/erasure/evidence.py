"""The evidence: a tamper-evident hash chain of finished erasures, and of what other services confirm of them.

Each record contains a number, the hash of the previous record, and a hash of its own content. A changed record has a
wrong hash. A removed or moved record breaks the link of the next one.

The hash deliberately has no key: an auditor can verify the chain with the printed records alone, without this program
or a secret. Without a key, a person with write access could compute the whole chain again. Copies detect that: each
finished record is also in the ledger outside the database, and `doctor` compares them. A record contains no personal
data, and no hash of personal data either: a hash of an address is still personal.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson

from contract_server.audit.chain import GENESIS_HASH, hash_of, plain
from contract_server.db.rows import Update
from contract_server.db.statements import fetch
from contract_server.erasure.models import ErasureRecord

_LOCK_CHAIN = "SELECT pg_advisory_xact_lock(hashtext('contract_server.evidence'))"

_CONTENT = (
    "sequence",
    "contract_id",
    "application_id",
    "receipt_number",
    "policy_version",
    "due_at",
    "started_at",
    "finished_at",
    "erased_rows",
    "rows_left",
    "batches",
    "replayed",
    "ledger_file",
    "code_version",
    "schema_version",
    "previous_hash",
)
_CONFIRMED = (
    "sequence",
    "contract_id",
    "service_id",
    "service_name",
    "outcome",
    "reason",
    "until",
    "confirmed_at",
    "previous_hash",
)
_COUNTS = ("erased_rows", "rows_left")
_SEALED = (*_COUNTS, "finished_at", "batches", "sequence", "schema_version", "previous_hash", "hash")
_COLUMNS = f"id, {', '.join(_CONTENT)}, hash"
_OF_CONTRACTS = f"""
    SELECT {_COLUMNS} FROM erasure_record WHERE contract_id = ANY ($1) ORDER BY contract_id
"""  # noqa: S608 - our own names
_TO_COPY = f"""
    SELECT {_COLUMNS} FROM erasure_record
     WHERE sequence IS NOT NULL AND evidence_file IS NULL ORDER BY sequence LIMIT $1
"""  # noqa: S608 - as above
_CHAIN = f"SELECT {_COLUMNS} FROM erasure_record WHERE sequence > $1 ORDER BY sequence LIMIT $2"  # noqa: S608 - as above
_CONFIRMATIONS = f"""
    SELECT {", ".join(_CONFIRMED)}, hash FROM erasure_confirmation WHERE sequence > $1 ORDER BY sequence LIMIT $2
"""  # noqa: S608 - as above
_CHAIN_BATCH = 2_000
_LINKS = """
    (SELECT sequence, previous_hash, hash FROM erasure_record
      WHERE sequence IS NOT NULL ORDER BY sequence DESC LIMIT {0})
    UNION ALL
    (SELECT sequence, previous_hash, hash FROM erasure_confirmation ORDER BY sequence DESC LIMIT {0})
    ORDER BY sequence DESC LIMIT {0}
"""
NEWEST_LINKS = _LINKS.format("$1")
"""A query for the last records of the chain, of both kinds."""
_LAST = _LINKS.format(1)
_TO_SEAL = f"""
    SELECT {_COLUMNS}, (SELECT name FROM tortoise_migrations ORDER BY id DESC LIMIT 1) AS current_schema
      FROM erasure_record WHERE contract_id = ANY ($1) ORDER BY contract_id
"""  # noqa: S608 - as above

Record = dict[str, Any]
"""The columns of an erasure record."""

Evidence = Mapping[str, Any]
"""A sealed record as JSON: text, numbers, and row counts by table."""


class RecordMissing(Exception):
    """An erasure to be sealed has no record of its start; the transaction is rolled back."""


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first record at which a chain is broken."""

    sequence: int
    contract_id: str | None
    reason: str


async def records_of(contract_ids: Sequence[UUID]) -> list[Record]:
    """Return the erasure records of these contracts, finished or not."""
    return [_record(row) for row in await fetch(_OF_CONTRACTS, contract_ids)]


def add_rows(record: Record, erased: Counter[str]) -> None:
    """Add the rows that one more transaction has erased."""
    record["erased_rows"] = dict(Counter(record["erased_rows"]) + erased)
    record["batches"] += erased.total() > 0


async def lock_end_of_chain() -> tuple[int, str]:
    """Let no other transaction extend the chain before this one ends; return the place and hash of its last record."""
    await fetch(_LOCK_CHAIN)
    rows = await fetch(_LAST)  # a separate statement, so that it sees the previous transaction
    return (rows[0]["sequence"], rows[0]["hash"]) if rows else (0, GENESIS_HASH)


def seal_confirmation(content: Mapping[str, object], end_of_chain: tuple[int, str]) -> Record:
    """Return the columns of a confirmation that follows the end of the chain."""
    sequence, previous_hash = end_of_chain
    record = {**content, "sequence": sequence + 1, "previous_hash": previous_hash}
    return record | {"hash": hash_of({name: plain(record[name]) for name in _CONFIRMED})}


async def seal(erased: Mapping[UUID, Counter[str]], finished_at: datetime) -> Update:
    """Append finished erasures to the chain, in the transaction that finishes them.

    A lock allows one transaction at a time at the end of the chain. There are no deadlocks: every transaction locks its
    contracts before this lock, and afterwards only rows of these contracts.

    Args:
        erased: The numbers of rows that this transaction has erased, by contract and table.
        finished_at: The instant of this transaction's decision.

    Returns:
        The write for the same transaction.

    Raises:
        RecordMissing: One of the erasures has no record of its start.
    """
    sequence, previous_hash = await lock_end_of_chain()
    rows = await fetch(_TO_SEAL, list(erased))
    if len(rows) != len(erased):
        raise RecordMissing
    sealed: list[Record] = []
    for row in rows:
        sequence += 1
        record = _record(row) | {
            "finished_at": finished_at,
            "rows_left": {},
            "sequence": sequence,
            "schema_version": row["current_schema"],
            "previous_hash": previous_hash,
        }
        add_rows(record, erased[record["contract_id"]])
        record["hash"] = previous_hash = hash_of(_content(record))
        sealed.append({name: record[name] for name in ("id", *_SEALED)})
    return Update(ErasureRecord, sealed)


async def evidence_to_copy(limit: int) -> dict[UUID, Evidence]:
    """Return the oldest sealed records that are not in the ledger outside the database, by contract."""
    rows = await fetch(_TO_COPY, limit)
    return {row["contract_id"]: _evidence(_record(row)) for row in rows}


async def sealed_records() -> AsyncIterator[Evidence]:
    """Return the whole chain in order, reading a batch at a time."""
    after = 0
    while batch := await _read_chain(after):
        for evidence in batch:
            yield evidence
        after = batch[-1]["sequence"]


class ChainVerifier:
    """Verifies a chain record by record, from the first one on."""

    def __init__(self) -> None:
        self.verified = 0
        self._previous_hash = GENESIS_HASH

    def verify(self, evidence: Evidence) -> BrokenLink | None:
        """Verify the next record; return the broken link, or None."""
        expected, previous_hash = self.verified + 1, self._previous_hash
        content = {name: value for name, value in evidence.items() if name != "hash"}
        reason = None
        if hash_of(content) != evidence.get("hash"):
            reason = "its content is not what was sealed"
        elif evidence.get("sequence") != expected:
            reason = f"number {evidence.get('sequence')} stands in its place"
        elif evidence.get("previous_hash") != previous_hash:
            reason = "it does not follow the record before it"
        if reason:
            return BrokenLink(expected, evidence.get("contract_id"), reason)
        self.verified, self._previous_hash = expected, evidence["hash"]
        return None


async def verify_chain(
    chain: AsyncIterator[Evidence], progress: Callable[[int], None] = lambda _: None
) -> tuple[BrokenLink | None, int]:
    """Return the first broken link of a chain, or None, and the number of records before it."""
    verifier = ChainVerifier()
    async for evidence in chain:
        if broken := verifier.verify(evidence):
            return broken, verifier.verified
        progress(1)
    return None, verifier.verified


async def _read_chain(after: int) -> list[Evidence]:
    """Read the next records of both kinds."""
    erasures = [_evidence(_record(row)) for row in await fetch(_CHAIN, after, _CHAIN_BATCH)]
    confirmations = [
        {name: plain(value) for name, value in row.items()} for row in await fetch(_CONFIRMATIONS, after, _CHAIN_BATCH)
    ]
    return sorted([*erasures, *confirmations], key=itemgetter("sequence"))[:_CHAIN_BATCH]


def _record(row: Any) -> Record:  # noqa: ANN401 - asyncpg ships no types
    counts = {name: None if row[name] is None else orjson.loads(row[name]) for name in _COUNTS}
    return dict(row) | counts


def _evidence(record: Record) -> Evidence:
    """Return a sealed record as it is printed and verified."""
    return {**_content(record), "hash": record["hash"]}


def _content(record: Record) -> dict[str, Any]:
    unknown = () if record["receipt_number"] else ("receipt_number",)  # sealed before there were any
    return {name: plain(record[name]) for name in _CONTENT if name not in unknown}
