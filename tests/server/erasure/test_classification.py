"""The classification covers every column, and an erasure that leaves a table out is detected."""

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from tests.server.workbench import (
    APPLIED_AT,
    ERASURE_DUE_AT,
    Workbench,
    contract_of,
    interfere,
    sql,
    status_of,
    whole_chain,
)

from contract_rules import Action, Status
from contract_server.accounts.models import Account, PasswordResetToken, Session
from contract_server.audit.models import AuditAction, AuditEntry
from contract_server.audit.origin import Interface
from contract_server.contracts.models import Company, Contract, ContractEvent, IdempotentAnswer, Member
from contract_server.erasure.classification import TABLES, Kind, OnErasure
from contract_server.mail.models import OutboxMail

ERASED_FROM = [name for name, table in TABLES.items() if table.on_erasure is not OnErasure.KEEP]
OF_AN_ACCOUNT = ["idempotent_answer", "session", "password_reset_token"]
CANARY = "カナリア"

_COLUMNS = """
    SELECT table_name, column_name, is_nullable = 'YES' AS nullable
      FROM information_schema.columns WHERE table_schema = 'public'
"""
_OPEN_COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns
     WHERE table_schema = 'public' AND (data_type IN ('json', 'jsonb', 'text', 'bytea', 'ARRAY', 'hstore', 'xml'))
"""
_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text AS of_table, confrelid::regclass::text AS to_table, convalidated,
           confdeltype = 'r' AS keeps_what_it_refers_to
      FROM pg_constraint WHERE contype = 'f'
"""


async def columns() -> dict[str, dict[str, bool]]:
    """Return every column of every table, and whether it is nullable."""
    nullable: dict[str, dict[str, bool]] = defaultdict(dict)
    for row in await sql(_COLUMNS):
        nullable[row["table_name"]][row["column_name"]] = row["nullable"]
    return nullable


@pytest.mark.usefixtures("bench")
async def test_every_column_of_every_table_is_classified_once_and_none_that_is_gone() -> None:
    classified = {name: sorted([*table.personal, *table.business, *table.technical]) for name, table in TABLES.items()}
    assert classified == {name: sorted(names) for name, names in (await columns()).items()}


@pytest.mark.usefixtures("bench")
async def test_a_column_that_can_hold_anything_is_personal_or_there_is_a_reason_why_it_is_not() -> None:
    for column in await sql(_OPEN_COLUMNS):
        table, name = TABLES[column["table_name"]], column["column_name"]
        assert (table.kind_of(name) is Kind.PERSONAL) != bool(table.reasons.get(name)), column


def test_reasons_are_given_for_columns_that_there_are() -> None:
    for table in TABLES.values():
        assert table.reasons.keys() <= table.business | table.technical


@pytest.mark.usefixtures("bench")
async def test_what_erasure_empties_can_be_empty() -> None:
    stored = await columns()
    for name, table in TABLES.items():
        assert bool(table.emptied) == (table.on_erasure is OnErasure.EMPTY)
        assert all(stored[name][column] for column in table.emptied)


def test_a_column_that_nobody_has_classified_has_no_kind() -> None:
    member = TABLES["member"]
    assert (member.kind_of("email"), member.kind_of("id")) == (Kind.PERSONAL, Kind.TECHNICAL)
    with pytest.raises(KeyError):
        member.kind_of("shoe_size")


@pytest.mark.usefixtures("bench")
async def test_whatever_refers_to_an_erased_row_is_erased_before_it() -> None:
    order = list(TABLES)
    keys = await sql(_FOREIGN_KEYS)
    assert keys
    for key in keys:
        assert key["convalidated"]
        assert key["keeps_what_it_refers_to"]  # a deletion must not cascade to other rows
        referring, referred = TABLES[key["of_table"]], TABLES[key["to_table"]]
        assert referring.belongs or not referred.belongs, f"{key['of_table']} refers to {key['to_table']} from outside"
        if referred.on_erasure is OnErasure.DELETE:
            assert referring.on_erasure is OnErasure.DELETE
            assert order.index(key["of_table"]) < order.index(key["to_table"])


