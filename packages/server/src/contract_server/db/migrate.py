"""Migration of the database to the schema of this version."""

import asyncpg
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.recorder import MigrationRecorder

from contract_server.db.connection import APP, tortoise_config
from contract_server.db.statements import fetch
from contract_server.db.transaction import current_connection, direct_connection
from contract_server.settings import Settings

_NO_TIMEOUTS = "SET lock_timeout = 0; SET statement_timeout = 0"
_RESET_TIMEOUTS = "RESET lock_timeout; RESET statement_timeout"
_LOCK = "SELECT pg_advisory_lock(hashtext('contract_server.migrations'))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('contract_server.migrations'))"


async def pending_migrations(settings: Settings) -> list[str]:
    """The names of the pending migrations, in order."""
    plan = await _executor(settings).plan([MigrationTarget(APP, "__latest__")])
    return [step.migration.name for step in plan]


async def planned_statements(settings: Settings) -> dict[str, list[str]]:
    """The SQL of each pending migration, in order, without running it."""
    return {name: await _executor(settings).collect_sql(APP, name) for name in await pending_migrations(settings)}


async def migrate(settings: Settings) -> list[str]:
    """Apply the pending migrations. Concurrent calls run one after the other.

    Returns:
        The names of the applied migrations.
    """
    async with direct_connection().acquire_connection() as lock:
        await lock.execute(_NO_TIMEOUTS)
        await lock.execute(_LOCK)
        try:
            pending = await pending_migrations(settings)
            await _executor(settings).migrate([MigrationTarget(APP, "__latest__")], direction="forward")
        finally:
            await lock.execute(_UNLOCK)
            await lock.execute(_RESET_TIMEOUTS)
    return pending


class _Recorder(MigrationRecorder):
    """The record of applied migrations. Tortoise's own reports it as empty whenever it cannot be read."""

    async def applied_migrations(self) -> list[MigrationKey]:
        try:
            rows = await fetch("SELECT app, name FROM tortoise_migrations")
        except asyncpg.UndefinedTableError:
            return []
        return [MigrationKey(app_label=row["app"], name=row["name"]) for row in rows]


def _executor(settings: Settings) -> MigrationExecutor:
    executor = MigrationExecutor(current_connection(), tortoise_config(settings)["apps"])
    executor.recorder = executor.loader.recorder = _Recorder(executor.connection)
    return executor
