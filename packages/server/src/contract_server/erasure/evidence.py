"""The evidence: what every finished erasure has to show for itself, in one chain that nobody can mend unseen.

Each record carries a number, the hash of the record before it, and a hash over all of its own content. Who changes a
record breaks its hash; who takes one out, or swaps two, breaks the one that follows.

The hash has no key, on purpose: an auditor verifies the chain with the printed records alone, and needs neither this
program nor a secret of ours. What a key would add, that nobody with write access can compute the whole chain anew, is
done by copies elsewhere: each finished record also stands in the ledger outside the database, and `doctor` compares.
There is nothing personal in a record, and no hash of anything personal either: a hash of an address is still one.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from contract_server.db.rows import Update
from contract_server.db.statements import fetch
from contract_server.erasure.models import ErasureRecord

BEFORE_THE_FIRST = "0" * 64
"""What the first record of a chain says of the record before it."""

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('contract_server.evidence'))"

_CONTENT = (
    "sequence",
    "contract_id",
    "application_id",
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
_CHAIN = f"SELECT {_COLUMNS} FROM erasure_record WHERE sequence IS NOT NULL ORDER BY sequence"  # noqa: S608 - as above
_TO_SEAL = f"""
    WITH last AS (
        SELECT sequence, hash FROM erasure_record WHERE sequence IS NOT NULL ORDER BY sequence DESC LIMIT 1)
    SELECT {_COLUMNS}, (SELECT sequence FROM last) AS last_sequence, (SELECT hash FROM last) AS last_hash,
           (SELECT name FROM tortoise_migrations ORDER BY id DESC LIMIT 1) AS current_schema
      FROM erasure_record WHERE contract_id = ANY ($1) ORDER BY contract_id
"""  # noqa: S608 - as above

Record = dict[str, Any]
"""The columns of an erasure's record."""

Evidence = Mapping[str, Any]
"""A sealed record as JSON knows it: text, numbers, and counts by table."""


class RecordMissing(Exception):
    """An erasure was to be sealed that nobody has written down when it began: it is rolled back."""


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first place at which a chain is not what was sealed."""

    sequence: int
    contract_id: str | None
    reason: str


async def records_of(contract_ids: Sequence[UUID]) -> list[Record]:
    """What was written down when the erasures of these contracts began, and since."""
    return [_record(row) for row in await fetch(_OF_CONTRACTS, contract_ids)]


def add_rows(record: Record, gone: Counter[str]) -> None:
    """Count what one more transaction has destroyed."""
    record["erased_rows"] = dict(Counter(record["erased_rows"]) + gone)
    record["batches"] += gone.total() > 0


async def seal(gone: Mapping[UUID, Counter[str]], finished_at: datetime) -> Update:
    """Give finished erasures the next places in the chain, in the transaction that finishes them.

    One transaction at a time is at the end of the chain. Everybody comes here with their contracts locked already, and
    locks nothing afterwards but what belongs to these, so that nobody waits in a circle.

    Args:
        gone: The contracts, and what this transaction has destroyed of each, by table.
        finished_at: When.

    Returns:
        What is to be written for it in the same transaction.

    Raises:
        RecordMissing: Nobody has written down that one of the erasures began.
    """
    await fetch(_ONE_AT_A_TIME)
    rows = await fetch(_TO_SEAL, list(gone))  # a statement of its own: it sees who was before us
    if len(rows) != len(gone):
        raise RecordMissing
    sequence, previous_hash = rows[0]["last_sequence"] or 0, rows[0]["last_hash"] or BEFORE_THE_FIRST
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
        add_rows(record, gone[record["contract_id"]])
        record["hash"] = previous_hash = hash_of(_content(record))
        sealed.append({name: record[name] for name in ("id", *_SEALED)})
    return Update(ErasureRecord, sealed)


async def evidence_to_copy(at_most: int) -> dict[UUID, Evidence]:
    """Of the oldest sealed records that stand in no file outside the database: what each contract's says."""
    rows = await fetch(_TO_COPY, at_most)
    return {row["contract_id"]: _evidence(_record(row)) for row in rows}


async def sealed_records() -> list[Evidence]:
    """The whole chain, in its order."""
    return [_evidence(_record(row)) for row in await fetch(_CHAIN)]


def hash_of(content: Evidence) -> str:
    """SHA-256 of the content as JSON: UTF-8, keys in order, no white space; as `jq -cS` writes it."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def first_broken_link(chain: Iterable[Evidence]) -> BrokenLink | None:
    """Where a chain is broken first; None where it is whole."""
    expected, previous_hash = 1, BEFORE_THE_FIRST
    for evidence in chain:
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
        expected, previous_hash = expected + 1, evidence["hash"]
    return None


def _record(row: Any) -> Record:  # noqa: ANN401 - asyncpg ships no types
    counts = {name: None if row[name] is None else orjson.loads(row[name]) for name in _COUNTS}
    return dict(row) | counts


def _evidence(record: Record) -> Evidence:
    """A sealed record as it is printed, and verified."""
    return {**_content(record), "hash": record["hash"]}


def _content(record: Record) -> dict[str, Any]:
    return {name: _plain(record[name]) for name in _CONTENT}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value if value is None or isinstance(value, int | str | dict) else str(value)
