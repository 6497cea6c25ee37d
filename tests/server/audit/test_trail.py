"""Entries are written with what they report, are never changed, and name no person."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from tests.server.workbench import Workbench, sql

from contract_server.audit.chain import close_chain
from contract_server.audit.models import AuditAction, AuditEntry
from contract_server.audit.origin import Interface, Origin, set_origin
from contract_server.audit.trail import AuditRetention, record
from contract_server.db.statements import execute
from contract_server.db.transaction import transaction

pytestmark = pytest.mark.usefixtures("bench")

CHANGES = {
    "at": "now()",
    "action": "'LOGGED_OUT'",
    "interface": "'API'",
    "account_id": "gen_random_uuid()",
    "about_id": "gen_random_uuid()",
    "contract_id": "gen_random_uuid()",
    "subject": "'other'",
    "reason": "'other'",
    "source": "'other'",
}


class Undone(Exception):
    """The transaction is rolled back."""


async def entry() -> dict[str, Any]:
    (found,) = await sql("SELECT * FROM audit_entry")
    return found


async def test_an_entry_goes_with_its_transaction() -> None:
    async def undone() -> None:
        async with transaction():
            await record(AuditAction.LOGGED_IN)
            raise Undone

    with pytest.raises(Undone):
        await undone()
    assert not await AuditEntry.exists()


async def test_an_entry_says_who_by_what_and_from_where(told: list[dict[str, Any]]) -> None:
    account, contract = uuid4(), uuid4()
    set_origin(Origin(Interface.PAGE, find_source=lambda: "keyed"))
    await record(AuditAction.LOGGED_IN, account_id=account, contract_id=contract, subject="1")
    found = await entry()
    assert (found["account_id"], found["contract_id"], found["subject"]) == (account, contract, "1")
    assert (found["interface"], found["source"], found["seal"]) == ("PAGE", "keyed", None)
    (line,) = [event for event in told if event["event"] == "audit entry written"]
    assert (line["action"], line["account_id"], line["contract_id"]) == (AuditAction.LOGGED_IN, account, contract)
    assert "keyed" not in str(line)


async def record_and_fail(subject: str) -> None:
    async with transaction():
        await record(AuditAction.LOGGED_IN, subject=subject)
        raise RuntimeError


async def test_an_entry_that_was_rolled_back_leaves_no_log_line(told: list[dict[str, object]]) -> None:
    async with transaction():
        await record(AuditAction.LOGGED_IN, subject="kept")
        with pytest.raises(RuntimeError):
            await record_and_fail("a savepoint")
        async with transaction():
            await record(AuditAction.LOGGED_IN, subject="nested")
        assert told == []
    with pytest.raises(RuntimeError):
        await record_and_fail("all of it")
    assert [event["subject"] for event in told] == ["kept", "nested"]


async def test_a_source_that_belongs_to_no_account_is_not_stored() -> None:
    set_origin(Origin(Interface.API, find_source=lambda: "keyed"))
    await record(AuditAction.LOG_IN_FAILED)
    assert (await entry())["source"] is None


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("sealed", [False, True])
async def test_no_column_of_an_entry_can_be_changed(column: str, *, sealed: bool) -> None:
    set_origin(Origin(Interface.PAGE, find_source=lambda: "keyed"))
    await record(AuditAction.LOGGED_IN, account_id=uuid4())
    if sealed:
        await close_chain()
    before = await entry()
    with pytest.raises(asyncpg.RestrictViolationError):
        await execute(f"UPDATE audit_entry SET {column} = {CHANGES[column]}")  # noqa: S608 - our own names
    assert await entry() == before


def test_each_column_but_id_and_seal_is_tried() -> None:
    assert CHANGES.keys() == AuditEntry._meta.db_fields - {"id", "seal"}  # noqa: SLF001 - Tortoise offers no public way


async def test_a_seal_is_set_once() -> None:
    await record(AuditAction.LOGGED_IN)
    await close_chain()
    for seal in ("NULL", "2"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await execute(f"UPDATE audit_entry SET seal = {seal}")  # noqa: S608 - our own names
    for change in ("UPDATE audit_seal SET entries = 2", "DELETE FROM audit_seal"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await execute(change)


async def test_only_retention_deletes_entries_and_only_sealed_ones() -> None:
    await record(AuditAction.LOGGED_IN)
    with pytest.raises(asyncpg.RestrictViolationError):
        await execute("DELETE FROM audit_entry")
    await AuditRetention(timedelta()).delete_old()
    assert await AuditEntry.all().count() == 1
    await close_chain()
    await AuditRetention(timedelta()).delete_old()
    assert not await AuditEntry.exists()


async def test_the_right_to_delete_ends_with_the_transaction(bench: Workbench) -> None:
    assert bench
    await AuditRetention(timedelta()).delete_old()
    await record(AuditAction.LOGGED_IN)
    with pytest.raises(asyncpg.RestrictViolationError):
        await execute("DELETE FROM audit_entry")
