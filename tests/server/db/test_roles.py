"""Every table has its rights; without the roles, nothing is granted."""

import asyncpg
import pytest
from tests.conftest import migrated_database
from tests.roles import as_role
from tests.server.running import command

from contract_server.db.roles import _WRITES, SECRETS, DatabaseRole
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.erasure.classification import TABLES, Kind


def test_every_table_has_rights_and_every_secret_column_is_personal_or_technical() -> None:
    assert _WRITES.keys() == TABLES.keys()
    for table, columns in SECRETS.items():
        assert {TABLES[table].kind_of(column) for column in columns} <= {Kind.PERSONAL, Kind.TECHNICAL}


async def test_roles_that_are_missing_are_named_with_what_creates_them(postgres: EmbeddedPostgres) -> None:
    url = await migrated_database(postgres)
    variables = {"ENVIRONMENT": "development", "DATABASE_URL": url, "SMTP_URL": "smtp://127.0.0.1:1"}
    owner = await asyncpg.connect(url)
    await owner.execute("ALTER ROLE contract_reader RENAME TO other_reader")
    try:
        status, _, errors = await command(variables, "migrate", "--roles")
    finally:
        await owner.execute("ALTER ROLE other_reader RENAME TO contract_reader")
        await owner.close()
    assert status == 1
    assert "CREATE ROLE contract_reader LOGIN PASSWORD" in errors


async def test_rights_that_a_role_should_not_have_are_taken_away(postgres: EmbeddedPostgres) -> None:
    url = await migrated_database(postgres)
    variables = {"ENVIRONMENT": "development", "DATABASE_URL": url, "SMTP_URL": "smtp://127.0.0.1:1"}
    owner = await asyncpg.connect(url)
    await owner.execute("GRANT DELETE ON erasure_record TO contract_worker")
    status, _, errors = await command(variables, "migrate", "--roles")
    assert status == 0, errors
    await owner.close()
    worker = await asyncpg.connect(as_role(url, DatabaseRole.WORKER))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await worker.execute("DELETE FROM erasure_record")
    await worker.close()
