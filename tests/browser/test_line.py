"""The line to the API is slow, or cut, or answered by somebody else: the page says so, and nothing is sent twice."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import NOTICE, Line, Visitor
from tests.server.running import PASSWORD

pytestmark = pytest.mark.browser

UNREACHABLE = "ただいま接続できません。"
AT_WORK = "送信しています…"


async def test_a_page_says_that_it_is_loading(visitor: Visitor) -> None:
    await visitor.at_home("active@example.jp")
    line = Line(visitor.page, "viewer")
    await line.be_slow()
    await visitor.page.reload()
    await visitor.reads("読み込んでいます…")
    await visitor.finds_no_barrier()
    line.speed_up()
    await visitor.settled()
    assert await visitor.particular("会社名") == "株式会社あおぞら製作所"


async def test_a_slow_log_in_is_sent_once_however_often_it_is_clicked(visitor: Visitor) -> None:
    await visitor.open("/")
    line = Line(visitor.page, "logIn")
    await line.be_slow()
    await visitor.log_in("active@example.jp")
    await expect(visitor.page.get_by_role("button", name=AT_WORK)).to_be_visible()
    await visitor.finds_no_barrier()
    await visitor.page.get_by_role("button", name=AT_WORK).click(force=True)
    await visitor.page.get_by_label("パスワード").press("Enter")
    line.speed_up()
    await visitor.at("/home")
    assert line.sent == 1


async def test_a_slow_resumption_is_sent_once_however_often_it_is_clicked(visitor: Visitor) -> None:
    await visitor.at_home("grace@example.jp")
    line = Line(visitor.page, "resumeContract")
    await line.be_slow()
    await visitor.page.get_by_role("button", name="契約再開").dblclick()
    await visitor.page.get_by_role("button", name=AT_WORK).click(force=True)
    line.speed_up()
    await visitor.at("/done")
    assert line.sent == 1


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
    line = Line(visitor.page, "logIn")
    await line.be_answered_by(status, body)
    await visitor.log_in("active@example.jp")
    await visitor.is_told(UNREACHABLE)
    await visitor.finds_no_barrier()
    await expect(visitor.page.get_by_label("パスワード")).to_have_value(PASSWORD)
    await line.mend()
    await visitor.press("ログイン")
    await visitor.at("/home")


async def test_while_the_api_is_away_every_page_says_so_and_tries_again(visitor: Visitor) -> None:
    await visitor.at_home("active@example.jp")
    for path in ("/home", "/terminate"):
        line = Line(visitor.page, "viewer")
        await line.cut_before_the_request()
        await visitor.page.goto(f"{visitor.base_url}{path}")
        await visitor.is_told(UNREACHABLE)
        await visitor.finds_no_barrier()
        await line.mend()
        await visitor.press("もう一度試す")
        await visitor.settled()
        await expect(visitor.page.locator(NOTICE)).to_have_count(0)
