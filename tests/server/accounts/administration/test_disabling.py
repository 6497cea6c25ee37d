"""A disabled account opens nothing, by any way in; enabled again, its owner logs in as before."""

from collections.abc import Awaitable, Callable

import pytest
from tests.server.in_process import find_viewer
from tests.server.running import PASSWORD

from contract_server.accounts.administration.address_change import InvalidAddressLink
from contract_server.accounts.administration.disabling import WAYS_IN, LastOperator, disable, enable
from contract_server.accounts.login import InvalidCredentials
from contract_server.accounts.models import Account, AddressChange, EnrolmentLink, PasswordResetToken, Session
from contract_server.accounts.password_reset import InvalidResetToken
from contract_server.accounts.second_factor.enrolment import InvalidEnrolmentLink
from contract_server.accounts.sessions import AccountChanged
from contract_server.accounts.tokens import hash_token
from contract_server.clock import DatabaseClock
from contract_server.mail.models import OutboxMail
from contract_server.services import Services

CONTRACTOR, OPERATOR = "active@example.jp", "operator@example.jp"
HERE = "203.0.113.1"
TOKEN = "x" * 43
NEW_PASSWORD = "とても長いパスワード 2026"


async def a_session(services: Services, account: Account) -> None:
    _, token = await services.sessions.open(account)
    await Session.filter(token_hash=hash_token(token)).update(token_hash=hash_token(TOKEN))


async def a_reset_link(services: Services, account: Account) -> None:
    await PasswordResetToken.create(
        token_hash=hash_token(TOKEN), account_id=account.id, expires_at=await later(services)
    )


async def an_enrolment_link(services: Services, account: Account) -> None:
    await EnrolmentLink.create(token_hash=hash_token(TOKEN), account_id=account.id, expires_at=await later(services))


async def an_address_link(services: Services, account: Account) -> None:
    await AddressChange.create(
        account_id=account.id,
        new_email="new@example.jp",
        old_token_hash=None,
        new_token_hash=hash_token(TOKEN),
        expires_at=await later(services),
    )


async def later(services: Services) -> object:
    return await DatabaseClock().now() + services.settings.session_idle_limit


async def use_session(services: Services) -> bool:
    return await find_viewer(services, TOKEN) is not None


async def use_reset_link(services: Services) -> bool:
    try:
        await services.password_resets.reset(TOKEN, NEW_PASSWORD)
    except InvalidResetToken:
        return False
    return True


async def use_enrolment_link(services: Services) -> bool:
    try:
        await services.enrolments.begin(TOKEN)
    except InvalidEnrolmentLink:
        return False
    return True


async def use_address_link(services: Services) -> bool:
    try:
        await services.address_changes.confirm(TOKEN)
    except InvalidAddressLink:
        return False
    return True


WAYS: dict[type, tuple[Callable[[Services, Account], Awaitable[None]], Callable[[Services], Awaitable[bool]]]] = {
    Session: (a_session, use_session),
    PasswordResetToken: (a_reset_link, use_reset_link),
    EnrolmentLink: (an_enrolment_link, use_enrolment_link),
    AddressChange: (an_address_link, use_address_link),
}
each_way = pytest.mark.parametrize("way_in", WAYS_IN, ids=lambda way_in: way_in.__name__)


@pytest.fixture
async def operator(services: Services) -> Account:  # noqa: ARG001 - it connects to the database
    """An operator, who is not the last one."""
    first = await Account.get(email=OPERATOR)
    await Account.filter(name="二人目").delete()
    return await Account.create(
        role=first.role, name="二人目", email="second@example.jp", password_hash=first.password_hash
    )


@each_way
async def test_a_way_in_opens_what_it_is_for_while_the_account_is_enabled(
    services: Services, operator: Account, way_in: type
) -> None:
    make, use = WAYS[way_in]
    await make(services, operator)
    assert await use(services)


@each_way
async def test_a_disabled_account_opens_nothing_by_any_way_in(
    services: Services, operator: Account, way_in: type
) -> None:
    make, use = WAYS[way_in]
    await make(services, operator)
    assert await disable(operator)
    assert not await use(services)
    assert await enable(operator)
    assert not await use(services)  # what has ended stays ended


@each_way
async def test_a_way_in_that_comes_into_being_while_an_account_is_disabled_opens_nothing(
    services: Services, operator: Account, way_in: type
) -> None:
    make, use = WAYS[way_in]
    if way_in is Session:
        await make(services, operator)
        await Account.filter(id=operator.id).update(disabled_at=await DatabaseClock().now())
    else:
        await disable(operator)
        await make(services, operator)
    assert not await use(services)


async def test_a_disabled_account_is_answered_like_a_wrong_password_and_enabled_logs_in(
    services: Services, operator: Account
) -> None:
    await disable(operator)
    with pytest.raises(InvalidCredentials):
        await services.log_ins.log_in(operator.email, PASSWORD, client_address=HERE)
    with pytest.raises(AccountChanged):  # the password was verified a moment before
        await services.sessions.open(operator)
    await enable(operator)
    viewer, _ = await services.log_ins.log_in(operator.email, PASSWORD, client_address=HERE)
    assert viewer.account_id == operator.id


async def test_a_disabled_account_gets_no_link_to_a_new_password(services: Services, operator: Account) -> None:
    await disable(operator)
    await services.password_resets.request(operator.email, client_address=HERE)
    assert not await PasswordResetToken.exists()
    assert not await OutboxMail.exists()


async def test_the_last_enabled_operator_stays_enabled(operator: Account) -> None:
    first = await Account.get(email=OPERATOR)
    await disable(operator)
    with pytest.raises(LastOperator):
        await disable(first)
    contractor = await Account.get(email=CONTRACTOR)
    assert await disable(contractor)
    assert await enable(contractor)
    assert (await Account.get(id=first.id)).disabled_at is None


async def test_disabling_and_enabling_twice_changes_nothing_more(operator: Account) -> None:
    assert [await disable(operator), await disable(operator)] == [True, False]
    assert [await enable(operator), await enable(operator)] == [True, False]
