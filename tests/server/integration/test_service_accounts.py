"""Services have tokens that are shown once, overlap while they are replaced, and end at once when revoked."""

from datetime import timedelta

import pytest
from tests.server.workbench import Workbench, sql

from contract_server.audit.log import LogFilter, find_entries
from contract_server.integration.models import Scope
from contract_server.integration.service_accounts import (
    InvalidName,
    NameTaken,
    ServiceAccounts,
    ServiceNotFound,
    list_services,
)

FEED = frozenset({Scope.FEED})


@pytest.fixture
def accounts(bench: Workbench) -> ServiceAccounts:
    """Service accounts, and nothing stored yet."""
    return ServiceAccounts(bench.settings.secret_key.get_secret_value().encode())


async def test_a_token_leads_to_the_service_and_its_scopes(accounts: ServiceAccounts) -> None:
    token = await accounts.add("gateway", [Scope.FEED, Scope.FACTS, Scope.FEED])
    service = await accounts.find(token)
    assert service is not None
    assert (service.name, service.scopes) == ("gateway", frozenset({Scope.FACTS, Scope.FEED}))


async def test_a_token_is_not_stored_and_its_hash_needs_the_secret(accounts: ServiceAccounts) -> None:
    token = await accounts.add("gateway", FEED)
    ((stored,),) = [row.values() for row in await sql("SELECT t::text FROM service_token AS t")]
    assert token not in stored
    assert await ServiceAccounts(b"another secret of thirty-two bytes").find(token) is None


@pytest.mark.parametrize("name", ["", "Gateway", "1st", "a b", "a" * 41, "gateway\n", "ｇateway"])
async def test_a_name_is_short_and_plain(accounts: ServiceAccounts, name: str) -> None:
    with pytest.raises(InvalidName, match="a lower-case letter"):
        await accounts.add(name, FEED)


async def test_a_rotated_token_stays_valid_for_the_overlap(accounts: ServiceAccounts) -> None:
    first = await accounts.add("gateway", FEED)
    second = await accounts.rotate("gateway", timedelta(hours=1))
    assert await accounts.find(first)
    assert await accounts.find(second)
    third = await accounts.rotate("gateway", timedelta())
    assert [await accounts.find(token) is not None for token in (first, second, third)] == [False, False, True]


async def test_an_overlap_does_not_prolong_a_token(accounts: ServiceAccounts) -> None:
    first = await accounts.add("gateway", FEED, valid_for=timedelta(seconds=-1))
    await accounts.rotate("gateway", timedelta(days=7))
    assert await accounts.find(first) is None


async def test_a_token_expires(accounts: ServiceAccounts) -> None:
    assert await accounts.find(await accounts.add("gateway", FEED, valid_for=timedelta())) is None


async def test_revoking_ends_all_tokens_at_once_and_for_ever(accounts: ServiceAccounts) -> None:
    tokens = [await accounts.add("gateway", FEED), await accounts.rotate("gateway")]
    await accounts.revoke("gateway")
    assert [await accounts.find(token) for token in tokens] == [None, None]
    for again in (accounts.rotate("gateway"), accounts.revoke("gateway")):
        with pytest.raises(ServiceNotFound):
            await again
    with pytest.raises(NameTaken):
        await accounts.add("gateway", FEED)


async def test_the_last_use_is_written_once_a_minute(accounts: ServiceAccounts) -> None:
    token = await accounts.add("gateway", FEED)

    async def last_use() -> object:
        (listed,) = await list_services()
        return listed.last_used_at

    assert await last_use() is None
    await accounts.find(token)
    first = await last_use()
    await accounts.find(token)
    assert await last_use() == first
    await sql("UPDATE service_token SET last_used_at = last_used_at - interval '1 minute'")
    await accounts.find(token)
    assert await last_use() > first  # type: ignore[operator]  # both are instants


async def test_each_change_is_audited_and_no_entry_has_a_token(accounts: ServiceAccounts) -> None:
    tokens = [await accounts.add("gateway", [Scope.FEED, Scope.FACTS]), await accounts.rotate("gateway")]
    await accounts.revoke("gateway")
    entries = await find_entries(LogFilter(), 10)
    assert [(entry.action, entry.subject) for entry in entries] == [
        ("SERVICE_REVOKED", "gateway"),
        ("SERVICE_TOKEN_ROTATED", "gateway"),
        ("SERVICE_ADDED", "gateway: facts feed"),
    ]
    assert not any(token in str(entries) for token in tokens)
