"""The second factor in a browser, with Chromium's virtual authenticator: registering, logging in, and asking again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Browser, CDPSession, expect
from tests.browser.conftest import Visitor
from tests.chromium import REPORT_VIOLATIONS
from tests.conftest import seeded_database
from tests.server.running import GRACE_CONTRACT, RESET, Client, Running, command, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

pytestmark = pytest.mark.browser

OPERATOR = "operator@example.jp"
CONTRACT = f"/operator/contracts/{GRACE_CONTRACT}"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
LATER = "UPDATE session SET second_factor_at = now() - interval '5 minutes'"


@pytest.fixture(scope="module")
async def service(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A server that requires the second factor, by the name that passkeys need."""
    folder = tmp_path_factory.mktemp("passkeys")
    url = await seeded_database(postgres)
    async with running(url, redis.url, folder, worker=False, OPERATOR_SECOND_FACTOR="required") as service:
        yield replace(service, base_url=service.base_url.replace("127.0.0.1", "localhost"))


@pytest.fixture
async def client(service: Running) -> AsyncIterator[Client]:
    async with service.client() as client:
        client.http.base_url = service.base_url.replace("localhost", "127.0.0.1")
        yield client


@pytest.fixture
async def visitor(chromium: Browser, service: Running, client: Client, tmp_path: Path) -> AsyncIterator[Visitor]:
    await client.ask(RESET)
    async with await chromium.new_context(viewport={"width": 1280, "height": 800}, locale="ja-JP") as context:
        await context.add_init_script(REPORT_VIOLATIONS)
        visitor = Visitor(await context.new_page(), service.base_url, tmp_path)
        visitor.page.on("pageerror", lambda error: visitor.console_errors.append(f"error: {error}"))
        yield visitor
        assert visitor.console_errors == []


@dataclass
class Authenticator:
    """The virtual authenticator of the visitor's browser."""

    session: CDPSession
    id: str

    async def forget(self) -> None:
        """Forget all passkeys."""
        await self.session.send("WebAuthn.clearCredentials", {"authenticatorId": self.id})


@pytest.fixture
async def authenticator(visitor: Visitor) -> Authenticator:
    session = await visitor.page.context.new_cdp_session(visitor.page)
    await session.send("WebAuthn.enable")
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return Authenticator(session, added["authenticatorId"])


async def register(visitor: Visitor, service: Running) -> list[str]:
    """Register a passkey by a link of the command line; return the recovery codes that the page shows."""
    status, output, errors = await command(service.variables, "user", "enrol", OPERATOR)
    assert status == 0, errors
    address = output.split()[-1]
    assert address.startswith(f"{service.base_url}/second-factor/new#")
    await visitor.page.goto(address)
    await visitor.press("登録")
    await visitor.expect_notice("パスキーを登録しました。")
    await visitor.check_accessibility()
    return await visitor.page.locator(".codes li").all_inner_texts()


async def log_in(visitor: Visitor) -> None:
    await visitor.open("/")
    await visitor.log_in(OPERATOR)
    await visitor.expect_page("/second-factor")


async def hold(visitor: Visitor) -> None:
    await visitor.open(CONTRACT)
    await visitor.page.locator("#reference").fill("2026-0142")
    await visitor.page.locator("#reason").fill("係争中")
    await visitor.press("抹消を保留")


async def make_late(service: Running) -> None:
    """Let some minutes pass since the second factor."""
    database = await asyncpg.connect(service.database_url)
    await database.execute(LATER)
    await database.close()


@pytest.mark.usefixtures("authenticator")
async def test_an_operator_registers_a_passkey_and_logs_in_with_it(visitor: Visitor, service: Running) -> None:
    codes = await register(visitor, service)
    assert len(codes) == 10
    await log_in(visitor)
    await visitor.check_accessibility()
    await visitor.press("パスキーで認証")
    await visitor.expect_page("/operator")


@pytest.mark.usefixtures("authenticator")
async def test_what_reaches_far_asks_for_the_passkey_and_then_happens(visitor: Visitor, service: Running) -> None:
    await register(visitor, service)
    await log_in(visitor)
    await visitor.press("パスキーで認証")
    await visitor.expect_page("/operator")
    await make_late(service)
    await hold(visitor)
    await visitor.expect_notice("抹消を保留しました。")


async def test_without_the_passkey_what_reaches_far_does_not_happen(
    visitor: Visitor, service: Running, authenticator: Authenticator
) -> None:
    codes = await register(visitor, service)
    await log_in(visitor)
    await visitor.press("パスキーで認証")
    await visitor.expect_page("/operator")
    await make_late(service)
    await authenticator.forget()
    await hold(visitor)
    await visitor.expect_notice("パスキーを確認できませんでした。")
    await visitor.open("/second-factor")
    await visitor.page.get_by_label("回復用コード").fill(codes[0])
    await visitor.press("コードで認証")
    await visitor.expect_page("/operator")
    await hold(visitor)
    await visitor.expect_notice("抹消を保留しました。")


@pytest.mark.usefixtures("authenticator")
async def test_a_used_code_is_refused_where_the_button_is(visitor: Visitor, service: Running) -> None:
    codes = await register(visitor, service)
    await log_in(visitor)
    await visitor.page.get_by_label("回復用コード").fill(codes[0])
    await visitor.press("コードで認証")
    await visitor.expect_page("/operator")
    await visitor.open("/second-factor")
    await visitor.page.get_by_label("回復用コード").fill(codes[0])
    await visitor.press("コードで認証")
    await visitor.expect_notice("認証できませんでした。")


async def test_an_operator_without_a_passkey_learns_at_the_log_in_how_to_get_one(visitor: Visitor) -> None:
    await visitor.open("/")
    await visitor.log_in(OPERATOR)
    await visitor.expect_notice("二段階認証が登録されていません。")


async def test_a_link_that_is_good_no_longer_says_so(visitor: Visitor) -> None:
    await visitor.open("/second-factor/new#used")
    await visitor.press("登録")
    await visitor.expect_notice("このリンクは無効か、有効期限が切れています。")


@pytest.mark.usefixtures("authenticator")
async def test_before_the_second_factor_every_page_of_operators_leads_to_the_log_in(
    visitor: Visitor, service: Running
) -> None:
    await register(visitor, service)
    for path in ("/operator", "/operator/audit", "/operator/health", CONTRACT, "/account"):
        await log_in(visitor)
        await visitor.page.goto(f"{service.base_url}{path}")
        await visitor.expect_page("/")
        await expect(visitor.page.locator("#log-in")).to_be_visible()
