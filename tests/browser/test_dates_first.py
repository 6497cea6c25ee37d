"""What follows is said first, and its button is in view without scrolling."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Visitor
from tests.server.running import Client

pytestmark = pytest.mark.browser

SIZES = ((1280, 800), (390, 844), (390, 664))
NOW = "{ testClock { now } }"


async def in_days(client: Client, days: int) -> str:
    now = datetime.fromisoformat((await client.ask(NOW))["testClock"]["now"])
    day = now.date() + timedelta(days=days)
    return f"{day.month}月{day.day}日（{'月火水木金土日'[day.weekday()]}）"


async def test_the_confirmation_says_the_dates_in_one_sentence(visitor: Visitor, client: Client) -> None:
    await visitor.open_home("active@example.jp")
    await visitor.open("/terminate")
    last_day = await in_days(client, 14)
    await expect(visitor.page.locator(".headline")).to_have_text(
        f"本日お申し込みの場合、{last_day}までご利用いただけ、同日まで取り消せます。"
    )
    await visitor.press("English")
    await expect(visitor.page.locator(".headline")).to_have_text(
        re.compile(r"^If you apply today, .* until \w+day, \d+ \w+, and .* until the same day\.$")
    )


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_headline_and_the_button_are_in_view(visitor: Visitor, size: tuple[int, int]) -> None:
    await visitor.page.set_viewport_size({"width": size[0], "height": size[1]})
    await visitor.open_home("active@example.jp")
    await visitor.open("/terminate")
    for seen in (".headline", "#confirm [type=submit]"):
        await expect(visitor.page.locator(seen)).to_be_in_viewport(ratio=1)
    await visitor.page.screenshot(path=visitor.screens / f"confirmation-{size[0]}x{size[1]}.png")


async def test_each_calculation_is_folded_until_it_is_asked_for(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    await visitor.open("/terminate")
    why = visitor.page.get_by_text("翌日を1日目として")
    assert await why.count() == 3
    await expect(why.first).to_be_hidden()
    await visitor.page.get_by_text("なぜこの日ですか").first.click()
    await expect(why.first).to_be_visible()
    await visitor.check_accessibility()


async def test_the_done_page_says_until_when_it_can_be_taken_back_and_takes_it_back(
    visitor: Visitor, client: Client
) -> None:
    await visitor.open_home("active@example.jp")
    await visitor.open("/terminate")
    await visitor.press("契約終了")
    await visitor.expect_page("/done")
    await visitor.expect_text(f"{await in_days(client, 14)}までは、「契約再開」から利用を再開することが可能です。")
    await visitor.press("契約再開")
    await visitor.expect_text("利用再開手続きが完了しました")
    await expect(visitor.page.get_by_role("button", name="契約再開")).to_have_count(0)
