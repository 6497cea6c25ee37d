"""The worker's postman: mails go out as soon as they are owed, beside the sweeps and in nobody's way.

A mail server that hangs takes no job's place from what falls due, and a long erasure holds up no mail.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from contract_server.db.availability import is_unavailable, lacks_schema
from contract_server.logs import get_logger
from contract_server.mail.relay import MailRelay
from contract_server.mail.wakeups import listen_for_wakeups

log = get_logger(__name__)

PAUSE_S = 1.0


@asynccontextmanager
async def postman(outbox: MailRelay) -> AsyncIterator[None]:
    """Send mails as long as the block lasts; at its end, those in hand are let come to their end."""
    tasks = [
        asyncio.create_task(_again_and_again(work)) for work in (outbox.serve, partial(listen_for_wakeups, outbox.wake))
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _again_and_again(work: Callable[[], Awaitable[None]]) -> None:
    """Whatever ends it, the database's restart above all, it begins again."""
    while True:
        try:
            await work()
        except Exception as error:
            if is_unavailable(error) or lacks_schema(error):
                log.warning("mails wait for the database", exc_info=error)
            else:
                log.exception("postman failed")
        await asyncio.sleep(PAUSE_S)
