"""Migrations are applied once, even by concurrent processes, and make the schema that the models describe."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from types import SimpleNamespace

import asyncpg
import pytest
from pydantic import SecretStr
from tests.conftest import migrated_database, new_database
from tests.locks import WAITING, until_a_lock_is_awaited
from tests.server.running import command
from tortoise.fields.data import CharEnumFieldInstance
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AlterField, AlterModelOptions, Operation

from contract_server.cli.exit_status import Status
from contract_server.db.connection import database, tortoise_config
from contract_server.db.migrate import migrate, pending_migrations
from contract_server.db.statements import execute, fetch
from contract_server.db.transaction import current_connection
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.erasure.classification import TABLES
from contract_server.settings import EnvironmentName, Settings

INDEXES_OF = "0016_bounded_look_ups"
UP_TO_DATE = "The database is up to date.\n"

# Tortoise replays a primary key that is a relation under its short name, and reports that as a change.
_FALSE_POSITIVE = (AlterModelOptions, "Company")

_TEXT_COLUMNS = """
    SELECT table_name AS name, column_name AS column, character_maximum_length AS length,
           is_nullable = 'YES' AS nullable
      FROM information_schema.columns WHERE table_schema = 'public'
"""

_WITHOUT_STATISTICS = """
    SELECT attrelid::regclass::text AS name, attname AS column FROM pg_attribute
     WHERE attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace)
       AND attnum > 0 AND NOT attisdropped AND attstattarget = 0
