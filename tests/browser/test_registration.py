"""A contractor takes along what is registered, and the dates."""

import zipfile

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Visitor
from tests.server.running import Client

from contract_server.documents.export_budget import EXPORTS

pytestmark = pytest.mark.browser

CARD = "section[aria-labelledby=registration]"


@pytest.mark.parametrize("visitor", [1280, 390], indirect=True)
async def test_the_registered_information_is_downloaded_and_the_page_says_until_when(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    await expect(visitor.page.locator(CARD)).to_contain_text("利用終了の申請日から45日の間、受け取れます。")
    await expect(visitor.page.locator(CARD)).to_contain_text("会員30名様")
    async with visitor.page.expect_download() as started:
        await visitor.press("ダウンロード")
    download = await started.value
    assert download.suggested_filename == "omakase-login.zip"
    with zipfile.ZipFile(await download.path()) as archive:
        assert len(archive.read("registration.jsonl").splitlines()) == 31
    await visitor.expect_notice("ダウンロードしました（")
    await visitor.check_step("registration")


async def test_after_the_application_the_page_names_the_last_day_of_the_download(visitor: Visitor) -> None:
    await visitor.open_home("grace@example.jp")
    last_day = (await visitor.page.locator(".when").last.inner_text()).partition("まで")[0]
    await expect(visitor.page.locator(CARD)).to_contain_text(f"{last_day}まで受け取れます。")


async def test_the_page_says_when_the_next_download_is_possible(visitor: Visitor, client: Client) -> None:
    await client.log_in("active@example.jp")
    for _ in range(EXPORTS):
        assert (await client.http.post("/documents/registration.zip")).status_code == 200
    await visitor.open_home("active@example.jp")
    await visitor.press("ダウンロード")
    await visitor.expect_notice("登録情報のダウンロードは、1日に10回までです。")
    await visitor.expect_notice("以降に、もう一度お試しください。")
    await expect(visitor.page.get_by_role("button", name="もう一度試す")).to_have_count(0)
    visitor.console_errors.clear()  # the browser reports the status


async def test_the_end_of_the_session_leads_to_the_log_in_and_back(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    await visitor.page.context.clear_cookies()
    await visitor.press("ダウンロード")
    await visitor.expect_notice("ログインの有効期間が終了しました。")
    visitor.console_errors.clear()  # the browser reports the status
    await visitor.log_in("active@example.jp")
    await visitor.expect_page("/home")


async def test_the_dates_are_downloaded_from_home_and_from_the_done_page(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    await visitor.open("/terminate")
    await visitor.press("契約終了")
    await visitor.expect_page("/done")
    for path in ("/done", "/home"):
        await visitor.open(path)
        async with visitor.page.expect_download() as started:
            await visitor.follow("予定をカレンダーに登録（.ics）")
        assert (await started.value).suggested_filename == "omakase-login.ics"


async def test_the_printed_receipt_has_number_instant_company_dates_and_contact(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    await visitor.open("/terminate")
    await visitor.press("契約終了")
    await visitor.expect_page("/done")
    await visitor.page.emulate_media(media="print")
    for path in ("/done", "/home"):
        await visitor.open(path)
        for term in ("受付番号", "受付日時", "会社名", "契約終了日"):
            await expect(visitor.page.locator(f"dt:text-is('{term}')")).to_be_visible()
        await expect(visitor.page.locator(".when")).to_have_count(4)
        await expect(visitor.page.locator(".contact a")).to_be_visible()
        await expect(visitor.page.locator(CARD)).to_be_hidden()
        await visitor.page.screenshot(path=visitor.screens / f"print-{path[1:]}.png", full_page=True)
