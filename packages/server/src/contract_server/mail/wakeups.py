"""Telling the worker that a mail is owed. Never needed: its next sweep finds it all the same.

It goes through PostgreSQL, where the mail is: no second server has to be up, and a thousand calls are one to whoever
is sending. It is said after the commit and by itself, because a transaction that notifies makes all others that do
wait for its disk.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from contract_server.db.transaction import current_connection
from contract_server.logs import get_logger

log = get_logger(__name__)

CHANNEL = "mail_owed"
LONGEST_WAIT_S = 2.0
TOGETHER_S = 0.01
"""Whoever calls within this time after a call is heard with the next one."""


class WakeUps(Protocol):
    """Wakes the worker."""

    def wake(self) -> None:
        """Say that there is something to do. Returns at once and never fails."""
        ...


class NoWakeUps:
    """Wakes nobody: the sweep does it in its own time."""

    def wake(self) -> None:
        """Do nothing."""


class PostgresWakeUps:
    """Wakes every worker that listens. Whatever is wrong, nobody notices: the next sweep comes anyway."""

    def __init__(self) -> None:
        self._wanted = False
        self._calling: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Say that there is something to do. Returns at once and never fails."""
        self._wanted = True
        if self._calling is None or self._calling.done():
            self._calling = asyncio.get_running_loop().create_task(self._call())

    async def close(self) -> None:
        """Say what is still to be said."""
        if self._calling is not None:
            await self._calling

    async def _call(self) -> None:
        while self._wanted:
            self._wanted = False
            try:
                async with asyncio.timeout(LONGEST_WAIT_S):
                    await current_connection().execute_query("SELECT pg_notify($1, '')", [CHANNEL])
            except Exception as error:
                log.warning("wake-up not sent", exc_info=error)
            await asyncio.sleep(TOGETHER_S)


async def listen_for_wakeups(heard: Callable[[], None]) -> None:
    """Call `heard` at once, because nobody knows who has called before, and at every call; until the line is lost."""
    async with current_connection().acquire_connection() as line:
        lost = asyncio.Event()

        def hear(*_: object) -> None:
            heard()

        line.add_termination_listener(lambda _: lost.set())
        await line.add_listener(CHANNEL, hear)
        try:
            heard()
            await lost.wait()
        finally:
            await line.remove_listener(CHANNEL, hear)
