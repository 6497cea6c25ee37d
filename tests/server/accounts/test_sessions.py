import asyncio
import hashlib
from datetime import timedelta

import pytest
from pydantic import SecretStr
from starlette.responses import Response
from tests.server.in_process import find_viewer

from contract_rules import Action
from contract_server.accounts.models import Account, Session
from contract_server.accounts.sessions import AccountChanged
from contract_server.clock import DatabaseClock
from contract_server.contracts.service import ContractRequest
from contract_server.development.demo.seed import reset
from contract_server.development.demo.time_travel import TimeTravel
from contract_server.graphql.session_cookie import delete_session_cookie, set_session_cookie
from contract_server.services import Services
from contract_server.settings import EnvironmentName, Settings

TICK = timedelta(seconds=1)


async def active_account() -> Account:
    return await Account.get(email="active@example.jp")


async def test_tokens_have_256_bits_and_only_their_hash_is_kept(services: Services) -> None:
    account = await active_account()
    tokens = [(await services.sessions.open(account))[1] for _ in range(3)]
    assert len(set(tokens)) == 3
    assert all(len(token) == 43 for token in tokens)
    hashes = await Session.all().values_list("token_hash", flat=True)
    assert {str(token_hash) for token_hash in hashes} == {
        hashlib.sha256(token.encode()).hexdigest() for token in tokens
    }


@pytest.mark.parametrize(
    ("unused_for", "open_still"), [(-TICK, True), (TICK, False)], ids=["just before", "just after"]
)
async def test_a_session_ends_when_it_is_not_used(services: Services, unused_for: timedelta, open_still: bool) -> None:
    _, token = await services.sessions.open(await active_account())
    last_used_at = await DatabaseClock().now() - services.settings.session_idle_limit - unused_for
    await Session.all().update(last_used_at=last_used_at)
    assert (await find_viewer(services, token) is not None) is open_still


@pytest.mark.parametrize(("remaining", "open_still"), [(TICK, True), (-TICK, False)], ids=["just before", "just after"])
async def test_a_session_ends_however_much_it_is_used(
    services: Services, remaining: timedelta, open_still: bool
) -> None:
    _, token = await services.sessions.open(await active_account())
    session = await Session.get()
    assert session.expires_at - session.created_at == services.settings.session_absolute_limit
    await Session.all().update(expires_at=await DatabaseClock().now() + remaining)
    assert (await find_viewer(services, token) is not None) is open_still


async def test_use_keeps_a_session_open(services: Services) -> None:
    _, token = await services.sessions.open(await active_account())
    an_hour_ago = await DatabaseClock().now() - timedelta(hours=1)
    await Session.all().update(last_used_at=an_hour_ago)
    assert await find_viewer(services, token) is not None
    assert (await Session.get()).last_used_at > an_hour_ago


async def test_expired_sessions_are_deleted_and_others_are_not(services: Services) -> None:
    _, token = await services.sessions.open(await active_account())
    await services.sessions.open(await active_account())
    first = await Session.all().order_by("created_at").first()
    assert first is not None
    await Session.exclude(id=first.id).update(expires_at=await DatabaseClock().now())
    await services.sessions.delete_expired()
    assert [session.id for session in await Session.all()] == [first.id]
    assert await find_viewer(services, token) is not None


async def test_a_new_session_ends_the_one_that_it_replaces_and_no_other(services: Services) -> None:
    account = await active_account()
    _, old = await services.sessions.open(account)
    _, elsewhere = await services.sessions.open(account)
    _, new = await services.sessions.open(account, replacing=old)
    assert await find_viewer(services, old) is None
    assert await find_viewer(services, elsewhere) is not None
    assert await find_viewer(services, new) is not None


@pytest.mark.parametrize("token", ["", "x", "\ud800", "\x00", "x" * 60_000])
async def test_an_unknown_token_opens_nothing_and_replaces_nothing(services: Services, token: str) -> None:
    _, known = await services.sessions.open(await active_account(), replacing=token)
    assert await find_viewer(services, token) is None
    assert await find_viewer(services, known) is not None


async def test_a_password_that_was_replaced_meanwhile_opens_no_session(services: Services) -> None:
    before = await active_account()
    await Account.filter(id=before.id).update(password_hash="another")
    try:
        with pytest.raises(AccountChanged):
            await services.sessions.open(before)
    finally:
        await before.save()
    assert not await Session.exists()


async def test_erasure_ends_all_sessions(services: Services) -> None:
    account = await active_account()
    assert account.contract_id is not None
    viewer, token = await services.sessions.open(account)
    await services.contracts.execute(viewer, ContractRequest(action=Action.TERMINATE, contract_id=account.contract_id))
    try:
        await TimeTravel(services).advance(await services.clock.now() + timedelta(days=46))
        assert await find_viewer(services, token) is None
        with pytest.raises(AccountChanged):
            await services.sessions.open(account)
    finally:
        await asyncio.shield(reset(services))


@pytest.mark.parametrize(
    ("environment", "name", "secure"),
    [(EnvironmentName.PRODUCTION, "__Host-session", True), (EnvironmentName.DEVELOPMENT, "session", False)],
)
def test_the_cookie_is_for_this_server_alone_and_for_no_script(
    environment: EnvironmentName, name: str, secure: bool
) -> None:
    settings = Settings(
        environment=environment,
        database_url=SecretStr("postgresql://127.0.0.1/x"),
        public_url="https://keiyaku.example.jp",
        mail_sender="no-reply@example.jp",
        secret_key=SecretStr("a key of more than thirty-two characters"),
    )
    set_response, delete_response = Response(), Response()
    set_session_cookie(set_response, settings, "opaque")
    delete_session_cookie(delete_response, settings)
    common = {"httponly", "path=/", "samesite=lax"} | ({"secure"} if secure else set())
    value, *flags = set_response.headers["set-cookie"].split("; ")
    assert value == f"{name}=opaque"
    assert {flag.lower() for flag in flags} == common | {"max-age=86400"}  # no Domain: `__Host-` forbids it
    value, *flags = delete_response.headers["set-cookie"].split("; ")
    assert value == f'{name}=""'
    assert common | {"max-age=0"} <= {flag.lower() for flag in flags}


async def test_a_person_finds_the_open_sessions_of_the_own_account_alone(services: Services) -> None:
    viewer, _ = await services.sessions.open(await active_account())
    elsewhere, _ = await services.sessions.open(await active_account())
    unused, _ = await services.sessions.open(await active_account())
    await services.sessions.open(await Account.get(email="grace@example.jp"))
    long_ago = await DatabaseClock().now() - services.settings.session_idle_limit
    await Session.filter(id=unused.session_id).update(last_used_at=long_ago)
    found = [session.id for session in await services.sessions.find(viewer)]
    assert found == [elsewhere.session_id, viewer.session_id]


async def test_a_person_ends_one_session_or_all_others_of_the_own_account(services: Services) -> None:
    viewer, token = await services.sessions.open(await active_account())
    one, token_of_one = await services.sessions.open(await active_account())
    _, token_of_another = await services.sessions.open(await active_account())
    foreign, token_of_foreign = await services.sessions.open(await Account.get(email="grace@example.jp"))
    assert await services.sessions.end_another(viewer, foreign.session_id) == 0
    assert await services.sessions.end_another(viewer, one.session_id) == 1
    assert await services.sessions.end_another(viewer, one.session_id) == 0
    assert await find_viewer(services, token_of_one) is None
    assert await services.sessions.end_others(viewer) == 1
    assert await find_viewer(services, token_of_another) is None
    for kept in (token, token_of_foreign):
        assert await find_viewer(services, kept) is not None
