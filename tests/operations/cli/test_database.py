"""`contract-server migrate` plans and applies the migrations of this version."""

import re
from pathlib import Path

import asyncpg
from tests.conftest import new_database
from tests.operations.cli.terminal import run

from contract_server.development.servers.postgres import EmbeddedPostgres

_SCHEMA = """
    SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS line
      FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'tortoise_migrations'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'
    UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace AND conrelid <> coalesce(to_regclass('tortoise_migrations'), 0)
     ORDER BY line
"""


STATEMENT = re.compile(r"(?:\$\$.*?\$\$|[^$])+?(?:;\n|\Z)", re.DOTALL)


async def schema(database_url: str, *, after: str = "SELECT") -> list[str]:
    connection = await asyncpg.connect(database_url)
    try:
        for statement in STATEMENT.findall(after):  # one by one, as psql sends them
            if any(line and not line.startswith("--") for line in statement.splitlines()):
                await connection.execute(statement)
        return [row["line"] for row in await connection.fetch(_SCHEMA)]
    finally:
        await connection.close()


async def test_the_plan_is_the_sql_that_would_be_run(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    planned, migrated = await new_database(postgres), await new_database(postgres)
    variables = {"ENVIRONMENT": "development", "MAIL_DIR": str(tmp_path), "DATABASE_URL": planned}
    plan = await run(variables, "migrate", "--plan")
    assert (plan.status, plan.errors) == (0, "")
    assert await schema(planned) == []  # nothing was run
    assert (await run(variables | {"DATABASE_URL": migrated}, "migrate")).status == 0
    assert await schema(planned, after=plan.output) == await schema(migrated) != []


async def test_the_plan_of_a_database_that_is_up_to_date_is_empty(postgres: EmbeddedPostgres) -> None:
    variables = {"ENVIRONMENT": "development", "DATABASE_URL": await new_database(postgres)}
    await run(variables, "migrate")
    plan = await run(variables, "migrate", "--plan")
    assert (plan.status, plan.output) == (0, "-- The database is up to date.\n")
