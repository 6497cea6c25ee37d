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
from uuid import UUID

import orjson

from contract_server.contracts.models import ErasureRecord
from contract_server.db.rows import update_rows
from contract_server.db.statements import fetch

BEFORE_THE_FIRST = "0" * 64
"""What the first record of a chain says of the record before it."""

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('contract_server.evidence'))"
_END_OF_CHAIN = """
    SELECT (SELECT name FROM tortoise_migrations ORDER BY id DESC LIMIT 1) AS schema_version, last.sequence, last.hash
      FROM (SELECT) AS always
      LEFT JOIN (SELECT sequence, hash FROM erasure_record WHERE sequence IS NOT NULL
                  ORDER BY sequence DESC LIMIT 1) AS last ON true
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
_COUNTS = ("erased_rows", "rows_left")
_SEALED = (*_COUNTS, "finished_at", "batches", "sequence", "schema_version", "previous_hash", "hash")
_RECORDS = f"SELECT id, {', '.join(_CONTENT)}, hash FROM erasure_record"  # noqa: S608 - our own names

Record = dict[str, Any]
"""The columns of an erasure's record."""

Evidence = Mapping[str, Any]
"""A sealed record as JSON knows it: text, numbers, and counts by table."""


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first place at which a chain is not what was sealed."""

    sequence: int
    contract_id: str | None
    reason: str


async def records_of(contract_ids: Sequence[UUID]) -> list[Record]:
    """What was written down when the erasures of these contracts began, and since."""
    rows = await fetch(f"{_RECORDS} WHERE contract_id = ANY ($1) ORDER BY contract_id", contract_ids)
    return [_record(row) for row in rows]


async def seal(records: Sequence[Record]) -> list[Evidence]:
    """Give finished records the next places in the chain, in the transaction that finishes their erasures.

    One transaction at a time is at the end of the chain. Everybody comes here with their contracts locked already, and
    locks nothing afterwards, so that nobody waits in a circle.
    """
    await fetch(_ONE_AT_A_TIME)
    (end,) = await fetch(_END_OF_CHAIN)  # in a statement of its own: it sees who was before us
    sequence, previous_hash = end["sequence"] or 0, end["hash"] or BEFORE_THE_FIRST
    for record in records:
        sequence += 1
        record |= {"sequence": sequence, "schema_version": end["schema_version"], "previous_hash": previous_hash}
        record["hash"] = previous_hash = hash_of(_content(record))
    await update_rows(ErasureRecord, [{name: record[name] for name in ("id", *_SEALED)} for record in records])
    return [_evidence(record) for record in records]


async def sealed_records() -> list[Evidence]:
    """The whole chain, in its order."""
    rows = await fetch(f"{_RECORDS} WHERE sequence IS NOT NULL ORDER BY sequence")
    return [_evidence(_record(row)) for row in rows]


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
