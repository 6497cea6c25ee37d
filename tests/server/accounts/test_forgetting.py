"""What a sweep deletes, and what it does not delete yet."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.server.in_process import counted_statements, find_viewer
from tests.server.workbench import fail_when, stop_interfering

from contract_rules import Action
from contract_server.accounts.models import Account
from contract_server.accounts.viewer import Viewer
from contract_server.contracts.models import IdempotentAnswer
from contract_server.contracts.result import ActionRefused
from contract_server.contracts.service import ContractRequest
from contract_server.db.statements import execute, fetch
from contract_server.mail.models import OutboxMail
from contract_server.services import Services, build_services
from contract_server.worker.sweep import sweep_once

EXPIRING = ["idempotent_answer", "session", "password_reset_token", "attempt_count"]
EXPIRES_BY = {"session": "expires_at", "password_reset_token": "expires_at", "attempt_count": "ends_at"}
EMAIL = "active@example.jp"


async def contractor(services: Services) -> Viewer:
    _, token = await services.sessions.open(await Account.get(email=EMAIL))
    viewer_contract = await find_viewer(services, token)
    assert viewer_contract is not None
    return viewer_contract.viewer


async def refuse(services: Services, viewer: Viewer) -> None:
    """Have an answer stored: an active contract cannot be resumed."""
    assert viewer.contract_id is not None
    request = ContractRequest(action=Action.RESUME, contract_id=viewer.contract_id)
    with pytest.raises(ActionRefused):
        await services.contracts.execute(viewer, request, "key")


async def set_age_of_answers(ago: timedelta) -> None:
    await execute("UPDATE idempotent_answer SET answered_at = now() - $1::interval", ago)


async def test_the_answer_to_a_key_is_kept_for_a_day_at_least_and_not_for_ever(services: Services) -> None:
    await refuse(services, await contractor(services))
    await set_age_of_answers(timedelta(hours=24))
    await sweep_once(services)
    assert await IdempotentAnswer.all().count() == 1
    await set_age_of_answers(timedelta(hours=49))
    await services.expiry.delete()
    assert not await IdempotentAnswer.exists()


async def test_a_sweep_forgets_sessions_links_and_counts_that_have_expired(services: Services) -> None:
    await have_everything_expire(services)
    await services.expiry.delete()
    assert await remaining() == set()


@pytest.mark.parametrize("table", [*EXPIRES_BY, "outbox_mail"])
async def test_a_table_that_cannot_be_emptied_keeps_no_other_from_it(services: Services, table: str) -> None:
    await have_everything_expire(services)
    services = replace(services, expiry=build_services(services.settings).expiry)
    await execute("UPDATE outbox_mail SET dated_at = dated_at - interval '1 day'")
    await fail_when(table, "DELETE", "true")
    try:
        await sweep_once(services)
    finally:
        await stop_interfering()
    assert await remaining() == {table} & EXPIRES_BY.keys()
    assert await OutboxMail.exists() is (table == "outbox_mail")


async def test_a_process_that_sweeps_again_and_again_looks_for_expired_rows_once(services: Services) -> None:
    services = replace(services, expiry=build_services(services.settings).expiry)
    sent = []
    for _ in range(2):
        with counted_statements() as statements:
            await sweep_once(services)
        sent.append(
            [table for table in EXPIRING if any(f'FROM "{table}"' in s or f"FROM {table}" in s for s in statements)]
        )
    assert sent == [EXPIRING, []]


async def have_everything_expire(services: Services) -> None:
    await contractor(services)
    await services.password_resets.request(EMAIL, client_address="203.0.113.1")
    await sweep_once(services)
    assert await remaining() == EXPIRES_BY.keys()
    for table, column in EXPIRES_BY.items():
        await execute(f"UPDATE {table} SET {column} = now() - interval '1 hour'")  # noqa: S608 - the names above


async def remaining() -> set[str]:
    """The tables that still have a row."""
    return {table for table in EXPIRES_BY if await fetch(f"SELECT FROM {table} LIMIT 1")}
