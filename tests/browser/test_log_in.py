"""Log-in, its refusal, and the way to a new password."""

from datetime import datetime, timedelta
from email.message import EmailMessage

import asyncpg
import pytest
from playwright.async_api import expect
from tests.browser.conftest import NOTICE, ApiConnection, Visitor
from tests.server.running import Client, Running

pytestmark = pytest.mark.browser

GUESS = """
mutation ($email: String!) {
  logIn(input: { email: $email, password: "wrong" }) { __typename ... on LogInRefused { retryAt } }
}
"""


async def test_after_too_many_tries_the_page_says_when_to_come_back(visitor: Visitor, client: Client) -> None:
    retry_at = None
    while retry_at is None:
        retry_at = (await client.ask(GUESS, email="somebody@example.jp"))["logIn"]["retryAt"]
    full_minute = datetime.fromisoformat(retry_at) + timedelta(minutes=1, microseconds=-1)
    await visitor.open("/")
    await visitor.log_in("somebody@example.jp")
    await visitor.expect_notice(f"{full_minute:%H:%M}以降にもう一度お試しください。")
    await expect(visitor.page.get_by_label("パスワード")).to_be_focused()
    await visitor.check_accessibility()


async def test_a_password_that_was_not_looked_at_stays_to_be_sent_again(visitor: Visitor) -> None:
    await visitor.open("/")
    connection = ApiConnection(visitor.page, "LogInInput")
    await connection.respond_with(
        200, '{"data": {"logIn": {"__typename": "LogInRefused", "code": "BUSY", "message": "m"}}}'
    )
    await visitor.log_in("active@example.jp")
    await visitor.expect_notice("m")
    await connection.restore()
    await visitor.press("ログイン")
    await visitor.expect_page("/home")


async def test_whoever_logs_out_is_out_on_every_page(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    await visitor.press("ログアウト")
    await visitor.expect_page("/")
    await visitor.expect_notice("ログアウトしました。")
    for path in ("/home", "/done", "/operator"):
        await visitor.page.goto(f"{visitor.base_url}{path}")
        await visitor.expect_page("/")
        await visitor.expect_notice("ログインしてください。")


async def test_an_erased_contractor_is_answered_like_an_unknown_address(visitor: Visitor) -> None:
    await visitor.open_home("closed@example.jp")
    await visitor.press("46日目へ")
    await visitor.expect_page("/")
    await visitor.expect_notice("ログインの有効期間が終了しました。")

    answers = []
    for email in ("closed@example.jp", "nobody@example.jp"):
        await visitor.open("/")
        await visitor.log_in(email)
        await visitor.expect_notice("正しくありません")
        answers.append(await visitor.page.locator(NOTICE).inner_text())
    assert answers[0] == answers[1]
    await visitor.check_accessibility()


async def test_a_new_password_comes_by_mail(visitor: Visitor, service: Running) -> None:
    await visitor.open("/")
    await visitor.follow("パスワードを忘れた方はこちら")
    await visitor.expect_page("/password")
    await visitor.check_accessibility()
    await visitor.page.get_by_label("メールアドレス").fill("active@example.jp")
    await visitor.press("送信")
    await visitor.expect_text("メールをご確認ください")
    await visitor.check_accessibility()

    (mail,) = await service.mails(1)
    link = link_in(mail)
    await visitor.page.goto(link)
    user_name = visitor.page.get_by_label("メールアドレス")
    await expect(user_name).to_have_value("active@example.jp")
    await expect(user_name).to_have_attribute("autocomplete", "username")
    await visitor.check_accessibility()
    await visitor.page.get_by_label("新しいパスワード", exact=True).fill("short")
    await visitor.page.get_by_label("新しいパスワード（確認）").fill("another")
    await visitor.press("設定")
    await visitor.expect_text("同じパスワードを入力してください。")
    await visitor.page.get_by_label("新しいパスワード（確認）").fill("short")
    await visitor.press("設定")
    await visitor.expect_text("新しいパスワードは12文字以上256文字以内で入力してください。")
    await visitor.check_accessibility()
    for label in ("新しいパスワード", "新しいパスワード（確認）"):
        await visitor.page.get_by_label(label, exact=True).fill("x" * 300)
    assert len(await visitor.page.get_by_label("新しいパスワード", exact=True).input_value()) == 300
    await visitor.press("設定")
    await visitor.expect_text("新しいパスワードは12文字以上256文字以内で入力してください。")
    for label in ("新しいパスワード", "新しいパスワード（確認）"):
        await visitor.page.get_by_label(label, exact=True).fill("a new password of mine")
    await visitor.press("設定")
    await visitor.expect_page("/")
    await visitor.expect_notice("新しいパスワードを設定しました。")
    await visitor.log_in("active@example.jp", "a new password of mine")
    await visitor.expect_page("/home")

    await expect_dead_link(visitor, link)


async def test_a_link_that_has_expired_is_refused_and_the_page_leads_to_a_new_one(
    visitor: Visitor, client: Client, service: Running
) -> None:
    await client.ask("""mutation { requestPasswordReset(input: { email: "grace@example.jp" }) { ok } }""")
    (mail,) = await service.mails(1)
    connection = await asyncpg.connect(service.database_url)
    await connection.execute("UPDATE password_reset_token SET expires_at = now()")
    await connection.close()
    await expect_dead_link(visitor, link_in(mail))
    await visitor.check_accessibility()
    await visitor.follow("URLを再度受け取る")
    await visitor.expect_page("/password")


def link_in(mail: EmailMessage) -> str:
    text: str = mail.get_content()
    return next(line for line in text.splitlines() if "/password/new#" in line)


async def expect_dead_link(visitor: Visitor, link: str) -> None:
    await visitor.page.goto("about:blank")  # otherwise only the fragment would change
    await visitor.page.goto(link)
    await visitor.expect_notice("このリンクは無効か、有効期限が切れています。")
    await expect(visitor.page.get_by_label("新しいパスワード", exact=True)).not_to_be_visible()
