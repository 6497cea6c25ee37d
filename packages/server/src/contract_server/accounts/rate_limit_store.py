"""Counts of tries in the database, which survive a flushed Redis and a restarted server.

A key is an HMAC of what the tries are counted by. An address in a table of failures is personal data; without the
secret, a reader of the table cannot even test whether it contains a known address. Rows are deleted soon after their
window.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from contract_server.accounts.rate_limit import LONGEST_WAIT, Count, Limit
from contract_server.accounts.tokens import keyed_hash
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import transaction
from contract_server.settings import Settings

# Rows are locked in the caller's order, narrow before wide, so that two transactions cannot deadlock.
# The clock is read once the lock is held.
_LOCK = """
    INSERT INTO attempt_count AS stored (key, tries, full_windows, began_at, ends_at)
    SELECT key, 0, 0, now, now FROM unnest($1::text[]) WITH ORDINALITY AS named (key, place), clock_timestamp() AS now
     ORDER BY place
    ON CONFLICT (key) DO UPDATE SET key = stored.key
    RETURNING key, tries, full_windows, began_at, ends_at, clock_timestamp() AS now
"""
_WRITE = """
    UPDATE attempt_count AS stored
       SET tries = new.tries, full_windows = new.full_windows, began_at = new.began_at, ends_at = new.ends_at
      FROM unnest($1::text[], $2::int[], $3::int[], $4::timestamptz[], $5::timestamptz[])
        AS new (key, tries, full_windows, began_at, ends_at)
     WHERE stored.key = new.key
"""
_READ = """
    SELECT key, tries, full_windows, began_at, ends_at, clock_timestamp() AS now
      FROM attempt_count WHERE key = ANY ($1::text[])
"""
_REFUND = "UPDATE attempt_count SET tries = tries - 1 WHERE key = $1 AND began_at = $2 AND tries > 0"
_CLEAR = "DELETE FROM attempt_count WHERE key = $1"
_CLEAR_ALL = "DELETE FROM attempt_count WHERE starts_with(key, $1)"
_DELETE_OLD = """
    DELETE FROM attempt_count WHERE key = ANY (ARRAY(
        SELECT key FROM attempt_count WHERE ends_at < (SELECT clock_timestamp() - $1::interval) FOR UPDATE SKIP LOCKED))
"""
_HALF = 32  # of the 64 digits of a key: 128 bits identify a group, and 128 bits a key within it


class TooManyAttempts(Exception):
    """No try is possible before `retry_at`, in real time, because of the limits of these keys."""

    def __init__(self, retry_at: datetime, keys: Collection[str] = ()) -> None:
        super().__init__()
        self.retry_at = retry_at
        self.keys = keys


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted try.

    Attributes:
        windows: The start of the window that it was counted in, by key.
        filled: The keys whose limit it reached.
        exceeded: The keys whose limit was reached before, and does not refuse.
    """

    windows: Mapping[str, datetime]
    filled: Collection[str]
    exceeded: Collection[str]


class RateLimitStore:
    """Counts tries, and refuses tries beyond a limit."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.secret_key.get_secret_value().encode()

    def key(self, *parts: str) -> str:
        """The key to count tries under."""
        return keyed_hash(self._secret, *parts)

    def key_within(self, group: tuple[str, ...], *part: str) -> str:
        """A key with the common prefix of its group, by which all keys of the group can be deleted."""
        return self.key(*group)[:_HALF] + self.key(*group, *part)[:_HALF]

    async def begin(self, limits: Mapping[str, Limit]) -> Attempt:
        """Count one try under every key, or under none if one of them is at its limit.

        Args:
            limits: The limit of each key, narrow before wide.

        Raises:
            TooManyAttempts: A limit has been reached.
        """
        await _read(_READ, limits)  # in a flood, a try costs one read: no lock, no write
        async with transaction():
            counted = {key: count.with_another(limits[key], now) for key, count, now in await _read(_LOCK, limits)}
            counts = counted.values()
            await execute(
                _WRITE,
                list(counted),
                [count.tries for count in counts],
                [count.full_windows for count in counts],
                [count.began_at for count in counts],
                [count.ends_at for count in counts],
            )
        return Attempt(
            windows={key: count.began_at for key, count in counted.items()},
            filled=[key for key, count in counted.items() if count.tries == limits[key].tries],
            exceeded=[key for key, count in counted.items() if count.tries > limits[key].tries],
        )

    async def refund(self, attempt: Attempt) -> None:
        """Uncount a try that succeeded or did not take place."""
        for key, began_at in attempt.windows.items():
            await execute(_REFUND, key, began_at)

    async def clear(self, key: str) -> None:
        """Delete the count of the key."""
        await execute(_CLEAR, key)

    async def clear_all_within(self, group: tuple[str, ...]) -> None:
        """Delete the counts of all keys of the group."""
        await execute(_CLEAR_ALL, self.key(*group)[:_HALF])

    async def delete_old(self) -> None:
        """Delete the counts that can no longer influence a later window."""
        await execute(_DELETE_OLD, LONGEST_WAIT)


async def _read(statement: str, limits: Mapping[str, Limit]) -> list[tuple[str, Count, datetime]]:
    """Read the counts of the keys, each with the instant of reading.

    Raises:
        TooManyAttempts: One of them is at its limit.
    """
    rows = await fetch(statement, list(limits))
    counts = [
        (row["key"], Count(row["tries"], row["full_windows"], row["began_at"], row["ends_at"]), row["now"])
        for row in rows
    ]
    waits = {key: until for key, count, now in counts if (until := count.refused_until(limits[key], now))}
    if waits:
        raise TooManyAttempts(max(waits.values()), waits.keys())
    return counts