async def contract_with_canaries(bench: Workbench, mark: str) -> UUID:
    """Create a terminated contract with a canary in every column to be erased."""
    contractor = await bench.contract()
    contract_id, account_id, canary = contract_of(contractor), contractor.account_id, f"{CANARY} {mark}"
    await bench.ask(contractor, Action.TERMINATE)
    await Contract.filter(id=contract_id).update(hold_reason=canary)
    await ContractEvent.filter(contract_id=contract_id).update(note=canary, source=canary)
    await AuditEntry.create(
        action=AuditAction.LOGGED_IN, interface=Interface.API, contract_id=contract_id, source=canary
    )
    await Company.filter(contract_id=contract_id).update(
        name=canary, address=canary, postal_code=canary, phone_number=canary
    )
    await Member.filter(contract_id=contract_id).update(name=canary, email=canary)
    await Account.filter(id=account_id).update(name=canary, email=canary, password_hash=canary)
    await OutboxMail.filter(contract_id=contract_id).update(recipient=canary, subject=canary, body=canary)
    await IdempotentAnswer.create(account_id=account_id, key=canary, input_hash=b"", answer={"said": canary})
    expires_at = APPLIED_AT + timedelta(days=3_000)
    await PasswordResetToken.create(account_id=account_id, token_hash=canary, expires_at=expires_at)
    await Session.create(
        account_id=account_id,
        token_hash=canary,
        created_at=APPLIED_AT,
        last_used_at=APPLIED_AT,
        expires_at=expires_at,
    )
    return contract_id


async def columns_that_show(mark: str) -> dict[str, set[str]]:
    """Return the columns with a canary of the contract, by table; reads every column of the database."""
    columns_found: dict[str, set[str]] = defaultdict(set)
    for table, names in (await columns()).items():
        for column in names:
            rows = await sql(
                f"SELECT 1 AS one FROM {table} WHERE {column}::text LIKE $1 LIMIT 1",  # noqa: S608 - our own names
                f"%{CANARY} {mark}%",
            )
            if rows:
                columns_found[table].add(column)
    return columns_found


async def test_erasure_takes_everything_of_its_contract_and_nothing_of_another(bench: Workbench) -> None:
    erased = await contract_with_canaries(bench, "erased")
    bench.clock.instant = ERASURE_DUE_AT - timedelta(days=1)
    control = await contract_with_canaries(bench, "control")
    everywhere = {name: TABLES[name].personal | TABLES[name].emptied for name in ERASED_FROM}
    assert await columns_that_show("erased") == await columns_that_show("control") == everywhere

    bench.clock.instant = ERASURE_DUE_AT
    await bench.due_actions.run()
    assert (await status_of(erased), await status_of(control)) == (Status.ERASED, Status.TERMINATED)
    assert await columns_that_show("erased") == {}
    assert await columns_that_show("control") == everywhere
    for name, table in TABLES.items():
        if table.on_erasure is OnErasure.DELETE and table.belongs is not None:
            assert await sql(f"SELECT 1 AS one FROM {name} WHERE {table.belongs}", erased) == []  # noqa: S608 - our own names


@pytest.mark.parametrize("left_out", ERASED_FROM)
async def test_a_table_that_erasure_left_out_would_be_noticed(bench: Workbench, left_out: str) -> None:
    """The inverse: if the database keeps a table's rows, the search of the test above finds them."""
    contract_id = await contract_with_canaries(bench, "erased")
    if TABLES[left_out].on_erasure is OnErasure.DELETE:
        await interfere(left_out, "DELETE", "RETURN NULL;")
    else:
        kept = "; ".join(f"NEW.{column} := OLD.{column}" for column in TABLES[left_out].emptied)
        await interfere(left_out, "UPDATE", f"{kept}; RETURN NEW;")
    bench.clock.instant = ERASURE_DUE_AT
    assert (await bench.due_actions.run()).failed == {contract_id}
    assert left_out in await columns_that_show("erased")


@pytest.mark.parametrize("left_out", OF_AN_ACCOUNT)
async def test_an_account_does_not_go_before_what_refers_to_it(bench: Workbench, left_out: str) -> None:
    """A table that is removed from the classification, and so from the verification, stops the erasure."""
    contract_id = await contract_with_canaries(bench, "erased")
    bench.clock.instant = ERASURE_DUE_AT
    without = {name: table for name, table in TABLES.items() if name != left_out}
    with pytest.raises(asyncpg.RestrictViolationError):
        await bench.erasures_by(without).erase(contract_id)
    assert await status_of(contract_id) is Status.TERMINATED
    assert await whole_chain() == []
