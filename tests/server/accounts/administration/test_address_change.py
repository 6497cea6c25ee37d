"""A new address holds when both mailboxes have confirmed it, each by its own link, once."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.server.accounts.links import links_left, make_links

from contract_server.accounts.administration.address_change import InvalidAddressLink
from contract_server.accounts.email import EmailTaken
from contract_server.accounts.models import Account, AddressChange
from contract_server.clock import DatabaseClock
from contract_server.mail.models import OutboxMail
from contract_server.services import Services

CONTRACTOR, OPERATOR, NEW = "active@example.jp", "operator@example.jp", "new@example.jp"
HERE = "203.0.113.1"


@pytest.fixture(params=[CONTRACTOR, OPERATOR])
async def account(services: Services, request: pytest.FixtureRequest) -> AsyncIterator[Account]:  # noqa: ARG001 - it connects to the database
    account = await Account.get(email=request.param)
    yield account
    await Account.filter(id=account.id).update(email=request.param)


async def links(services: Services, account: Account) -> tuple[str, str]:
    """The tokens that are mailed to the present address and to the new one."""
    await services.address_changes.request(account, NEW)
    mails = {mail.recipient: mail for mail in await OutboxMail.all()}
    assert {mail.contract_id for mail in mails.values()} == {account.contract_id}
    old, new = (mails[recipient].body.partition("/address#")[2].split()[0] for recipient in (account.email, NEW))
    return old, new


async def address_of(account: Account) -> str:
    return (await Account.get(id=account.id)).email


@pytest.mark.parametrize("old_first", [True, False])
async def test_the_address_changes_once_both_have_confirmed_in_any_order(
    services: Services, account: Account, old_first: bool
) -> None:
    tokens = await links(services, account)
    first, second = tokens if old_first else tokens[::-1]
    link = await services.address_changes.find_link(first)
    assert link is not None
    assert (link.change.new_email, link.is_new) == (NEW, not old_first)
    assert not await services.address_changes.confirm(first)
    assert await address_of(account) == account.email
    assert await services.address_changes.confirm(second)
    assert await address_of(account) == NEW
    for token in tokens:
        assert await services.address_changes.find_link(token) is None


@pytest.mark.parametrize("mailbox", [0, 1])
async def test_one_mailbox_alone_changes_nothing_however_often_it_confirms(
    services: Services, account: Account, mailbox: int
) -> None:
    token = (await links(services, account))[mailbox]
    await services.address_changes.confirm(token)
    with pytest.raises(InvalidAddressLink):
        await services.address_changes.confirm(token)
    assert await address_of(account) == account.email


async def test_a_later_request_replaces_an_earlier_one(services: Services, account: Account) -> None:
    earlier = await links(services, account)
    await OutboxMail.all().delete()
    later = await links(services, account)
    for token in earlier:
        with pytest.raises(InvalidAddressLink):
            await services.address_changes.confirm(token)
    assert [await services.address_changes.confirm(token) for token in later] == [False, True]


async def test_links_are_good_for_a_day(services: Services, account: Account) -> None:
    old, _ = await links(services, account)
    change = await AddressChange.get()
    assert timedelta(hours=23) < change.expires_at - await DatabaseClock().now() <= timedelta(hours=24)
    await AddressChange.all().update(expires_at=await DatabaseClock().now())
    with pytest.raises(InvalidAddressLink):
        await services.address_changes.confirm(old)
    await services.address_changes.delete_expired()
    assert not await AddressChange.exists()


async def test_an_address_of_another_account_is_refused_at_first_and_at_last(
    services: Services, account: Account
) -> None:
    with pytest.raises(EmailTaken):
        await services.address_changes.request(account, "grace@example.jp")
    old, new = await links(services, account)
    await services.address_changes.confirm(old)
    other = await Account.create(role=account.role, name="先", email=NEW, password_hash="")
    try:
        with pytest.raises(EmailTaken):
            await services.address_changes.confirm(new)
        assert await address_of(account) == account.email
    finally:
        await other.delete()


async def test_links_that_went_to_the_former_address_are_good_no_longer(services: Services, account: Account) -> None:
    tokens = await links(services, account)
    await make_links(account.id)
    for token in tokens:
        await services.address_changes.confirm(token)
    assert await links_left(account.id) == set()


async def test_later_mails_go_to_the_new_address(services: Services, account: Account) -> None:
    for token in await links(services, account):
        await services.address_changes.confirm(token)
    await OutboxMail.all().delete()
    await services.password_resets.request(NEW, client_address=HERE)
    assert (await OutboxMail.get()).recipient == NEW
