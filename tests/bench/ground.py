"""What the measures stand on: PostgreSQL that waits for its disk, Redis, the schema, all on the second core."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from tests.bench.work import HOST
from tests.conftest import new_database
from tests.server.running import command

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis


@dataclass(frozen=True, slots=True)
class Ground:
    """A database with the product's schema and nothing in it, and the variables with which servers find all."""

    database_url: str
    variables: Mapping[str, str]
    folder: Path
    connection: asyncpg.Connection


_AT_WORK = """
    SELECT count(*) FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()
"""
_QUIET_LOOKS = 5


async def until_quiet(connection: asyncpg.Connection) -> None:
    """Wait for the requests that a server was at when the load ended: they are done, though nobody hears of it."""
    looks = 0
    async with asyncio.timeout(60):
        while looks < _QUIET_LOOKS:
            looks = 0 if await connection.fetchval(_AT_WORK) else looks + 1
            await asyncio.sleep(0.05)


@asynccontextmanager
async def laid_out(folder: Path) -> AsyncIterator[Ground]:
    """Start everything that the servers need; everything started from here on keeps to the second core."""
    os.sched_setaffinity(0, {1})
    for part in ("postgres", "redis", "ledger"):
        (folder / part).mkdir()
    with EmbeddedPostgres(folder / "postgres") as postgres, EmbeddedRedis(folder / "redis") as redis:
        try:
            url = await new_database(postgres)
            variables = {
                "ENVIRONMENT": "production",
                "DATABASE_URL": url,
                "REDIS_URL": redis.url,
                "SMTP_URL": "smtp://127.0.0.1:1",  # nobody sends mails here: no worker runs
                "LEDGER_DIR": str(folder / "ledger"),
                "ERASURE_BREAKER_CONTRACTS": "1000000",  # a thousand at once is what is to be measured
                "CHANGES_PER_CONTRACT_AND_DAY": "1000000",  # a run changes the same contracts again and again
                "PUBLIC_URL": f"https://{HOST}",
                "MAIL_SENDER": "no-reply@example.jp",
                "SECRET_KEY": "of the bench, and of nobody else, ever",
            }
            status, _, errors = await command(variables, "migrate")
            if status:
                raise SystemExit(errors)
            connection = await asyncpg.connect(url)
            await connection.execute((Path(__file__).parent / "peers/limit.sql").read_text())
            try:
                yield Ground(url, variables, folder, connection)
            finally:
                await connection.close()
        finally:
            postgres.remove()
            redis.remove()
