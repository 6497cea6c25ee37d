"""Accounts are listed and shown without what opens them."""

from contract_server.accounts.administration.directory import find_details, list_accounts
from contract_server.accounts.administration.disabling import disable, enable
from contract_server.accounts.models import Account, Role
from contract_server.services import Services

CONTRACTOR = "active@example.jp"


async def test_accounts_are_listed_by_role_and_by_whether_they_are_disabled(services: Services) -> None:  # noqa: ARG001 - it connects to the database
    contractor = await Account.get(email=CONTRACTOR)
    await disable(contractor)
    try:
        assert [account.email for account in await list_accounts(10, disabled=True)] == [CONTRACTOR]
        assert CONTRACTOR not in {account.email for account in await list_accounts(10, disabled=False)}
        assert {account.role for account in await list_accounts(10, Role.CONTRACTOR)} == {Role.CONTRACTOR}
        assert len(await list_accounts(2)) == 2
    finally:
        await enable(contractor)


async def test_details_are_sessions_and_numbers(services: Services) -> None:
    contractor = await Account.get(email=CONTRACTOR)
    viewer, _ = await services.sessions.open(contractor)
    await services.address_changes.request(contractor, "new@example.jp")
    details = await find_details(contractor)
    assert [session.id for session in details.sessions] == [viewer.session_id]
    assert (details.passkeys, details.recovery_codes, details.awaits_address) == (0, 0, "new@example.jp")
