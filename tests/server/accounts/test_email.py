import pytest
from tests.addresses import REGISTERED, Written, expected_field

from contract_notify import LONGEST_ADDRESS, normalize_address
from contract_server.accounts.email import find_account
from contract_server.accounts.models import Account

pytestmark = pytest.mark.usefixtures("services")


@pytest.mark.parametrize("typed", ["active@example.jp", " Active@Example.JP\t", "ACTIVE@EXAMPLE.JP\n"])
async def test_an_account_is_found_however_its_address_is_typed(typed: str) -> None:
    account = await find_account(normalize_address(typed))
    assert account is not None
    assert account.email == "active@example.jp"


@pytest.mark.parametrize("address", REGISTERED, ids=lambda address: address.text)
async def test_an_account_is_found_by_its_address_as_it_was_written_and_as_a_browser_sends_it(
    address: Written,
) -> None:
    account = await Account.get(email="active@example.jp")
    await Account.filter(id=account.id).update(email=address.registered)
    try:
        for typed in (address.text, expected_field(address)):
            found = await find_account(normalize_address(str(typed)))
            assert found is not None
            assert found.id == account.id
    finally:
        await Account.filter(id=account.id).update(email="active@example.jp")


@pytest.mark.parametrize("email", ["", "nobody@example.jp", "a\x00b", "\ud800", "x" * (LONGEST_ADDRESS + 1)])
async def test_an_unknown_or_impossible_address_finds_no_account(email: str) -> None:
    assert await find_account(email) is None
