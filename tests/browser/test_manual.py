"""Chapters 1 and 2 of the manual, step by step. Each step saves a picture."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import SIZES, Visitor
from tests.server.running import Running

pytestmark = pytest.mark.browser

at_both_widths = pytest.mark.parametrize("visitor", SIZES, indirect=True)

TERMS = [
    "会社名",
    "会社住所",
    "郵便番号",
    "電話番号",
    "契約者名",
    "契約者メールアドレス",
    "契約状態",
    "契約開始日",
    "契約終了日",
]


@at_both_widths
async def test_a_contractor_terminates_and_resumes_as_the_manual_says(visitor: Visitor, service: Running) -> None:
    page = visitor.page

    # 1 (1) 「契約管理のログインはこちら」をクリックし、契約者としてログインします。
    await visitor.open("/")
    await visitor.check_step("1-1-log-in")
    await visitor.follow("契約管理のログインはこちら")
    await visitor.expect_page("/login")
    await visitor.log_in("active@example.jp")

    # 1 (2) ホーム画面にて「契約終了」をクリックします。
    await visitor.expect_page("/home")
    await expect(page.get_by_role("heading", level=1)).to_have_text("おまかせログイン利用契約内容")
    assert await page.locator("dt").all_inner_texts() == TERMS
    assert await visitor.detail("会社名") == "株式会社あおぞら製作所"
    assert await visitor.detail("契約状態") == "契約中"
    assert await visitor.detail("契約終了日") == "-"
    await visitor.check_step("1-2-home")
    await visitor.follow("契約終了")

    # 1 (3) 契約終了確認画面が表示されます。問題ないことを確認し、「契約終了」をクリックします
    await visitor.expect_page("/terminate")
    await expect(page.get_by_role("heading", level=1)).to_have_text("契約終了確認")
    await visitor.expect_text("申請日から45日を以って会員の登録情報を抹消するものとします。")
    announced_dates = await page.locator(".when").all_inner_texts()
    await page.get_by_label("終了の理由").select_option("TOO_EXPENSIVE")
    await visitor.check_step("1-3-confirmation")
    await visitor.press("契約終了")

    # 1 (4) 利用停止手続きが完了しましたと表示され、契約状態が契約終了となります。
    await visitor.expect_page("/done")
    await expect(page.get_by_role("heading", level=1)).to_have_text("利用停止手続きが完了しました")
    assert await visitor.detail("契約状態") == "契約終了"
    assert await page.locator(".when").all_inner_texts() == announced_dates
    await visitor.check_step("1-4-terminated")

    # 1 (5) 利用終了受付メールを受信します。
    await open_newest_mail(visitor, service, "【おまかせログイン】サービス利用停止受理通知")
    await visitor.check_step("1-5-mail")

    # 2 (2) ホーム画面にて「契約再開」をクリックします。
    await visitor.open("/home")
    assert await visitor.detail("契約状態") == "契約終了"
    await visitor.expect_text("「契約再開」から利用を再開することが可能です。")
    await visitor.check_step("2-2-home")
    await visitor.press("契約再開")

    # 2 (3) 利用再開手続きが完了しましたと表示され、契約状態が契約中となります。
    await visitor.expect_page("/done")
    await expect(page.get_by_role("heading", level=1)).to_have_text("利用再開手続きが完了しました")
    assert await visitor.detail("契約状態") == "契約中"
    assert await visitor.detail("契約終了日") == "-"
    await visitor.check_step("2-3-resumed")

    # 2 (4) 利用再開受付メールを受信します。
    await open_newest_mail(visitor, service, "【おまかせログイン】サービス利用再開受理通知", count=2)
    await visitor.check_step("2-4-mail")


async def open_newest_mail(visitor: Visitor, service: Running, subject: str, count: int = 1) -> None:
    """Wait for `count` mails, and open the newest one, which has that subject."""
    await service.mails(count)
    await visitor.open("/dev/mail")
    newest = visitor.page.locator(".mails a").first
    await expect(newest).to_have_text(subject)
    await newest.click()
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text(subject)


@at_both_widths
async def test_after_the_last_day_the_contract_can_be_read_and_nothing_else(visitor: Visitor) -> None:
    await visitor.open_home("closed@example.jp")
    await visitor.expect_text("サービスのご利用と利用再開の受付は終了いたしました。")
    await visitor.expect_text("ふたたびご利用になる場合は、新規にお申し込みください。")
    assert await visitor.page.locator("#content button").all_inner_texts() == ["ダウンロード"]
    assert await visitor.page.locator("#content a").all_inner_texts() == ["予定をカレンダーに登録（.ics）"]
    await visitor.check_step("2-closed")
    await visitor.open("/terminate")
    await visitor.expect_page("/home")


async def test_the_window_that_closes_while_the_page_is_open_is_explained(visitor: Visitor) -> None:
    await visitor.open_home("lastday@example.jp")
    other = await visitor.page.context.new_page()
    await other.goto(f"{visitor.base_url}/home")
    await other.get_by_role("button", name="15日目へ").click()
    await expect(other.get_by_text("サービスのご利用と利用再開の受付は終了いたしました。")).to_be_visible()

    await visitor.press("契約再開")
    await expect(visitor.page.locator(".notice.problem")).to_be_visible()
    await visitor.expect_text("サービスのご利用と利用再開の受付は終了いたしました。")
    await visitor.check_accessibility()