"""


@pytest.fixture
async def empty(postgres: EmbeddedPostgres) -> Settings:
    """The settings of an empty database."""
    return Settings(environment=EnvironmentName.DEVELOPMENT, database_url=SecretStr(await new_database(postgres)))


@pytest.fixture
async def migrated(postgres: EmbeddedPostgres) -> Settings:
    """The settings of a database that all migrations were applied to."""
    return Settings(environment=EnvironmentName.DEVELOPMENT, database_url=SecretStr(await migrated_database(postgres)))


async def test_models_and_migrations_agree(empty: Settings) -> None:
    async with database(empty) as context:
        assert context.apps is not None
        changes = await MigrationAutodetector(context.apps, tortoise_config(empty)["apps"]).changes()
    operations = [operation for writer in changes for operation in writer.operations]
    assert [operation for operation in operations if _changes_schema(operation)] == []


def _changes_schema(operation: Operation) -> bool:
    """Whether an operation changes the schema.

    Migrations write the column of an enumeration as text, because history must not change with the enumeration. The
    next test compares these columns.
    """
    if isinstance(operation, AlterField):
        return not isinstance(operation.field, CharEnumFieldInstance)
    return (type(operation), getattr(operation, "name", "")) != _FALSE_POSITIVE


async def test_columns_of_enumerations_are_as_the_models_describe_them(migrated: Settings) -> None:
    async with database(migrated) as context:
        assert context.apps is not None
        rows = await fetch(_TEXT_COLUMNS)
        described = {
            (model._meta.db_table, field.model_field_name): (field.max_length, field.null)  # noqa: SLF001 - Tortoise offers no public way
            for model in context.apps["contract_server"].values()
            for field in model._meta.fields_map.values()  # noqa: SLF001 - as above
            if isinstance(field, CharEnumFieldInstance)
        }
    stored = {(row["name"], row["column"]): (row["length"], row["nullable"]) for row in rows}
    assert described
    assert {name: stored[name] for name in described} == described


async def test_two_who_migrate_an_empty_database_at_once_apply_everything_once(empty: Settings) -> None:
    variables = {"ENVIRONMENT": "development", "DATABASE_URL": empty.database_url.get_secret_value()}
    async with database(empty):
        names = await pending_migrations(empty)
    assert names
    assert await command(variables, "migrate", "--check") == (1, lines("pending", names), "")
    both = await asyncio.gather(command(variables, "migrate"), command(variables, "migrate"))
    assert sorted(both) == sorted([(0, UP_TO_DATE, ""), (0, lines("applied", names), "")])
    assert await command(variables, "migrate", "--check") == (0, UP_TO_DATE, "")


def lines(state: str, names: list[str]) -> str:
    return "".join(f"{state}: {name}\n" for name in names)


async def test_migrating_twice_changes_nothing(empty: Settings) -> None:
    async with database(empty):
        assert await migrate(empty) != []
        assert await migrate(empty) == []


async def test_a_migration_of_a_large_table_takes_what_it_takes_and_waits_for_no_lock_for_long(empty: Settings) -> None:
    async with database(empty, for_migrations=True):
        ((statement_timeout,),) = await fetch("SHOW statement_timeout")
        ((lock_timeout,),) = await fetch("SHOW lock_timeout")
    assert (statement_timeout, lock_timeout) == ("0", "2s")


async def test_an_index_that_was_left_unfinished_is_built_again(migrated: Settings) -> None:
    async with database(migrated, for_migrations=True):
        await execute("DELETE FROM tortoise_migrations WHERE name = $1", INDEXES_OF)
        await execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'session_expires'::regclass")
        assert await migrate(migrated) == [INDEXES_OF]
        ((valid,),) = await fetch("SELECT indisvalid FROM pg_index WHERE indexrelid = 'session_expires'::regclass")
    assert valid


async def test_a_migration_is_tried_again_when_another_session_ends(migrated: Settings) -> None:
    async with database(migrated, for_migrations=True), indexes_pending(migrated) as session:
        migrating = asyncio.create_task(migrate(migrated))
        # asks in the open session: a new one could not connect in time while the migrations keep this process busy
        await until_a_lock_is_awaited(session.fetch)
        while await session.fetch(WAITING):  # until the first try has given way
            await asyncio.sleep(0.05)
        assert not migrating.done()
        await session.execute("COMMIT")
        assert await migrating == [INDEXES_OF]


async def test_a_lock_that_another_session_keeps_is_told_in_one_line(migrated: Settings) -> None:
    url = migrated.database_url.get_secret_value()
    async with database(migrated), indexes_pending(migrated):
        variables = {"ENVIRONMENT": "development", "DATABASE_URL": url}
        status, out, errors = await command(variables, "migrate", "--wait", "1s")
        assert (status, out, errors.count("\n")) == (Status.OUT_OF_REACH, "", 1)
        assert "a lock that another session holds" in errors


@asynccontextmanager
async def indexes_pending(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A migration that is pending once more, and an open transaction of another session on a table that it changes."""
    await execute("DELETE FROM tortoise_migrations WHERE name = $1", INDEXES_OF)
    session = await asyncpg.connect(settings.database_url.get_secret_value())
    await session.execute("BEGIN; LOCK TABLE contract IN ROW EXCLUSIVE MODE")
    try:
        yield session
    finally:
        await session.close()


async def test_no_sample_of_a_personal_column_is_kept_in_the_statistics(migrated: Settings) -> None:
    async with database(migrated):
        rows = await fetch(_WITHOUT_STATISTICS)
    without = {(row["name"], row["column"]) for row in rows}
    personal = {(name, column) for name, table in TABLES.items() for column in table.personal | table.emptied}
    assert personal <= without


async def test_addresses_of_before_get_their_domains_in_a_labels(migrated: Settings) -> None:
    written = ["a@例え.jp", "b@例え.jp", "b@xn--r8jz45g.jp", "c@example.jp", "d@☕.jp"]
    convert = import_module("contract_server.db.migrations.0033_domains_in_a_labels").convert
    async with database(migrated, for_migrations=True):
        await execute(
            "INSERT INTO account (id, role, name, email, password_hash)"
            " SELECT gen_random_uuid(), 'OPERATOR', '', email, '' FROM unnest($1::text[]) AS email",
            written,
        )
        await convert(None, SimpleNamespace(client=current_connection()))
        found = {row["email"] for row in await fetch("SELECT email FROM account")}
    assert found == {"a@xn--r8jz45g.jp", *written[1:]}  # the second has its other form taken
