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
from contract_server.db.statements import fetch
from contract_server.development.demo.people import PASSWORD
from contract_server.mail.models import OutboxMail
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
    (link,) = re.findall(r"https?://\S+/password/\S+", mail.body)
    return str(link)


async def mailed_token() -> str:
    return (await mailed_link()).rpartition("/")[2]


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
    assert link.startswith(f"{services.settings.public_url}/password/")
    token = link.rpartition("/")[2]
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


async def test_only_the_newest_link_is_good(services: Services) -> None:
    await ask(services)
    older = await mailed_token()
    await ask(services)
    with pytest.raises(InvalidResetToken):
        await services.password_resets.reset(older, NEW_PASSWORD)


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


async def test_nobody_is_flooded_with_mails_from_however_many_sources(services: Services) -> None:
    assert await ask(services, 10) == 3
    assert await ask(services, client_address="203.0.113.2", email=EMAIL.upper()) == 3
    assert await ask(services, email="grace@example.jp") == 4


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
    assert not await PasswordResetToken.exists()
    assert await services.mail_relay.drain() == 0
    assert not await OutboxMail.exists()


async def test_a_link_that_was_mailed_stands_in_the_database_no_more(services: Services) -> None:
    await ask(services)
    token = await mailed_token()
    assert await services.mail_relay.drain() == 1
    rows = await fetch("SELECT mail::text AS row FROM outbox_mail AS mail")
    assert [token in row["row"] for row in rows] == [False]
