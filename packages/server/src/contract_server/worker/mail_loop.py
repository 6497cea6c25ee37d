"""The worker's mail loop: it sends mails as soon as they are enqueued, independently of the sweeps.

A mail server that hangs delays no due action, and a long erasure delays no mail.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from contract_server.db.availability import is_transient, lacks_schema
from contract_server.logs import get_logger
from contract_server.mail.relay import MailRelay
from contract_server.mail.wakeups import listen_for_wakeups

log = get_logger(__name__)

PAUSE_S = 1.0


@asynccontextmanager
async def mail_loop(relay: MailRelay) -> AsyncIterator[None]:
    """Send mails for the duration of the block; at its end, finish those in flight."""
    works = (relay.serve, partial(listen_for_wakeups, relay.wake))
    tasks = [asyncio.create_task(_repeat(work)) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _repeat(work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` again whenever it ends, above all after a restart of the database."""
    while True:
        try:
            await work()
        except Exception as error:
            if is_transient(error) or lacks_schema(error):
                log.warning("mail loop paused: database unavailable", exc_info=error)
            else:
                log.exception("mail loop failed")
        await asyncio.sleep(PAUSE_S)
