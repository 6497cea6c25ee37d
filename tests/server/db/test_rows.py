"""The row writer writes what the models would write one by one."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr
from tests.conftest import migrated_database
from uuid_utils.compat import uuid7

from contract_rules import Status
from contract_server.contracts.models import Contract, Member
from contract_server.db.connection import database
from contract_server.db.rows import Insert, Update, UpdateWhere, write_rows
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.erasure.models import ErasureRecord
from contract_server.settings import EnvironmentName, Settings

AT = datetime(2024, 4, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
async def migrated(postgres: EmbeddedPostgres) -> Settings:
    url = SecretStr(await migrated_database(postgres))
    return Settings(environment=EnvironmentName.DEVELOPMENT, database_url=url)


@pytest.fixture(autouse=True)
async def connected(migrated: Settings) -> AsyncIterator[None]:
    async with database(migrated):
        yield


async def contract() -> UUID:
    row = await Contract.create(version=1, status=Status.ACTIVE, started_on=date(2023, 1, 1), applications=0)
    return row.id


def record(contract_id: UUID) -> dict[str, Any]:
    return {
        "contract_id": contract_id,
        "application_id": uuid7(),
        "policy_version": "1.0",
        "due_at": AT,
        "started_at": AT,
        "code_version": "1.0.0",
    }


async def test_what_is_not_said_is_as_the_model_has_it() -> None:
    contract_id = await contract()
    await write_rows(Insert(ErasureRecord, [record(contract_id)]))
    stored = await ErasureRecord.get(contract_id=contract_id)
    assert (stored.erased_rows, stored.rows_left, stored.batches, stored.replayed) == ({}, None, 0, False)


async def test_each_row_gets_a_key_of_its_own() -> None:
    contract_id = await contract()
    rows = [{"contract_id": contract_id, "name": f"会員{n}", "email": "a@example.jp"} for n in (1, 2)]
    await write_rows(Insert(Member, rows))
    assert {member.name for member in await Member.filter(contract_id=contract_id)} == {"会員1", "会員2"}


async def test_updating_changes_what_is_named_of_the_rows_that_are_named() -> None:
    ids = [await contract() for _ in range(3)]
    await write_rows(Insert(ErasureRecord, [record(contract_id) for contract_id in ids]))
    first, second, third = await ErasureRecord.filter(contract_id__in=ids).order_by("id")
    changes = [
        {"id": first.id, "erased_rows": {"member": 1}, "batches": 2},
        {"id": third.id, "erased_rows": {}, "batches": 3},
    ]
    await write_rows(Update(ErasureRecord, changes))
    after = await ErasureRecord.filter(contract_id__in=ids).order_by("id")
    assert [(row.erased_rows, row.batches) for row in after] == [({"member": 1}, 2), ({}, 0), ({}, 3)]
    assert [row.due_at for row in after] == [second.due_at] * 3


async def test_no_rows_are_no_statement() -> None:
    await write_rows()
    await write_rows(Insert(Member, []), Update(Member, []))


async def test_several_writes_are_one_statement() -> None:
    contract_id, other = await contract(), await contract()
    await write_rows(
        Update(Contract, [{"id": contract_id, "version": 2}, {"id": other, "version": 3}]),
        Insert(ErasureRecord, [record(contract_id)]),
        Update(Member, []),
        Insert(Member, [{"contract_id": other, "name": "会員", "email": "a@example.jp"}]),
    )
    assert [(await Contract.get(id=id_)).version for id_ in (contract_id, other)] == [2, 3]
    assert await ErasureRecord.filter(contract_id=contract_id).count() == 1
    assert [member.name for member in await Member.filter(contract_id=other)] == ["会員"]


async def test_every_condition_of_one_statement_has_its_own_values() -> None:
    contracts = [await contract() for _ in range(3)]
    await write_rows(
        Insert(Member, [{"contract_id": id_, "name": "before", "email": "a@example.jp"} for id_ in contracts])
    )
    first, second, untouched = contracts
    await write_rows(
        *(UpdateWhere(Member, {"name": "after"}, "member.contract_id = {}", (id_,)) for id_ in (first, second))
    )
    after = {member.contract_id: member.name for member in await Member.filter(contract_id__in=contracts)}
    assert after == {first: "after", second: "after", untouched: "before"}


async def test_what_is_too_long_is_refused_and_not_cut_off() -> None:
    with pytest.raises(asyncpg.StringDataRightTruncationError):
        await write_rows(
            Insert(Member, [{"contract_id": await contract(), "name": "x" * 201, "email": "a@example.jp"}])
        )
