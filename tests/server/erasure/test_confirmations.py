"""Services confirm erasures in the chain of evidence; what is overdue is named, and nothing of ours waits for it."""

import asyncio
import hashlib
import json
from datetime import date, timedelta
from uuid import uuid4

import asyncpg
import pytest
from tests.server.erasure.confirming import (
    AFTER_LAST_DAY,
    DONE,
    NOTHING_HELD,
    OVERDUE_AT,
    RETAINED,
    confirm,
    erased_contract,
    service,
)
from tests.server.workbench import (
    APPLIED_AT,
    ERASURE_DUE_AT,
    MICROSECOND,
    Workbench,
    fail_when,
    first_broken_link,
    sql,
    status_of,
    whole_chain,
)
from tortoise.exceptions import IntegrityError

from contract_rules import Status
from contract_server.contracts.result import ContractNotFound
from contract_server.erasure.confirmations import (
    CONFIRMED_WITHIN,
    Answer,
    NotErasedYet,
    Overdue,
    RetainedTooShort,
    find_retained_too_long,
    find_unconfirmed,
    list_confirmations,
)
from contract_server.erasure.models import AwaitedConfirmation, ConfirmedOutcome, ErasureConfirmation
from contract_server.integration.models import Scope
from contract_server.integration.service_accounts import ServiceAccounts

TAMPERED = {
    "contract_id": "(SELECT id FROM contract WHERE status = 'ACTIVE')",
    "service_id": "(SELECT id FROM service_account WHERE name = 'other')",
    "service_name": "'other'",
    "outcome": "'DONE'",
    "reason": "'another'",
    "until": "until + 1",
    "confirmed_at": "confirmed_at - interval '1 day'",
    "sequence": "99",
    "previous_hash": "repeat('0', 64)",
    "hash": "repeat('0', 64)",
}


async def tamper(statement: str) -> None:
    """Change what a trigger protects, as a person with all rights in the database could."""
    await sql("ALTER TABLE erasure_confirmation DISABLE TRIGGER append_only")
    await sql(statement)
    await sql("ALTER TABLE erasure_confirmation ENABLE TRIGGER append_only")


async def test_a_contract_that_is_not_erased_cannot_be_confirmed_and_the_promised_instant_is_told(
    bench: Workbench,
) -> None:
    contract_id, backups = await bench.terminated_contract(), await service()
    with pytest.raises(NotErasedYet) as refusal:
        await confirm(bench, contract_id, backups)
    assert (refusal.value.erasure_at, refusal.value.held) == (ERASURE_DUE_AT, False)
    await bench.hold(contract_id)
    with pytest.raises(NotErasedYet) as refusal:
        await confirm(bench, contract_id, backups)
    assert refusal.value.held
    with pytest.raises(ContractNotFound):
        await confirm(bench, uuid4(), backups)
    assert await ErasureConfirmation.all().count() == 0


