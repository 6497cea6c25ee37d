"""A contractor keeps the receipt number, and with it alone prints the certificate of erasure afterwards."""

import pytest
from tests.browser.conftest import Visitor
from tests.server.running import ACTIVE_CONTRACT, RESUME, TERMINATE, Client

pytestmark = pytest.mark.browser


async def look_up(visitor: Visitor, number: str) -> None:
    await visitor.open("/login")  # another fragment alone would not load the page again
    await visitor.open(f"/receipt#{number}")
    await visitor.page.locator("[type=submit]").click()


@pytest.mark.parametrize("visitor", [1280, 390], indirect=True)
async def test_the_number_leads_from_the_application_to_the_certificate(visitor: Visitor, client: Client) -> None:
    await visitor.open_home("active@example.jp")
    await visitor.follow("契約終了")
    await visitor.page.locator("#confirm [type=submit]").click()
    await visitor.expect_page("/done")
    number = await visitor.detail("受付番号")
    await visitor.open("/home")
    assert await visitor.detail("受付番号") == number

    await look_up(visitor, number.lower().replace("-", ""))
    await visitor.expect_text("登録情報は、まだ抹消されていません。")
    await visitor.check_accessibility()

    await client.advance(days=46)
    await visitor.page.context.clear_cookies()
    await look_up(visitor, number)
    await visitor.expect_text("登録情報を抹消したことを証明します。")
    await visitor.expect_text(number)
    await visitor.check_accessibility()
    size = visitor.page.viewport_size
    assert size is not None
    assert await visitor.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    await visitor.page.emulate_media(media="print")
    assert not await visitor.page.locator("#content .buttons").is_visible()
    await visitor.page.emulate_media(media="screen")
    await visitor.page.locator("#language").click()
    await look_up(visitor, number)
    await visitor.expect_text("Certificate of erasure")


@pytest.mark.parametrize("visitor", [390], indirect=True)
async def test_a_withdrawn_application_says_so_and_a_mistyped_number_is_refused(
    visitor: Visitor, client: Client
) -> None:
    await client.log_in("active@example.jp")
    await client.ask(TERMINATE, id=ACTIVE_CONTRACT)
    query = "{ viewer { contract { termination { receiptNumber } } } }"
    number = (await client.ask(query))["viewer"]["contract"]["termination"]["receiptNumber"]
    await client.ask(RESUME, id=ACTIVE_CONTRACT)
    await look_up(visitor, number)
    await visitor.expect_text("この申請は、利用再開により取り下げられました。")
    await look_up(visitor, number[1] + number[0] + number[2:] if number[0] != number[1] else "x")
    await visitor.expect_text("この受付番号の申請は見つかりません。")
    await visitor.check_accessibility()
