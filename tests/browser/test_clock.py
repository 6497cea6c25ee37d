"""The clock bar of development: its buttons move the time, and the pages follow."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

DAYS_LEFT = ".timeline .left"


async def move(visitor: Visitor, button: str) -> None:
    """Press a button of the bar, and wait until the page has loaded again."""
    async with visitor.page.expect_navigation():
        await visitor.press(button)
    await visitor.wait_until_loaded()
    await expect(visitor.page.get_by_role("button", name="最初に戻す")).to_be_enabled()


async def enabled_buttons(visitor: Visitor) -> list[bool]:
    """Which of the bar's buttons can be pressed."""
    await expect(visitor.page.locator("#clock-now")).to_contain_text("年")
    buttons = await visitor.page.locator("#clock [data-move]").all()
    return [await button.is_enabled() for button in buttons]


async def test_the_bar_leads_through_the_dates_of_the_contract_and_back_to_the_start(visitor: Visitor) -> None:
    days_left = visitor.page.locator(DAYS_LEFT)
    await visitor.open_home("grace@example.jp")
    await expect(days_left).to_have_text(["あと11日", "あと11日", "あと42日"])
    assert await enabled_buttons(visitor) == [True, True, True, True, True]

    await move(visitor, "＋1日")
    await expect(days_left).to_have_text(["あと10日", "あと10日", "あと41日"])
    await move(visitor, "最終日へ")
    await expect(days_left).to_have_text(["本日まで", "本日まで", "あと31日"])
    await expect(visitor.page.get_by_role("button", name="契約再開")).to_be_visible()
    assert await enabled_buttons(visitor) == [True, False, True, True, True]

    await move(visitor, "15日目へ")
    await expect(days_left).to_have_text(["あと30日"])
    await expect(visitor.page.locator(".when").filter(has_text="をもって終了いたしました")).to_have_count(2)
    await expect(visitor.page.get_by_role("button", name="契約再開")).to_have_count(0)
    assert await enabled_buttons(visitor) == [True, False, False, True, True]
    await visitor.check_accessibility()

    await move(visitor, "最初に戻す")
    await expect(days_left).to_have_text(["あと11日", "あと11日", "あと42日"])


async def test_a_contract_without_dates_has_days_to_move_by_and_nothing_else(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    assert await enabled_buttons(visitor) == [True, False, False, False, True]


async def test_the_bar_leads_to_the_mails_and_the_mails_back(visitor: Visitor) -> None:
    await visitor.open("/")
    await visitor.follow("届いたメール")
    await visitor.expect_page("/dev/mail")
    await visitor.follow("おまかせログイン")
    await visitor.expect_page("/")
