"""Use by keyboard, messages beside fields, language, and print."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


async def test_the_whole_procedure_can_be_done_with_the_keyboard_alone(visitor: Visitor) -> None:
    keyboard = visitor.page.keyboard
    await visitor.open("/")
    await visitor.tab_to("本文へ移動")
    await visitor.tab_to("email")
    await keyboard.type("active@example.jp")
    await visitor.tab_to("password")
    await keyboard.type("omakase-demo-2026")
    await keyboard.press("Enter")
    await visitor.expect_page("/home")
    await visitor.tab_to("契約終了")
    await keyboard.press("Enter")
    await visitor.expect_page("/terminate")
    await visitor.tab_to("reason")
    await keyboard.press("ArrowDown")
    await visitor.tab_to("契約終了")
    await keyboard.press("Enter")
    await visitor.expect_page("/done")
    await expect(visitor.page.get_by_role("heading", level=1)).to_be_focused()
    await visitor.tab_to("ホームに戻る")
    await keyboard.press("Enter")
    await visitor.expect_page("/home")
    await visitor.tab_to("契約再開")
    await keyboard.press("Space")
    await visitor.expect_page("/done")
    await visitor.expect_text("利用再開手続きが完了しました")


async def test_a_form_says_beside_the_field_what_it_lacks(visitor: Visitor) -> None:
    await visitor.open("/")
    await visitor.press("ログイン")
    await expect(visitor.page.get_by_label("メールアドレス")).to_be_focused()
    await expect(visitor.page.get_by_label("メールアドレス")).to_have_accessible_description("入力してください。")
    await visitor.check_accessibility()


async def test_english_is_kept_from_page_to_page(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.open("/")
    await visitor.press("English")
    await page.get_by_label("Email address").fill("grace@example.jp")
    await page.get_by_label("Password").fill("omakase-demo-2026")
    await visitor.press("Log in")
    await visitor.expect_page("/home")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await visitor.expect_text("The service can be used until")
    assert await visitor.detail("Status") == "Terminated"
    await visitor.check_accessibility()
    await visitor.press("日本語")
    await visitor.expect_text("おまかせログイン利用契約内容")


async def test_the_completed_procedure_is_printed_without_what_can_be_clicked(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    await visitor.follow("契約終了")
    await visitor.expect_page("/terminate")
    await visitor.press("契約終了")
    await visitor.expect_page("/done")
    await visitor.page.emulate_media(media="print")
    for button in await visitor.page.get_by_role("button", include_hidden=True).all():
        await expect(button).to_be_hidden()
    await expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    await expect(visitor.page.locator(".timeline")).to_be_visible()


async def test_a_name_that_looks_like_markup_stays_a_name(visitor: Visitor) -> None:
    await visitor.open("/password/new#%3Cimg%20src=x%3E")
    await expect(visitor.page.locator("main img")).to_have_count(0)
