"""Migration of the database to the schema of this version.

A statement that waits for a table's lock holds up every later statement on that table. So each wait ends after two
seconds, the traffic goes on, and the migration is tried again. Finished migrations stay.
"""

import asyncio
import time
from datetime import timedelta

import asyncpg
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.recorder import MigrationRecorder

from contract_server.db.availability import is_contended
from contract_server.db.connection import APP, tortoise_config
from contract_server.db.statements import fetch
from contract_server.db.transaction import current_connection, direct_connection
from contract_server.settings import Settings

_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtext('contract_server.migrations'))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('contract_server.migrations'))"

LOCKED_PAUSE_S = 0.2
WAIT = timedelta(minutes=1)
TRY_PAUSE_S = 3.0
"""As long as it takes to serve the requests that a try has held up."""


async def pending_migrations(settings: Settings) -> list[str]:
    """The names of the pending migrations, in order."""
    plan = await _executor(settings).plan([MigrationTarget(APP, "__latest__")])
    return [step.migration.name for step in plan]


async def planned_statements(settings: Settings) -> dict[str, list[str]]:
    """The SQL of each pending migration, in order, without running it."""
    return {name: await _executor(settings).collect_sql(APP, name) for name in await pending_migrations(settings)}


async def migrate(settings: Settings, wait: timedelta = WAIT) -> list[str]:
    """Apply the pending migrations. Concurrent calls run one after the other.

    Args:
        settings: Where the database is.
        wait: How long to try again while another session holds a lock.

    Returns:
        The names of the applied migrations.
    """
    async with direct_connection().acquire_connection() as connection:
        # the statement must not wait: an index that is built concurrently would wait for it in turn
        while not await connection.fetchval(_TRY_LOCK):  # noqa: ASYNC110 - the event is in another process
            await asyncio.sleep(LOCKED_PAUSE_S)
        try:
            pending = await pending_migrations(settings)
            await _apply(settings, wait)
        finally:
            await connection.execute(_UNLOCK)
    return pending


class _Recorder(MigrationRecorder):
    """The record of applied migrations. Tortoise's own reports it as empty whenever it cannot be read."""

    async def applied_migrations(self) -> list[MigrationKey]:
        try:
            rows = await fetch("SELECT app, name FROM tortoise_migrations")
        except asyncpg.UndefinedTableError:
            return []
        return [MigrationKey(app_label=row["app"], name=row["name"]) for row in rows]


async def _apply(settings: Settings, wait: timedelta) -> None:
    """Apply the pending migrations; try again where another session holds a lock."""
    ends_at = time.monotonic() + wait.total_seconds()
    while True:
        try:
            await _executor(settings).migrate([MigrationTarget(APP, "__latest__")], direction="forward")
        except Exception as error:
            if not is_contended(error) or time.monotonic() + TRY_PAUSE_S > ends_at:
                raise
        else:
            return
        await asyncio.sleep(TRY_PAUSE_S)


def _executor(settings: Settings) -> MigrationExecutor:
    executor = MigrationExecutor(current_connection(), tortoise_config(settings)["apps"])
    executor.recorder = executor.loader.recorder = _Recorder(executor.connection)
    return executor
