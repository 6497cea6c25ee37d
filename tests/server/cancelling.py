"""A statement that is cancelled while PostgreSQL executes it."""

import asyncio

from contract_server.db.statements import fetch

LONG = "SELECT pg_sleep(60)"


async def cancel_a_running_statement() -> None:
    """Return when the caller of the statement has been cancelled. The caller sets the limit of time."""
    asked = asyncio.create_task(fetch(LONG))
    while not await fetch(f"SELECT FROM pg_stat_activity WHERE query = '{LONG}' AND state = 'active'"):
        pass
    asked.cancel()
    await asyncio.wait([asked])
