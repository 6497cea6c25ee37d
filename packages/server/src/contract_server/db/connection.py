"""The connection to PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr
from tortoise import Tortoise
from tortoise.context import TortoiseContext

from contract_server.db.statements import fetch
from contract_server.db.transaction import current_connection
from contract_server.settings import Settings

APP = "contract_server"
MODELS = [
    "contract_server.audit.models",
    "contract_server.accounts.models",
    "contract_server.policies.models",
    "contract_server.contracts.models",
    "contract_server.schedule.models",
    "contract_server.mail.models",
    "contract_server.erasure.models",
    "contract_server.integration.models",
    "contract_server.clock",
]
MIGRATIONS = "contract_server.db.migrations"

_LIMITS = {
    "idle_in_transaction_session_timeout": "30s",  # a frozen process must not hold a lock forever
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
# a lock makes the next statement see what it waited for
_ISOLATION = {"default_transaction_isolation": "read committed"}
_OF_A_POOLER = {
    "statement_cache_size": 0,  # a prepared statement would stay in a session that others get
    "preamble": "; ".join(
        (
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
            *(f"SET LOCAL {name} = '{value}'" for name, value in _LIMITS.items()),
        )
    ),
}

_ANSWER_LIMIT_S = 35
"""After this time without an answer a server is lost: it ends every statement sooner."""

# a statement that waits for a lock holds up all that come after it
_MIGRATION_TIMEOUTS = {"statement_timeout": "0", "lock_timeout": "2s"}


def tortoise_config(settings: Settings, *, for_migrations: bool = False) -> dict[str, Any]:
    """Tortoise's configuration: the connections by name, and one app with all models and migrations.

    `default` may lead to a pooler; `direct` never does. A migration uses PostgreSQL itself for both.
    """
    limits = _ISOLATION | _LIMITS | (_MIGRATION_TIMEOUTS if for_migrations else {})
    answers = {} if for_migrations else {"command_timeout": _ANSWER_LIMIT_S}
    url, session = settings.database_direct_url or settings.database_url, {"server_settings": limits}
    if settings.database_direct_url is None or for_migrations:
        default = _connection(url, settings, **session, **answers)
    else:
        default = _connection(settings.database_url, settings, **_OF_A_POOLER, **answers)
    return {
        "connections": {"default": default, "direct": _connection(url, settings, **session)},
        "apps": {APP: {"models": MODELS, "default_connection": "default", "migrations": MIGRATIONS}},
        "use_tz": True,
        "timezone": "UTC",
    }


def _connection(url: SecretStr, settings: Settings, **more: object) -> dict[str, Any]:
    credentials = {
        "dsn": url.get_secret_value(),
        "maxsize": settings.database_pool_size,
        "timeout": 5,
        "application_name": APP,
    }
    return {"engine": "contract_server.db.engine", "credentials": credentials | more}


@asynccontextmanager
async def database(settings: Settings, *, for_migrations: bool = False) -> AsyncIterator[TortoiseContext]:
    """Connect the models, for every task of this process.

    The first query connects, so a server can start before its database. Statements time out after half a minute; those
    of migrations take their time, but wait for a lock for two seconds only.
    """
    context = await Tortoise.init(
        config=tortoise_config(settings, for_migrations=for_migrations), _enable_global_fallback=True
    )
    try:
        yield context
    finally:
        await context.close_connections()


async def accepts_writes() -> bool:
    """Return whether the database takes changes: it is no standby, and not switched to reading only.

    Raises:
        asyncpg.PostgresError: It has run out of disk or memory, or does not serve for another reason.
    """
    client: Any = current_connection()
    await client.resources.require()
    rows = await fetch("SELECT current_setting('transaction_read_only') = 'off' AS writable")
    return bool(rows[0]["writable"])
