import pytest

from contract_notify import LONGEST_ADDRESS, normalize_address
from contract_server.accounts.email import find_account

pytestmark = pytest.mark.usefixtures("services")


@pytest.mark.parametrize("typed", ["active@example.jp", " Active@Example.JP\t", "ACTIVE@EXAMPLE.JP\n"])
async def test_an_account_is_found_however_its_address_is_typed(typed: str) -> None:
    account = await find_account(normalize_address(typed))
    assert account is not None
    assert account.email == "active@example.jp"


@pytest.mark.parametrize("email", ["", "nobody@example.jp", "a\x00b", "\ud800", "x" * (LONGEST_ADDRESS + 1)])
async def test_an_unknown_or_impossible_address_finds_no_account(email: str) -> None:
    assert await find_account(email) is None
