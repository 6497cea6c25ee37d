"""The connection to the API is slow, broken, or ends at a proxy: the page shows it, and sends nothing twice."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import NOTICE, ApiConnection, Visitor
from tests.server.running import PASSWORD

pytestmark = pytest.mark.browser

UNREACHABLE = "ただいま接続できません。"
AT_WORK = "送信しています…"


async def test_a_page_says_that_it_is_loading(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    api = ApiConnection(visitor.page, "viewer")
    await api.delay_requests()
    await visitor.page.reload()
    await visitor.expect_text("読み込んでいます…")
    await visitor.check_accessibility()
    api.release()
    await visitor.wait_until_loaded()
    assert await visitor.detail("会社名") == "株式会社あおぞら製作所"


async def test_a_slow_log_in_is_sent_once_however_often_it_is_clicked(visitor: Visitor) -> None:
    await visitor.open("/")
    api = ApiConnection(visitor.page, "logIn")
    await api.delay_requests()
    await visitor.log_in("active@example.jp")
    await expect(visitor.page.get_by_role("button", name=AT_WORK)).to_be_visible()
    await visitor.check_accessibility()
    await visitor.page.get_by_role("button", name=AT_WORK).click(force=True)
    await visitor.page.get_by_label("パスワード").press("Enter")
    api.release()
    await visitor.expect_page("/home")
    assert api.requests == 1


async def test_a_slow_resumption_is_sent_once_however_often_it_is_clicked(visitor: Visitor) -> None:
    await visitor.open_home("grace@example.jp")
    api = ApiConnection(visitor.page, "resumeContract")
    await api.delay_requests()
    await visitor.page.get_by_role("button", name="契約再開").dblclick()
    await visitor.page.get_by_role("button", name=AT_WORK).click(force=True)
    api.release()
    await visitor.expect_page("/done")
    assert api.requests == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, "<!doctype html><title>502 Bad Gateway</title>"),
        (
            503,
            '{"errors": [{"message": "away", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}',
        ),
    ],
)
async def test_an_answer_that_is_none_is_told_plainly_and_leaves_the_form_as_it_was(
    visitor: Visitor, status: int, body: str
) -> None:
    await visitor.open("/")
    api = ApiConnection(visitor.page, "logIn")
    await api.respond_with(status, body)
    await visitor.log_in("active@example.jp")
    await visitor.expect_notice(UNREACHABLE)
    await visitor.check_accessibility()
    await expect(visitor.page.get_by_label("パスワード")).to_have_value(PASSWORD)
    await api.restore()
    await visitor.press("ログイン")
    await visitor.expect_page("/home")


async def test_while_the_api_is_away_every_page_says_so_and_tries_again(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    for path in ("/home", "/terminate"):
        api = ApiConnection(visitor.page, "viewer")
        await api.fail_requests()
        await visitor.page.goto(f"{visitor.base_url}{path}")
        await visitor.expect_notice(UNREACHABLE)
        await visitor.check_accessibility()
        await api.restore()
        await visitor.press("もう一度試す")
        await visitor.wait_until_loaded()
        await expect(visitor.page.locator(NOTICE)).to_have_count(0)
