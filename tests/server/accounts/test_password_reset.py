import asyncio
import hashlib
import re
from datetime import timedelta

import pytest
from tests.server.in_process import find_viewer

from contract_server.accounts.login import InvalidCredentials
from contract_server.accounts.models import Account, PasswordResetToken, Session
from contract_server.accounts.password_reset import VALID_FOR, InvalidResetToken
from contract_server.accounts.passwords.rules import UnsuitablePassword
from contract_server.clock import DatabaseClock
from contract_server.db.statements import execute, fetch
from contract_server.development.demo.people import PASSWORD
from contract_server.mail.models import OutboxMail
from contract_server.mail.password_mails import LINK_SPACING
from contract_server.services import Services

EMAIL = "active@example.jp"
NEW_PASSWORD = "a new one, long enough"
HERE = "203.0.113.1"


async def ask(services: Services, times: int = 1, email: str = EMAIL, client_address: str = HERE) -> int:
    """Request a link that many times in parallel, and return the number of pending mails."""
    await asyncio.gather(
        *(services.password_resets.request(email, client_address=client_address) for _ in range(times))
    )
    return await OutboxMail.all().count()


async def mailed_link() -> str:
    mail = await OutboxMail.all().order_by("-id").first()
    assert mail is not None
    (link,) = re.findall(r"https?://\S+/password/new#\S+", mail.body)
    return str(link)


async def mailed_token() -> str:
    return (await mailed_link()).rpartition("#")[2]


async def test_a_link_sets_a_new_password_once_and_ends_all_sessions(services: Services) -> None:
    account = await Account.get(email=EMAIL)
    _, token = await services.sessions.open(account)
    await ask(services)
    try:
        link = await mailed_token()
        await services.password_resets.reset(link, NEW_PASSWORD)
        assert await find_viewer(services, token) is None
        await services.log_ins.log_in(EMAIL, NEW_PASSWORD, client_address=HERE)
        with pytest.raises(InvalidCredentials):
            await services.log_ins.log_in(EMAIL, PASSWORD, client_address=HERE)
        with pytest.raises(InvalidResetToken):
            await services.password_resets.reset(link, NEW_PASSWORD)
    finally:
        await account.save()
    assert await Session.all().count() == 1


async def test_the_link_leads_to_the_public_url_and_its_token_is_kept_as_a_hash(services: Services) -> None:
    await ask(services)
    link = await mailed_link()
    assert link.startswith(f"{services.settings.public_url}/password/new#")
    token = link.rpartition("#")[2]
    assert len(token) == 43
    assert (await PasswordResetToken.get()).token_hash == hashlib.sha256(token.encode()).hexdigest()


@pytest.mark.parametrize("email", ["nobody@example.jp", "", "\x00", "\ud800", "x" * 60_000, f"{EMAIL},x@example.jp"])
async def test_an_address_that_nobody_has_gets_the_same_answer_and_no_mail(services: Services, email: str) -> None:
    assert await ask(services, email=email) == 0
    assert not await PasswordResetToken.exists()


@pytest.mark.parametrize(("left", "good"), [(timedelta(seconds=5), True), (timedelta(), False)])
async def test_a_link_is_good_for_half_an_hour(services: Services, left: timedelta, good: bool) -> None:
    await ask(services)
    now = await DatabaseClock().now()
    token = await PasswordResetToken.get()
    assert timedelta(minutes=29) < token.expires_at - now <= timedelta(minutes=30)
    await PasswordResetToken.all().update(expires_at=now + left)
    account = await Account.get(email=EMAIL)
    try:
        if good:
            await services.password_resets.reset(await mailed_token(), NEW_PASSWORD)
        else:
            with pytest.raises(InvalidResetToken):
                await services.password_resets.reset(await mailed_token(), NEW_PASSWORD)
    finally:
        await account.save()


async def test_every_link_is_good_until_one_of_them_is_used(services: Services) -> None:
    tokens = []
    for number in range(3):
        await ask(services, client_address=f"203.0.113.{number}")
        tokens.append(await mailed_token())
    found = [await services.password_resets.find_link(token) for token in tokens]
    assert [link.account.email for link in found if link] == [EMAIL] * 3
    account = await Account.get(email=EMAIL)
    try:
        assert await services.password_resets.reset(tokens[1], NEW_PASSWORD) == EMAIL
    finally:
        await account.save()
    for token in tokens:
        assert await services.password_resets.find_link(token) is None
        with pytest.raises(InvalidResetToken):
            await services.password_resets.reset(token, NEW_PASSWORD)