@pytest.mark.parametrize("answer", [DONE, NOTHING_HELD, RETAINED], ids=lambda answer: answer.outcome)
async def test_an_answer_is_a_link_of_the_chain_of_evidence(bench: Workbench, answer: Answer) -> None:
    backups = await service()
    contract_id = await erased_contract(bench)
    confirmed = await confirm(bench, contract_id, backups, answer)
    erasure, confirmation = await whole_chain()
    assert confirmation == {
        "sequence": 2,
        "contract_id": str(contract_id),
        "service_id": str(backups),
        "service_name": "backups",
        "outcome": answer.outcome,
        "reason": answer.reason,
        "until": answer.until and answer.until.isoformat(),
        "confirmed_at": erasure["finished_at"],
        "previous_hash": erasure["hash"],
        "hash": confirmed.hash,
    }
    content = {name: value for name, value in confirmation.items() if name != "hash"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == confirmed.hash
    await erased_contract(bench)
    assert first_broken_link(await whole_chain()) is None
    assert [record["sequence"] for record in await whole_chain()] == [1, 2, 3]


@pytest.mark.parametrize("column", TAMPERED)
async def test_whatever_is_changed_in_a_confirmation_is_found(bench: Workbench, column: str) -> None:
    backups, _ = await service(), await service("other", Scope.FEED)
    contract_id = await erased_contract(bench)
    await confirm(bench, contract_id, backups, RETAINED)
    await erased_contract(bench)
    await bench.contract()
    await tamper(f"UPDATE erasure_confirmation SET {column} = {TAMPERED[column]}")  # noqa: S608 - our own words
    broken = first_broken_link(await whole_chain())
    assert broken is not None
    assert broken.sequence == 2


async def test_each_part_of_a_confirmation_is_among_those_that_were_changed(bench: Workbench) -> None:
    backups = await service()
    await confirm(bench, await erased_contract(bench), backups)
    _, confirmation = await whole_chain()
    assert confirmation.keys() == TAMPERED.keys()


async def test_a_confirmation_that_is_missing_is_found(bench: Workbench) -> None:
    backups = await service()
    await confirm(bench, await erased_contract(bench), backups)
    await erased_contract(bench)
    await tamper("DELETE FROM erasure_confirmation")
    broken = first_broken_link(await whole_chain())
    assert broken is not None
    assert (broken.sequence, broken.reason) == (2, "number 3 stands in its place")


@pytest.mark.parametrize(
    "statement", ["UPDATE erasure_confirmation SET reason = ''", "DELETE FROM erasure_confirmation"]
)
async def test_confirmations_are_append_only(bench: Workbench, statement: str) -> None:
    backups = await service()
    await confirm(bench, await erased_contract(bench), backups)
    with pytest.raises(IntegrityError, match="append-only"):
        await sql(statement)


async def test_the_same_answer_again_is_the_first_one(bench: Workbench) -> None:
    backups = await service()
    contract_id = await erased_contract(bench)
    first = await confirm(bench, contract_id, backups, RETAINED)
    bench.clock.instant = AFTER_LAST_DAY
    assert await confirm(bench, contract_id, backups, RETAINED) == first
    assert await ErasureConfirmation.all().count() == 1


async def test_the_same_answer_many_times_at_once_is_stored_once(bench: Workbench) -> None:
    backups = await service()
    contract_id = await erased_contract(bench)
    answers = await asyncio.gather(*(confirm(bench, contract_id, backups) for _ in range(5)))
    assert len(set(answers)) == 1
    assert await ErasureConfirmation.all().count() == 1


async def test_confirmations_and_erasures_at_the_same_time_make_one_chain(bench: Workbench) -> None:
    services = [(name, await service(name)) for name in ("a", "b", "c")]
    contract_id = await erased_contract(bench)
    bench.clock.instant = APPLIED_AT
    due = [await bench.terminated_contract() for _ in range(3)]
    bench.clock.instant = ERASURE_DUE_AT
    await asyncio.gather(
        *(confirm(bench, contract_id, id_, name=name) for name, id_ in services),
        *(bench.erasures.erase(due_id) for due_id in due),
    )
    assert first_broken_link(await whole_chain()) is None
    assert len(await whole_chain()) == 7


async def test_a_later_answer_replaces_the_meaning_and_all_are_kept(bench: Workbench) -> None:
    backups = await service()
    contract_id = await erased_contract(bench)
    for answer in (RETAINED, DONE, RETAINED):
        await confirm(bench, contract_id, backups, answer)
        awaited = await AwaitedConfirmation.filter(contract_id=contract_id)
        assert [row.retained_until is not None for row in awaited] == [True] * (answer is RETAINED)
    assert [said["outcome"] for said in await list_confirmations(contract_id)] == ["RETAINED", "DONE", "RETAINED"]


async def test_something_is_retained_today_or_longer(bench: Workbench) -> None:
    backups = await service()
    contract_id = await erased_contract(bench)
    for until in (date(2024, 4, 15), date.min):
        with pytest.raises(RetainedTooShort):
            await confirm(bench, contract_id, backups, Answer(ConfirmedOutcome.RETAINED, "law", until))
    for until in (date(2024, 4, 16), date.max):
        await confirm(bench, contract_id, backups, Answer(ConfirmedOutcome.RETAINED, "law", until))


async def test_those_with_the_scope_at_the_erasure_are_to_confirm_it_and_no_others(bench: Workbench) -> None:
    accounts = ServiceAccounts(b"a secret")
    await accounts.add("revoked", [Scope.ERASURES])
    await accounts.revoke("revoked")
    await service("gateway", Scope.FEED, Scope.FACTS)
    await service("store", Scope.FEED, Scope.ERASURES)
    await service()
    contract_id = await erased_contract(bench)
    await service("later")
    assert await find_unconfirmed(OVERDUE_AT - MICROSECOND) == []
    assert await find_unconfirmed(OVERDUE_AT) == [Overdue("backups", contract_id), Overdue("store", contract_id)]


async def test_what_is_confirmed_is_overdue_no_more_and_a_revoked_service_is_not_awaited(bench: Workbench) -> None:
    accounts = ServiceAccounts(b"a secret")
    await accounts.add("gone", [Scope.ERASURES])
    done, nothing, retained = await service("done"), await service("nothing"), await service("retained")
    contract_id = await erased_contract(bench)
    await confirm(bench, contract_id, done, DONE)
    await confirm(bench, contract_id, nothing, NOTHING_HELD)
    await confirm(bench, contract_id, retained, RETAINED)
    assert await find_unconfirmed(OVERDUE_AT) == [Overdue("gone", contract_id)]
    await accounts.revoke("gone")
    assert await find_unconfirmed(OVERDUE_AT) == []


async def test_what_is_retained_is_overdue_after_the_day_that_was_named(bench: Workbench) -> None:
    backups = await service()
    contract_id = await erased_contract(bench)
    await confirm(bench, contract_id, backups, RETAINED)
    assert await find_retained_too_long(AFTER_LAST_DAY - MICROSECOND) == []
    assert await find_retained_too_long(AFTER_LAST_DAY) == [Overdue("backups", contract_id)]
    bench.clock.instant = AFTER_LAST_DAY
    await confirm(bench, contract_id, backups, DONE)
    assert await find_retained_too_long(AFTER_LAST_DAY) == []


async def test_an_erasure_waits_for_no_service(bench: Workbench) -> None:
    for name in ("backups", "billing"):
        await service(name)
    for _ in range(2):
        contract_id = await erased_contract(bench)
        assert (await bench.due_actions.run()).complete
    assert await AwaitedConfirmation.all().count() == 4
    assert await ErasureConfirmation.all().count() == 0
    assert await status_of(contract_id) is Status.ERASED


async def test_a_confirmation_that_fails_leaves_nothing(bench: Workbench) -> None:
    backups = await service()
    contract_id = await erased_contract(bench)
    await fail_when("audit_entry", "INSERT", "NEW.action = 'ERASURE_CONFIRMED'")
    with pytest.raises(asyncpg.RaiseError):
        await confirm(bench, contract_id, backups)
    assert await ErasureConfirmation.all().count() == 0
    assert await AwaitedConfirmation.all().count() == 1


async def test_what_is_recorded_of_a_confirmation_leads_to_no_address(bench: Workbench) -> None:
    backups = await service()
    contract_id = await erased_contract(bench)
    await confirm(bench, contract_id, backups)
    entries = await sql("SELECT account_id, subject, source FROM audit_entry WHERE action = 'ERASURE_CONFIRMED'")
    assert entries == [{"account_id": backups, "subject": "DONE", "source": None}]


async def test_an_erasure_that_is_repeated_after_a_restore_is_to_be_confirmed_again(bench: Workbench) -> None:
    backups = await service()
    contract_id = await erased_contract(bench)
    await confirm(bench, contract_id, backups)
    again = ERASURE_DUE_AT + timedelta(days=3)
    await sql("UPDATE contract SET status = 'TERMINATED', erasure_due_at = $1, erased_at = NULL", ERASURE_DUE_AT)
    bench.clock.instant = again
    await bench.due_actions.run()
    assert await find_unconfirmed(again + CONFIRMED_WITHIN) == [Overdue("backups", contract_id)]
    await confirm(bench, contract_id, backups)
    assert await find_unconfirmed(again + CONFIRMED_WITHIN) == []
