"""The hash chain covers all that persons did, in the order of commits, and shows every change of it."""

import asyncio
from datetime import timedelta

import pytest
from tests.server.workbench import OPERATOR, Workbench, everything_stored, sql

from contract_rules import Action
from contract_server.audit.chain import BATCH, SEALED, close_chain, verify_audit
from contract_server.audit.models import AuditAction, AuditEntry, AuditSeal
from contract_server.audit.origin import Interface
from contract_server.audit.trail import AuditRetention, record
from contract_server.contracts.models import ContractEvent
from contract_server.db.transaction import transaction

YEARS = timedelta(days=731)

TAMPERED = {
    "audit_entry": {
        "id": "gen_random_uuid()",
        "at": "at - interval '1 microsecond'",
        "action": "'LOGGED_OUT'",
        "interface": "'API'",
        "account_id": "gen_random_uuid()",
        "about_id": "gen_random_uuid()",
        "contract_id": "gen_random_uuid()",
        "subject": "'2 mails'",
    },
    "contract_event": {
        "id": "gen_random_uuid()",
        "at": "at - interval '1 microsecond'",
        "type": "'RESUMED'",
        "actor": "'OPERATOR'",
        "application_id": "gen_random_uuid()",
        "contract_id": "(SELECT id FROM contract ORDER BY id LIMIT 1)",
        "version": "version + 1",
        "account_id": "NULL",
        "interface": "'API'",
    },
    "audit_seal": {
        "sequence": "sequence + 1",
        "closed_at": "closed_at - interval '1 microsecond'",
        "entries": "entries + 1",
        "entries_digest": "repeat('0', 64)",
        "events": "events + 1",
        "events_digest": "repeat('0', 64)",
        "previous_hash": "repeat('1', 64)",
        "hash": "repeat('1', 64)",
    },
}


async def acts(bench: Workbench) -> None:
    """One entry and one signed event, in a seal of their own."""
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    await record(AuditAction.MAILS_RETRIED, account_id=OPERATOR.account_id, subject="1 mails")
    await close_chain()


async def tamper(statement: str) -> None:
    """Change rows as a person with all rights to the database could."""
    await sql("SET session_replication_role = replica")
    await sql(statement)
    await sql("RESET session_replication_role")


async def test_a_seal_covers_all_that_is_committed_and_the_next_one_what_is_committed_later(bench: Workbench) -> None:
    written, go_on = asyncio.Event(), asyncio.Event()

    async def late() -> None:
        async with transaction():
            await record(AuditAction.LOGGED_OUT)
            written.set()
            await go_on.wait()

    writing = asyncio.create_task(late())
    await written.wait()
    await acts(bench)
    go_on.set()
    await writing
    assert [entry.action for entry in await AuditEntry.filter(seal=None)] == [AuditAction.LOGGED_OUT]
    await close_chain()
    seals = await AuditSeal.all().order_by("sequence").values_list("entries", "events")
    assert seals == [(1, 1), (1, 0)]
    assert await verify_audit(YEARS) == (None, 2)


@pytest.mark.usefixtures("bench")
async def test_many_entries_are_closed_in_batches_and_nothing_makes_no_seal() -> None:
    await AuditEntry.bulk_create(
        [AuditEntry(action=AuditAction.LOGGED_OUT, interface=Interface.API) for _ in range(BATCH + 1)]
    )
    await asyncio.gather(*(close_chain() for _ in range(3)))
    await close_chain()
    assert await AuditSeal.all().order_by("sequence").values_list("sequence", "entries") == [(1, BATCH), (2, 1)]
    assert await verify_audit(YEARS) == (None, 2)


@pytest.mark.usefixtures("bench")
async def test_rows_that_another_transaction_has_locked_wait_for_the_next_seal() -> None:
    await record(AuditAction.LOGGED_OUT)
    async with transaction():
        await sql("SELECT id FROM audit_entry FOR UPDATE")
        await asyncio.create_task(close_chain())
    await close_chain()
    assert await verify_audit(YEARS) == (None, 1)


async def test_what_the_service_does_by_itself_is_not_sealed(bench: Workbench) -> None:
    await bench.contract()
    await close_chain()
    assert not await AuditSeal.exists()
    assert await ContractEvent.filter(account_id=None).exists()


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in TAMPERED.items() for column in columns]
)
async def test_every_change_of_a_sealed_row_is_found(bench: Workbench, table: str, column: str) -> None:
    await acts(bench)
    await acts(bench)
    which = "sequence = 2" if table == "audit_seal" else "seal = 2"
    await tamper(f"UPDATE {table} SET {column} = {TAMPERED[table][column]} WHERE {which}")  # noqa: S608 - our own names
    broken, verified = await verify_audit(YEARS)
    assert broken is not None
    assert (broken.sequence, verified) == (2, 1)


def test_each_column_that_is_sealed_is_tampered_with() -> None:
    for table, columns, _ in SEALED.values():
        assert set(columns.split(", ")) == TAMPERED[table].keys()


@pytest.mark.parametrize("table", ["audit_entry", "contract_event", "audit_seal"])
async def test_every_row_that_is_missing_is_found(bench: Workbench, table: str) -> None:
    for _ in range(3):
        await acts(bench)
    await tamper(f"DELETE FROM {table} WHERE {'sequence' if table == 'audit_seal' else 'seal'} = 2")  # noqa: S608 - our own names
    broken, _ = await verify_audit(YEARS)
    assert broken is not None
    assert broken.sequence == 2


async def test_entries_are_deleted_when_they_are_kept_no_longer_and_the_chain_stays_whole(bench: Workbench) -> None:
    await acts(bench)
    await acts(bench)
    before = await everything_stored()
    await AuditRetention(timedelta(hours=1)).delete_old()
    assert await everything_stored() == before
    await AuditRetention(timedelta()).delete_old()
    assert not await AuditEntry.exists()
    assert await verify_audit(timedelta()) == (None, 2)
    broken, _ = await verify_audit(YEARS)
    assert broken is not None


async def test_erasing_a_contract_leaves_the_chain_whole(bench: Workbench) -> None:
    contractor = await bench.contract()
    await bench.ask(contractor, Action.TERMINATE)
    await AuditEntry.create(
        action=AuditAction.LOGGED_IN, interface=Interface.API, contract_id=contractor.contract_id, source="keyed"
    )
    await close_chain()
    await AuditEntry.filter(contract_id=contractor.contract_id).update(source=None)
    assert await verify_audit(YEARS) == (None, 1)
