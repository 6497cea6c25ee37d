"""Notices stay visible: until the connection is back, over a change of page, and over a log-in."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import NOTICE, ApiConnection, Visitor
from tests.browser.test_once import TERMINATED_ONCE, events
from tests.server.running import Client

pytestmark = pytest.mark.browser

BACK = "通信が回復しました。"
NOT_ACCEPTED = "お手続きは受け付けられていません。"


@pytest.mark.parametrize("visitor", [1280, 390], indirect=True)
async def test_the_final_click_without_a_connection_is_told_beside_the_button_and_offered_again_when_it_is_back(
    visitor: Visitor, client: Client
) -> None:
    page = visitor.page
    await visitor.open_home("active@example.jp")
    await visitor.open("/terminate")
    await page.context.set_offline(True)
    await visitor.press("契約終了")
    await visitor.expect_notice("二重に受け付けられることはありません。")
    await expect(page.get_by_role("button", name="契約終了")).to_be_focused()
    await visitor.check_accessibility()
    await page.screenshot(path=visitor.screens / f"offline-{page.viewport_size['width']}.png")  # type: ignore[index]

    await page.context.set_offline(False)
    await visitor.expect_notice(BACK)
    await visitor.expect_notice("二重に受け付けられることはありません。")
    await visitor.check_accessibility()
    assert await events(client) == ["STARTED"]
    await visitor.press("もう一度試す")
    await visitor.expect_page("/done")
    assert await events(client) == TERMINATED_ONCE


async def test_a_page_that_could_not_be_loaded_is_loaded_when_the_connection_is_back(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    api = ApiConnection(visitor.page, "viewer")
    await api.fail_requests()
    await visitor.page.reload()
    await visitor.expect_notice("ただいま接続できません。")
    await expect(visitor.page.locator(NOTICE)).to_be_focused()
    await api.restore()
    await visitor.page.context.set_offline(True)
    await visitor.page.context.set_offline(False)
    await visitor.expect_notice(BACK)
    assert await visitor.detail("契約状態") == "契約中"


@pytest.mark.parametrize(
    ("email", "path", "name"),
    [("active@example.jp", "/terminate", "契約終了"), ("grace@example.jp", "/home", "契約再開")],
)
async def test_a_click_after_the_end_of_the_session_is_remembered_over_the_log_in(
    visitor: Visitor, email: str, path: str, name: str
) -> None:
    await visitor.open_home(email)
    await visitor.open(path)
    await visitor.page.context.clear_cookies()
    await visitor.press(name)
    await visitor.expect_page("/")
    await visitor.expect_notice("ログインの有効期間が終了しました。")
    await visitor.expect_notice(NOT_ACCEPTED)
    await expect(visitor.page.locator(NOTICE)).to_be_focused()
    await visitor.log_in(email)
    await visitor.expect_page(path)
    await visitor.expect_notice(NOT_ACCEPTED)
    await visitor.expect_text(f"もう一度「{name}」を押してください。")
    await expect(visitor.page.locator(NOTICE)).to_be_focused()


async def test_a_choice_outlasts_the_end_of_the_session(visitor: Visitor, client: Client) -> None:
    await visitor.open_home("active@example.jp")
    await visitor.open("/terminate")
    await visitor.page.get_by_label("終了の理由").select_option("COMPANY_CLOSED")
    await visitor.page.context.clear_cookies()
    await visitor.press("契約終了")
    await visitor.expect_notice(NOT_ACCEPTED)
    await visitor.log_in("active@example.jp")
    await visitor.expect_page("/terminate")
    await expect(visitor.page.get_by_label("終了の理由")).to_have_value("COMPANY_CLOSED")
    await expect(visitor.page.get_by_label("終了の理由")).to_be_enabled()
    assert await events(client) == ["STARTED"]


async def test_a_notice_goes_along_when_the_page_it_was_meant_for_leads_on(visitor: Visitor) -> None:
    problem = '{"data": {"result": {"code": "CONTRACT_NOT_FOUND", "message": "契約が見つかりません。"}}}'
    await visitor.open_home("active@example.jp")
    await visitor.open("/terminate")
    await ApiConnection(visitor.page, "terminateContract").respond_with(200, problem)
    await visitor.press("契約終了")
    await visitor.expect_page("/home")
    await visitor.expect_notice("お手続きは行われませんでした。")


async def test_a_new_hold_is_told_beside_the_button_that_takes_its_place(visitor: Visitor) -> None:
    await visitor.open("/")
    await visitor.log_in("operator@example.jp")
    await visitor.expect_page("/operator")
    await visitor.follow("合同会社えんがわ企画")
    await visitor.wait_until_loaded()
    await visitor.page.get_by_label("案件番号").fill("2026-0142")
    await visitor.page.get_by_label("理由").fill("係争中")
    await visitor.press("抹消を保留")
    await visitor.expect_notice("抹消を保留しました。")
    await expect(visitor.page.locator(f"#holding {NOTICE}")).to_be_focused()
