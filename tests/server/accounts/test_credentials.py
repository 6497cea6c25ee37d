import pytest

from contract_server.accounts.credentials import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    UnsuitablePassword,
    replace_password,
    require_suitable,
)
from contract_server.accounts.models import Account, PasswordResetToken, Session
from contract_server.services import Services


@pytest.mark.parametrize("length", [SHORTEST_PASSWORD, LONGEST_PASSWORD])
def test_a_password_may_be_as_short_and_as_long_as_the_limits(length: int) -> None:
    require_suitable("x" * length)


@pytest.mark.parametrize("length", [0, SHORTEST_PASSWORD - 1, LONGEST_PASSWORD + 1])
def test_a_password_beyond_the_limits_is_refused(length: int) -> None:
    with pytest.raises(UnsuitablePassword):
        require_suitable("x" * length)


async def test_a_new_password_ends_the_sessions_and_links_of_its_account_alone(services: Services) -> None:
    account = await Account.get(email="active@example.jp")
    other = await Account.get(email="grace@example.jp")
    for owner in (account, other):
        await services.sessions.open(owner)
        await services.password_resets.request(owner.email, client_address="203.0.113.1")
    try:
        await replace_password(account.id, "another hash")
        assert (await Account.get(id=account.id)).password_hash == "another hash"
    finally:
        await account.save()
    assert await Session.all().values_list("account_id", flat=True) == [other.id]
    assert await PasswordResetToken.all().values_list("account_id", flat=True) == [other.id]
