"""Wake the worker when a mail is queued. Optional: the next sweep finds the mail in any case.

The notification goes through PostgreSQL, where the mail is stored, so that no second server is needed. Many wake-ups in
a short time become one notification. It is sent after the commit, outside the transaction: transactions that notify
wait for each other's commit.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from tortoise.exceptions import DBConnectionError

from contract_server.db.statements import execute
from contract_server.db.transaction import direct_connection
from contract_server.logs import get_logger

log = get_logger(__name__)

CHANNEL = "mail_owed"
TIMEOUT_S = 2.0
INTERVAL_S = 0.01
"""Wake-ups within this time after a notification share the next one."""


class WakeUps(Protocol):
    """Wakes the worker."""

    def wake(self) -> None:
        """Announce a queued mail. Returns at once and never fails."""
        ...


class NoWakeUps:
    """Sends no wake-ups; the sweep finds queued mails."""

    def wake(self) -> None:
        """Do nothing."""


class PostgresWakeUps:
    """Wakes every worker that listens. A failure is logged and has no other effect."""

    def __init__(self) -> None:
        self._requested = False
        self._notifying: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Announce a queued mail. Returns at once and never fails."""
        self._requested = True
        if self._notifying is None or self._notifying.done():
            self._notifying = asyncio.get_running_loop().create_task(self._notify())

    async def close(self) -> None:
        """Send the last notification."""
        if self._notifying is not None:
            await self._notifying

    async def _notify(self) -> None:
        while self._requested:
            self._requested = False
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    await execute("SELECT pg_notify($1, '')", CHANNEL)
            except Exception as error:
                log.warning("wake-up not sent", exc_info=error)
            await asyncio.sleep(INTERVAL_S)


async def listen_for_wakeups(wake: Callable[[], None], *, probe_every_s: float = 10) -> None:
    """Call `wake` once at the start, for mails queued earlier, and at each wake-up.

    A server that is lost may leave the connection open and silent, so the connection is probed.

    Raises:
        DBConnectionError: The connection has ended.
        TimeoutError: The server is silent.
    """
    async with direct_connection().acquire_connection() as connection:
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _: closed.set())
        await connection.add_listener(CHANNEL, lambda *_: wake())
        wake()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(probe_every_s):
                    await closed.wait()
                raise DBConnectionError("the connection that listened for wake-ups has ended")
            await connection.execute(f"LISTEN {CHANNEL}", timeout=probe_every_s)