async def test_of_several_links_that_are_used_at_the_same_time_one_sets_the_password(services: Services) -> None:
    tokens = []
    for number in range(3):
        await ask(services, client_address=f"203.0.113.{number}")
        tokens.append(await mailed_token())
    account = await Account.get(email=EMAIL)
    try:
        outcomes = await asyncio.gather(
            *(services.password_resets.reset(token, NEW_PASSWORD) for token in tokens), return_exceptions=True
        )
    finally:
        await account.save()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidResetToken"] * 2 + ["str"]


async def test_two_who_use_a_link_at_the_same_time_set_one_password(services: Services) -> None:
    await ask(services)
    token = await mailed_token()
    account = await Account.get(email=EMAIL)
    try:
        outcomes = await asyncio.gather(
            *(services.password_resets.reset(token, f"{NEW_PASSWORD} {number}") for number in range(8)),
            return_exceptions=True,
        )
    finally:
        await account.save()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidResetToken"] * 7 + ["str"]


@pytest.mark.parametrize("token", ["", "x", "\x00", "\ud800"])
async def test_an_unknown_token_opens_nothing_and_costs_no_hash(services: Services, token: str) -> None:
    with pytest.raises(InvalidResetToken):
        await services.password_resets.reset(token, NEW_PASSWORD)


@pytest.mark.parametrize("password", ["x" * 11, "x" * 257, ""])
async def test_an_unsuitable_password_leaves_the_link_good(services: Services, password: str) -> None:
    await ask(services)
    with pytest.raises(UnsuitablePassword):
        await services.password_resets.reset(await mailed_token(), password)
    assert await PasswordResetToken.exists()


async def test_one_source_gets_three_mails_sent_to_an_address_however_it_is_written(services: Services) -> None:
    assert await ask(services, 10) == 3
    assert await ask(services, email=EMAIL.upper()) == 3
    assert await ask(services, email="grace@example.jp") == 4


async def test_requests_of_others_suppress_no_mail_and_send_no_flood(services: Services) -> None:
    for number in range(10):
        await ask(services, client_address=f"198.51.100.{number}")
        if number < 3:
            assert await services.mail_relay.drain() == 1
    assert await services.mail_relay.drain() == 0
    assert await OutboxMail.filter(state="PENDING").count() == 1  # the next one, which the other requests share

    await services.password_resets.request(EMAIL, client_address=HERE)
    mail = await OutboxMail.get(state="PENDING")
    await execute("UPDATE outbox_mail SET next_attempt_at = clock_timestamp() WHERE state = 'PENDING'")
    token = re.findall(r"new#(\S+)", mail.body)[0]
    assert await services.mail_relay.drain() == 1
    assert await services.password_resets.find_link(token) is not None
    assert mail.next_attempt_at - mail.dated_at == LINK_SPACING < VALID_FOR


async def test_a_request_after_a_delayed_mail_was_sent_gets_a_mail_of_its_own(services: Services) -> None:
    for number in range(4):
        await ask(services, client_address=f"198.51.100.{number}")
        await execute("UPDATE outbox_mail SET state = 'SENT'")
    assert await ask(services) == 5


async def test_a_known_device_gets_its_mail_at_once_beside_any_number_of_requests_of_others(services: Services) -> None:
    await ask(services, 30)
    cookie = services.devices.remember(None, EMAIL)
    before = await OutboxMail.all().count()
    await services.password_resets.request(EMAIL, client_address=HERE, device_cookie=cookie)
    assert await OutboxMail.all().count() == before + 1
    assert await services.mail_relay.drain() == before + 1


async def test_one_source_cannot_have_mails_sent_to_everybody(services: Services) -> None:
    await asyncio.gather(*(ask(services, email=f"{number}@example.jp") for number in range(20)))
    assert await ask(services) == 0
    assert await ask(services, client_address="203.0.113.2") == 1


async def test_expired_links_are_deleted_and_no_mail_with_one_is_sent_any_more(services: Services) -> None:
    await ask(services)
    await services.password_resets.delete_expired()
    assert await PasswordResetToken.exists()
    await PasswordResetToken.all().update(expires_at=await DatabaseClock().now())
    await OutboxMail.all().update(dated_at=await services.clock.now() - VALID_FOR)
    await services.password_resets.delete_expired()
    await services.password_resets.delete_expired_mails()
    assert not await PasswordResetToken.exists()
    assert await services.mail_relay.drain() == 0
    assert not await OutboxMail.exists()


async def test_a_link_that_was_mailed_stands_in_the_database_no_more(services: Services) -> None:
    await ask(services)
    token = await mailed_token()
    assert await services.mail_relay.drain() == 1
    rows = await fetch("SELECT mail::text AS row FROM outbox_mail AS mail")
    assert [token in row["row"] for row in rows] == [False]
