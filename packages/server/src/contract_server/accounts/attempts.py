"""Counting tries in the database, where a flushed Redis or a restarted server resets nothing.

A key is an HMAC of whom and where the tries are about: an address is personal data in a table of failures too,
and without the secret nobody can ask the table whether it knows one. Rows are deleted soon after their window.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tortoise.backends.base.client import BaseDBAsyncClient

from contract_server.accounts.limits import LONGEST_WAIT, Count, Limit
from contract_server.db.transaction import current_connection, transaction
from contract_server.settings import Settings

# Rows are locked in the order in which the caller names them, narrow before wide, so that no two wait for each other.
_LOCK = """
    INSERT INTO attempt_count AS kept (key, tries, full_windows, began_at, ends_at)
    SELECT key, 0, 0, now, now FROM unnest($1::text[]) WITH ORDINALITY AS named (key, place), clock_timestamp() AS now
     ORDER BY place
    ON CONFLICT (key) DO UPDATE SET key = kept.key
    RETURNING key, tries, full_windows, began_at, ends_at
"""
_WRITE = "UPDATE attempt_count SET tries = $2, full_windows = $3, began_at = $4, ends_at = $5 WHERE key = $1"
_READ = "SELECT key, tries, full_windows, began_at, ends_at FROM attempt_count WHERE key = ANY ($1::text[])"
_TAKE_BACK = "UPDATE attempt_count SET tries = tries - 1 WHERE key = $1 AND began_at = $2 AND tries > 0"
_CLEAR = "DELETE FROM attempt_count WHERE key = $1"
_FORGET = """
    DELETE FROM attempt_count WHERE key IN (
        SELECT key FROM attempt_count WHERE ends_at < clock_timestamp() - $1::interval FOR UPDATE SKIP LOCKED)
"""


class TooManyAttempts(Exception):
    """No try is possible before `retry_at`, in real time."""

    def __init__(self, retry_at: datetime) -> None:
        super().__init__()
        self.retry_at = retry_at


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that was counted: the windows that it was counted in, by key."""

    windows: Mapping[str, datetime]


class Attempts:
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

    async def begin(self, limits: Mapping[str, Limit]) -> Attempt:
        """Count one try under every key, or, where one of them has no room, under none.

        Args:
            limits: The limit of each key, narrow before wide.

        Raises:
            TooManyAttempts: A limit has been reached.
        """
        await self._refuse_early(limits)
        async with transaction() as connection:
            counts, now = await _read(connection, _LOCK, limits), await _now(connection)
            _refuse(counts, limits, now)
            counted = {key: counts[key].with_another(limit, now) for key, limit in limits.items()}
            for key, count in counted.items():
                await connection.execute_query(
                    _WRITE, [key, count.tries, count.full_windows, count.began_at, count.ends_at]
                )
        return Attempt({key: count.began_at for key, count in counted.items()})

    async def take_back(self, attempt: Attempt) -> None:
        """The try was none, or it succeeded: there is room for another."""
        for key, began_at in attempt.windows.items():
            await current_connection().execute_query(_TAKE_BACK, [key, began_at])

    async def clear(self, key: str) -> None:
        """Forget what was counted under the key."""
        await current_connection().execute_query(_CLEAR, [key])

    async def forget_old(self) -> None:
        """Delete the counts whose window, and the time in which the next would follow on it, has passed."""
        await current_connection().execute_query(_FORGET, [LONGEST_WAIT])

    async def _refuse_early(self, limits: Mapping[str, Limit]) -> None:
        """A flood of tries costs one look each: no lock, nothing written."""
        connection = current_connection()
        _refuse(await _read(connection, _READ, limits), limits, await _now(connection))


async def _read(connection: BaseDBAsyncClient, query: str, limits: Mapping[str, Limit]) -> dict[str, Count]:
    rows = await connection.execute_query_dict(query, [list(limits)])
    return {row["key"]: Count(row["tries"], row["full_windows"], row["began_at"], row["ends_at"]) for row in rows}


async def _now(connection: BaseDBAsyncClient) -> datetime:
    rows = await connection.execute_query_dict("SELECT clock_timestamp() AS now")
    now: datetime = rows[0]["now"]
    return now


def _refuse(counts: Mapping[str, Count], limits: Mapping[str, Limit], now: datetime) -> None:
    waits = [until for key, count in counts.items() if (until := count.refused_until(limits[key], now))]
    if waits:
        raise TooManyAttempts(max(waits))
