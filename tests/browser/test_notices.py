"""A notice stays with the person: until the connection is back, over a change of page, over a log-in."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import NOTICE, Line, Visitor
from tests.browser.test_once import TERMINATED_ONCE, events
from tests.server.running import Client

pytestmark = pytest.mark.browser

BACK = "通信が回復しました。"
OPEN = "前回の送信は、受け付けられたことを確認できておりません。"


@pytest.mark.parametrize("visitor", [1280, 390], indirect=True)
async def test_the_final_click_without_a_connection_is_told_beside_the_button_and_offered_again_when_it_is_back(
    visitor: Visitor, client: Client
) -> None:
    page = visitor.page
    await visitor.at_home("active@example.jp")
    await visitor.open("/terminate")
    await page.context.set_offline(True)
    await visitor.press("契約終了")
    await visitor.is_told("二重に受け付けられることはありません。")
    await expect(page.get_by_role("button", name="契約終了")).to_be_focused()
    await visitor.finds_no_barrier()
    await page.screenshot(path=visitor.screens / f"offline-{page.viewport_size['width']}.png")  # type: ignore[index]

    await page.context.set_offline(False)
    await visitor.is_told(BACK)
    await visitor.is_told("二重に受け付けられることはありません。")
    await visitor.finds_no_barrier()
    assert await events(client) == ["STARTED"]
    await visitor.press("もう一度試す")
    await visitor.at("/done")
    assert await events(client) == TERMINATED_ONCE


async def test_a_page_that_could_not_be_loaded_is_loaded_when_the_connection_is_back(visitor: Visitor) -> None:
    await visitor.at_home("active@example.jp")
    line = Line(visitor.page, "viewer")
    await line.cut_before_the_request()
    await visitor.page.reload()
    await visitor.is_told("ただいま接続できません。")
    await expect(visitor.page.locator(NOTICE)).to_be_focused()
    await line.mend()
    await visitor.page.context.set_offline(True)
    await visitor.page.context.set_offline(False)
    await visitor.is_told(BACK)
    assert await visitor.particular("契約状態") == "契約中"


@pytest.mark.parametrize(
    ("email", "path", "name"),
    [("active@example.jp", "/terminate", "契約終了"), ("grace@example.jp", "/home", "契約再開")],
)
async def test_a_click_after_the_end_of_the_session_is_remembered_over_the_log_in(
    visitor: Visitor, email: str, path: str, name: str
) -> None:
    await visitor.at_home(email)
    await visitor.open(path)
    await visitor.page.context.clear_cookies()
    await visitor.press(name)
    await visitor.at("/")
    await visitor.is_told("ログインの有効期間が終了しました。")
    await expect(visitor.page.locator(NOTICE)).to_be_focused()
    await visitor.log_in(email)
    await visitor.at("/home")
    await visitor.is_told(OPEN)
    await visitor.reads(f"もう一度「{name}」をクリックしてください。")
    await expect(visitor.page.locator(NOTICE)).to_be_focused()


async def test_a_notice_goes_along_when_the_page_it_was_meant_for_leads_on(visitor: Visitor) -> None:
    problem = '{"data": {"result": {"code": "CONTRACT_NOT_FOUND", "message": "契約が見つかりません。"}}}'
    await visitor.at_home("active@example.jp")
    await visitor.open("/terminate")
    await Line(visitor.page, "terminateContract").be_answered_by(200, problem)
    await visitor.press("契約終了")
    await visitor.at("/home")
    await visitor.is_told("契約が見つかりません。")


async def test_a_change_of_the_hold_is_told_beside_the_button_that_takes_its_place(visitor: Visitor) -> None:
    await visitor.open("/")
    await visitor.log_in("operator@example.jp")
    await visitor.at("/operator")
    await visitor.follow("合同会社えんがわ企画")
    await visitor.settled()
    await visitor.page.get_by_label("理由").fill("2026-0142")
    await visitor.press("抹消を保留")
    await visitor.is_told("抹消を保留しました。")
    await expect(visitor.page.locator(f"#holding {NOTICE}")).to_be_focused()
