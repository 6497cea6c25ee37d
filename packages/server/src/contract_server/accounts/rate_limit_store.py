"""Counting tries in the database, where a flushed Redis or a restarted server resets nothing.

A key is an HMAC of whom and where the tries are about: an address is personal data in a table of failures too,
and without the secret nobody can ask the table whether it knows one. Rows are deleted soon after their window.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contract_server.accounts.rate_limit import LONGEST_WAIT, Count, Limit
from contract_server.db.transaction import current_connection, transaction
from contract_server.settings import Settings

# Rows are locked in the order in which the caller names them, narrow before wide, so that no two wait for each
# other for ever. The clock is read when the lock is there.
_LOCK = """
    INSERT INTO attempt_count AS kept (key, tries, full_windows, began_at, ends_at)
    SELECT key, 0, 0, now, now FROM unnest($1::text[]) WITH ORDINALITY AS named (key, place), clock_timestamp() AS now
     ORDER BY place
    ON CONFLICT (key) DO UPDATE SET key = kept.key
    RETURNING key, tries, full_windows, began_at, ends_at, clock_timestamp() AS now
"""
_WRITE = """
    UPDATE attempt_count AS kept
       SET tries = new.tries, full_windows = new.full_windows, began_at = new.began_at, ends_at = new.ends_at
      FROM unnest($1::text[], $2::int[], $3::int[], $4::timestamptz[], $5::timestamptz[])
        AS new (key, tries, full_windows, began_at, ends_at)
     WHERE kept.key = new.key
"""
_READ = """
    SELECT key, tries, full_windows, began_at, ends_at, clock_timestamp() AS now
      FROM attempt_count WHERE key = ANY ($1::text[])
"""
_TAKE_BACK = "UPDATE attempt_count SET tries = tries - 1 WHERE key = $1 AND began_at = $2 AND tries > 0"
_CLEAR = "DELETE FROM attempt_count WHERE key = $1"
_CLEAR_ALL = "DELETE FROM attempt_count WHERE starts_with(key, $1)"
_FORGET = """
    DELETE FROM attempt_count WHERE key IN (
        SELECT key FROM attempt_count WHERE ends_at < clock_timestamp() - $1::interval FOR UPDATE SKIP LOCKED)
"""


_HALF = 32  # of the 64 digits of a key; 128 bits tell a group, and a key within it, from all others


class TooManyAttempts(Exception):
    """No try is possible before `retry_at`, in real time."""

    def __init__(self, retry_at: datetime) -> None:
        super().__init__()
        self.retry_at = retry_at


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that was counted: the windows that it was counted in, by key."""

    windows: Mapping[str, datetime]


class RateLimitStore:
    """Counts tries, and refuses those beyond a limit."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.secret_key.get_secret_value().encode()

    def key(self, *about: str) -> str:
        """The key under which tries about these things are counted."""
        # lengths, because ("ab", "c") and ("a", "bc") are not the same; any text, because anything can be typed
        message = b"".join(
            len(part).to_bytes(4) + part for part in (each.encode(errors="surrogatepass") for each in about)
        )
        return hmac.new(self._secret, message, "sha256").hexdigest()

    def key_within(self, group: tuple[str, ...], *part: str) -> str:
        """A key that begins as all of its group do, so that they can be found without being known."""
        return self.key(*group)[:_HALF] + self.key(*group, *part)[:_HALF]

    async def begin(self, limits: Mapping[str, Limit]) -> Attempt:
        """Count one try under every key, or, where one of them has no room, under none.

        Args:
            limits: The limit of each key, narrow before wide.

        Raises:
            TooManyAttempts: A limit has been reached.
        """
        await _read(_READ, limits)  # a flood costs one look a try: no lock, nothing written
        async with transaction() as connection:
            counted = {key: count.with_another(limits[key], now) for key, count, now in await _read(_LOCK, limits)}
            counts = counted.values()
            await connection.execute_query(
                _WRITE,
                [
                    list(counted),
                    [count.tries for count in counts],
                    [count.full_windows for count in counts],
                    [count.began_at for count in counts],
                    [count.ends_at for count in counts],
                ],
            )
        return Attempt({key: count.began_at for key, count in counted.items()})

    async def refund(self, attempt: Attempt) -> None:
        """The try was none, or it succeeded: there is room for another."""
        for key, began_at in attempt.windows.items():
            await current_connection().execute_query(_TAKE_BACK, [key, began_at])

    async def clear(self, key: str) -> None:
        """Forget what was counted under the key."""
        await current_connection().execute_query(_CLEAR, [key])

    async def clear_all_within(self, group: tuple[str, ...]) -> None:
        """Forget what was counted under any key of the group."""
        await current_connection().execute_query(_CLEAR_ALL, [self.key(*group)[:_HALF]])

    async def forget_old(self) -> None:
        """Delete the counts whose window, and the time in which the next would follow on it, has passed."""
        await current_connection().execute_query(_FORGET, [LONGEST_WAIT])


async def _read(query: str, limits: Mapping[str, Limit]) -> list[tuple[str, Count, datetime]]:
    """The counts of the keys, each with the instant at which it was read.

    Raises:
        TooManyAttempts: One of them has no room.
    """
    rows = await current_connection().execute_query_dict(query, [list(limits)])
    found = [
        (row["key"], Count(row["tries"], row["full_windows"], row["began_at"], row["ends_at"]), row["now"])
        for row in rows
    ]
    waits = [until for key, count, now in found if (until := count.refused_until(limits[key], now))]
    if waits:
        raise TooManyAttempts(max(waits))
    return found
