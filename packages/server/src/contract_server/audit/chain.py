"""The hash chain of the audit trail.

A chain that each change extends would let only one change at a time commit: each needs the hash of the one before. So
changes write their rows without a hash. Every ten minutes the worker closes the chain over what is committed since: one
seal for up to a thousand rows, with a digest of their content and the hash of the seal before. A row that is committed
late is covered by the next seal, so the seals are in the order of commits. Until then, a row has its log line only.

A seal covers entries, and events of contracts that a person has signed. It covers what survives erasure: a hash of
what is erased would tell about it. Entries that are kept no longer are deleted by whole seals, whose own hashes go on.

The hash has no key, as in the evidence, so an auditor can verify it without a secret. A person who can write to the
database could compute the chain again; the log, which is kept elsewhere, has the hash of each seal.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from contract_server.clock import DatabaseClock
from contract_server.db.statements import execute, fetch, try_lock
from contract_server.db.transaction import transaction
from contract_server.logs import get_logger

log = get_logger(__name__)

GENESIS_HASH = "0" * 64
"""The previous hash of the first record of a chain."""

SEALED = {
    "entries": (
        "audit_entry",
        "id, at, action, interface, account_id, about_id, contract_id, subject",
        "true",
    ),
    "events": (
        "contract_event",
        "id, at, type, actor, application_id, contract_id, version, account_id, interface",
        "account_id IS NOT NULL",
    ),
}
"""What a seal covers: the table, the sealed columns, and the condition on rows."""

BATCH = 1_000
_SEALS_READ = 100

_WAITING = """
    SELECT EXISTS (SELECT FROM audit_entry WHERE seal IS NULL)
        OR EXISTS (SELECT FROM contract_event WHERE seal IS NULL AND account_id IS NOT NULL) AS waiting
"""
_LAST = "SELECT sequence, hash FROM audit_seal ORDER BY sequence DESC LIMIT 1"
_ADD = """
    INSERT INTO audit_seal (sequence, closed_at, entries, entries_digest, events, events_digest, previous_hash, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_SEALS = "SELECT * FROM audit_seal WHERE sequence > $1 ORDER BY sequence LIMIT $2"


@dataclass(frozen=True, slots=True)
class BrokenSeal:
    """The first seal at which the chain is broken."""

    sequence: int
    reason: str


def hash_of(content: object) -> str:
    """Return the SHA-256 of the content as JSON: UTF-8, sorted keys, no white space; as `jq -cS` writes it."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def plain(value: object) -> object:
    """Return a value of a row as it is hashed: instants in UTC, ids as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value if value is None or isinstance(value, int | str | dict) else str(value)


async def close_chain() -> None:
    """Cover all rows that are committed. If another process is doing so, leave it to that one."""
    while (await fetch(_WAITING))[0]["waiting"] and await _add_seal():
        pass


async def verify_audit(kept_for: timedelta) -> tuple[BrokenSeal | None, int]:
    """Return the first broken seal, or None, and the number of seals before it.

    Args:
        kept_for: How long entries are kept; entries of older seals may be missing, but only all of a seal.
    """
    expected, previous_hash = 1, GENESIS_HASH
    async for seal, expired in _seals(kept_for):
        if reason := await _fault_of(seal, expected, previous_hash, expired=expired):
            return BrokenSeal(expected, reason), expected - 1
        expected, previous_hash = expected + 1, seal["hash"]
    return None, expected - 1


async def _add_seal() -> bool:
    """Seal a batch of rows, unless another process seals; return whether there were any that are not locked."""
    async with transaction():
        if not await try_lock("audit"):
            return False
        found = {name: await fetch(_unsealed(*source), BATCH) for name, source in SEALED.items()}
        if not any(found.values()):
            return False
        seal = await _next_seal(found)
        for name, rows in found.items():
            table, _, _ = SEALED[name]
            ids = [row["id"] for row in rows]
            await execute(f"UPDATE {table} SET seal = $1 WHERE id = ANY ($2)", seal["sequence"], ids)  # noqa: S608 - our own names
        await execute(_ADD, *seal.values())
    log.info("audit trail sealed", **{name: seal[name] for name in ("sequence", *SEALED, "hash")})
    return True


async def _next_seal(found: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Return the seal that covers these rows, its columns in order."""
    last = await fetch(_LAST)  # a separate statement after the lock, so that it sees the previous transaction
    sequence, previous_hash = (last[0]["sequence"], last[0]["hash"]) if last else (0, GENESIS_HASH)
    seal: dict[str, Any] = {"sequence": sequence + 1, "closed_at": await DatabaseClock().now()}
    for name, rows in found.items():
        seal |= {name: len(rows), f"{name}_digest": _digest(rows)}
    seal["previous_hash"] = previous_hash
    return seal | {"hash": hash_of(_plain(seal))}


async def _fault_of(seal: Mapping[str, Any], expected: int, previous_hash: str, *, expired: bool) -> str | None:
    """Return what is wrong with a seal, or None."""
    if seal["sequence"] != expected:
        return f"seal {seal['sequence']} stands in its place"
    if hash_of(_plain({name: value for name, value in seal.items() if name != "hash"})) != seal["hash"]:
        return "its content is not what was sealed"
    if seal["previous_hash"] != previous_hash:
        return "it does not follow the seal before it"
    for name, (table, columns, condition) in SEALED.items():
        rows = await fetch(f"SELECT {columns} FROM {table} WHERE seal = $1 AND {condition} ORDER BY id", expected)  # noqa: S608 - our own names
        deleted = name == "entries" and expired and not rows
        if _digest(rows) != seal[f"{name}_digest"] and not deleted:
            return f"its {name} are not those that were sealed"
    return None


async def _seals(kept_for: timedelta) -> AsyncIterator[tuple[Mapping[str, Any], bool]]:
    """Return all seals in order, and of each whether its entries are kept no longer."""
    expired_before = await DatabaseClock().now() - kept_for
    seals = await fetch(_SEALS, 0, _SEALS_READ)
    while seals:
        for seal in seals:
            yield dict(seal), seal["closed_at"] < expired_before
        seals = await fetch(_SEALS, seals[-1]["sequence"], _SEALS_READ)


def _unsealed(table: str, columns: str, condition: str) -> str:
    return f"""
        SELECT {columns} FROM (SELECT * FROM {table} WHERE seal IS NULL AND {condition} LIMIT $1
                                  FOR UPDATE SKIP LOCKED) AS unsealed ORDER BY id
    """  # noqa: S608 - our own names


def _digest(rows: Iterable[Mapping[str, Any]]) -> str:
    return hash_of([_plain(dict(row)) for row in rows])


def _plain(row: Mapping[str, Any]) -> dict[str, object]:
    return {name: plain(value) for name, value in row.items()}
