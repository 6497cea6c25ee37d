"""The evidence: what every finished erasure has to show for itself, in one chain that nobody can mend unseen.

Each record carries a number, the hash of the record before it, and a hash over all of its own content. Who changes a
record breaks its hash; who takes one out, or swaps two, breaks the one that follows.

The hash has no key, on purpose: an auditor verifies the chain with the printed records alone, and needs neither this
program nor a secret of ours. What a key would add, that nobody with write access can compute the whole chain anew, is
done by copies elsewhere: each finished record also stands in the ledger outside the database, and `doctor` compares.
There is nothing personal in a record, and no hash of anything personal either: a hash of an address is still one.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from contract_server.contracts.models import ErasureRecord
from contract_server.db.statements import fetch
from contract_server.db.transaction import current_connection

BEFORE_THE_FIRST = "0" * 64
"""What the first record of a chain says of the record before it."""

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('contract_server.evidence'))"
_END_OF_CHAIN = """
    SELECT (SELECT name FROM tortoise_migrations ORDER BY id DESC LIMIT 1) AS schema_version, last.sequence, last.hash
      FROM (SELECT) AS always
      LEFT JOIN (SELECT sequence, hash FROM erasure_record WHERE sequence IS NOT NULL
                  ORDER BY sequence DESC LIMIT 1) AS last ON true
"""
_SAVE = """
    UPDATE erasure_record AS record
       SET finished_at = sealed.finished_at, erased_rows = sealed.erased_rows::jsonb,
           rows_left = sealed.rows_left::jsonb, batches = sealed.batches, schema_version = sealed.schema_version,
           sequence = sealed.sequence, previous_hash = sealed.previous_hash, hash = sealed.hash
      FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::int[], $6::text[], $7::bigint[],
                  $8::text[], $9::text[])
        AS sealed (id, finished_at, erased_rows, rows_left, batches, schema_version, sequence, previous_hash, hash)
     WHERE record.id = sealed.id
"""

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

Evidence = Mapping[str, Any]
"""A sealed record as JSON knows it: text, numbers, and counts by table."""


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first place at which a chain is not what was sealed."""

    sequence: int
    contract_id: str | None
    reason: str


async def seal(records: Sequence[ErasureRecord]) -> None:
    """Give finished records the next places in the chain, in the transaction that finishes their erasures.

    One transaction at a time is at the end of the chain. Everybody comes here with their contracts locked already, and
    locks nothing afterwards, so that nobody waits in a circle.
    """
    connection = current_connection()
    await connection.execute_query(_ONE_AT_A_TIME)
    (end,) = await connection.execute_query_dict(_END_OF_CHAIN)  # in a statement of its own: it sees who was before us
    sequence, previous_hash = end["sequence"] or 0, end["hash"] or BEFORE_THE_FIRST
    for record in records:
        sequence += 1
        record.sequence = sequence
        record.schema_version = end["schema_version"]
        record.previous_hash = previous_hash
        record.hash = previous_hash = hash_of(_content(record))


async def save_sealed(records: Sequence[ErasureRecord]) -> None:
    """Store what sealing, and the last steps before it, have written into the records."""
    await fetch(
        _SAVE,
        [record.id for record in records],
        [record.finished_at for record in records],
        [orjson.dumps(record.erased_rows).decode() for record in records],
        [orjson.dumps(record.rows_left).decode() for record in records],
        [record.batches for record in records],
        [record.schema_version for record in records],
        [record.sequence for record in records],
        [record.previous_hash for record in records],
        [record.hash for record in records],
    )


async def sealed_records() -> list[Evidence]:
    """The whole chain, in its order."""
    records = await ErasureRecord.filter(sequence__isnull=False).order_by("sequence")
    return [evidence_of(record) for record in records]


def evidence_of(record: ErasureRecord) -> Evidence:
    """A sealed record as it is printed, and verified."""
    return {**_content(record), "hash": record.hash}


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
        elif evidence["sequence"] != expected:
            reason = f"number {evidence['sequence']} stands in its place"
        elif evidence["previous_hash"] != previous_hash:
            reason = "it does not follow the record before it"
        if reason:
            return BrokenLink(expected, evidence.get("contract_id"), reason)
        expected, previous_hash = expected + 1, evidence["hash"]
    return None


def _content(record: ErasureRecord) -> dict[str, Any]:
    return {name: _plain(getattr(record, name)) for name in _CONTENT}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value if value is None or isinstance(value, int | str | dict) else str(value)
