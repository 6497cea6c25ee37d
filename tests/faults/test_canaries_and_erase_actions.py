"""Each thing that erasure does is needed: take any one away, and the search finds what it would have taken.

A search that was never seen to find anything proves nothing. What else would notice or make up for it is taken away
too, the database's own constraints and the look at what is left, so that each action is looked at alone.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr
from tests.conftest import migrated_database
from tests.faults.canary import Canary, Haystack
from tests.faults.conftest import Faults
from tests.faults.dumps import dump
from tests.faults.planting import canaries, columns_of_people, plant
from tests.server.workbench import (
    APPLIED_AT,
    ERASURE_DUE_AT,
    Workbench,
    contract_of,
    interfere,
    sql,
    status_of,
    stop_interfering,
)

from contract_rules import Action, Status
from contract_server.accounts.models import PasswordResetToken, Session
from contract_server.audit.models import AuditAction, AuditEntry
from contract_server.audit.origin import Interface
from contract_server.contracts.models import ErasureHold, IdempotentAnswer
from contract_server.db.connection import database
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.erasure.classification import TABLES, OnErasure, Table
from contract_server.integration.models import RegistrationRequest, ServiceAccount
from contract_server.settings import EnvironmentName, Settings

OF_AN_ACCOUNT = """
SELECT conrelid::regclass::text AS of_table, conname FROM pg_constraint
 WHERE contype = 'f' AND confrelid = 'account'::regclass
"""


class EraseAction(NamedTuple):
    """One thing that erasure does: delete a table's rows, or empty one column of rows that stay."""

    table: str
    column: str | None

    def takes_from(self, place: tuple[str, str]) -> bool:
        return self.table == place[0] and self.column in {None, place[1]}

    def __str__(self) -> str:
        return f"{self.table}.{self.column}" if self.column else f"rows of {self.table}"


def actions() -> Iterator[EraseAction]:
    """All that the classification asks for."""
    for name, table in TABLES.items():
        match table.on_erasure:
            case OnErasure.DELETE:
                yield EraseAction(name, None)
            case OnErasure.EMPTY:
                yield from (EraseAction(name, column) for column in sorted(table.emptied))


@dataclass
class Field:
    """A database in which everything is planted, and what was planted in it."""

    settings: Settings
    url: str


@pytest.fixture(scope="module")
async def field(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Field:
    """A database that lets an account go although something refers to it."""
    url, folder = await migrated_database(postgres), tmp_path_factory.mktemp("erase-actions")
    settings = Settings(
        environment=EnvironmentName.DEVELOPMENT, database_url=SecretStr(url), mail_dir=folder, erasure_batch=1
    )
    async with database(settings):
        for key in await sql(OF_AN_ACCOUNT):
            await sql(f"ALTER TABLE {key['of_table']} DROP CONSTRAINT {key['conname']}")
    return Field(settings, url)


@pytest.fixture
async def bench(field: Field) -> AsyncIterator[Workbench]:
    async with database(field.settings):
        yield Workbench.of(field.settings)
        await stop_interfering()


async def test_after_an_erasure_no_canary_is_left_and_before_it_all_are_there(
    bench: Workbench, field: Field, faults: Faults
) -> None:
    flock = canaries(faults.dice("all actions"))
    contract_id = await planted_contract(bench, field, flock)
    assert await those_that_show(field, flock) == set(columns_of_people())
    await erase(bench, contract_id, TABLES)
    assert await those_that_show(field, flock) == set()


@pytest.mark.parametrize("action", list(actions()), ids=str)
async def test_without_any_one_action_of_the_erasure_the_search_finds_what_it_would_have_taken(
    bench: Workbench, field: Field, faults: Faults, action: EraseAction
) -> None:
    flock = canaries(faults.dice(f"without {action}"))
    contract_id = await planted_contract(bench, field, flock)
    if action.table == "contract":  # whoever saves a contract without a hold empties the hold's reason
        await interfere("contract", "UPDATE", f"NEW.{action.column} := OLD.{action.column}; RETURN NEW;")
    await erase(bench, contract_id, without(action))
    assert await those_that_show(field, flock) == set(filter(action.takes_from, columns_of_people()))


def without(action: EraseAction) -> Mapping[str, Table]:
    """The classification as it would be if it forgot that action."""
    table = TABLES[action.table]
    others = {name: each for name, each in TABLES.items() if name != action.table}
    if rest := table.emptied - {action.column}:
        others[action.table] = replace(table, emptied=rest)
    return MappingProxyType(others)


async def planted_contract(bench: Workbench, field: Field, flock: dict[tuple[str, str], Canary]) -> UUID:
    """A terminated contract that has a canary in every column from which erasure takes something."""
    contractor = await bench.contract()
    contract_id, account_id = contract_of(contractor), contractor.account_id
    await bench.ask(contractor, Action.TERMINATE)
    await AuditEntry.create(action=AuditAction.LOGGED_IN, interface=Interface.PAGE, contract_id=contract_id)
    await ErasureHold.create(contract_id=contract_id, placed_at=APPLIED_AT, released_at=APPLIED_AT)
    await IdempotentAnswer.create(account_id=account_id, key="key", input_hash=b"", answer={})
    service = await ServiceAccount.create(name=f"s{contract_id.hex}", scopes="registrations", created_at=APPLIED_AT)
    await RegistrationRequest.create(
        service_id=service.id, contract_id=contract_id, key="key", input_hash=b"", version=2, differences={}
    )
    await PasswordResetToken.create(account_id=account_id, token_hash="hash", expires_at=ERASURE_DUE_AT)
    await Session.create(
        account_id=account_id,
        token_hash=f"{contract_id}",
        created_at=APPLIED_AT,
        last_used_at=APPLIED_AT,
        expires_at=ERASURE_DUE_AT,
    )
    connection = await asyncpg.connect(field.url)
    await plant(connection, str(contract_id), flock)
    await connection.execute("ANALYZE")  # statistics keep samples of what is there now
    await connection.close()
    return contract_id


async def erase(bench: Workbench, contract_id: UUID, tables: Mapping[str, Table]) -> None:
    bench.clock.instant = ERASURE_DUE_AT
    assert await bench.erasures_by(tables).erase(contract_id)
    assert await status_of(contract_id) is Status.ERASED


async def those_that_show(field: Field, flock: dict[tuple[str, str], Canary]) -> set[tuple[str, str]]:
    """The columns whose canaries are found in a full dump of the database."""
    haystack = Haystack({"dump": await dump(field.url)})
    return {place for place, canary in flock.items() if haystack.shows(canary)}
