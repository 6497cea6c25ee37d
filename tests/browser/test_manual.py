"""Chapters 1 and 2 of the manual, step by step, as its reader follows them. Each step leaves a picture."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import SIZES, Visitor
from tests.server.running import Running

pytestmark = pytest.mark.browser

at_both_widths = pytest.mark.parametrize("visitor", SIZES, indirect=True)

PARTICULARS = [
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
    await visitor.reaches("1-1-log-in")
    await visitor.follow("契約管理のログインはこちら")
    await visitor.at("/login")
    await visitor.log_in("active@example.jp")

    # 1 (2) ホーム画面にて「契約終了」をクリックします。
    await visitor.at("/home")
    await expect(page.get_by_role("heading", level=1)).to_have_text("おまかせログイン利用契約内容")
    assert await page.locator("dt").all_inner_texts() == PARTICULARS
    assert await visitor.particular("会社名") == "株式会社あおぞら製作所"
    assert await visitor.particular("契約状態") == "契約中"
    assert await visitor.particular("契約終了日") == "-"
    await visitor.reaches("1-2-home")
    await visitor.follow("契約終了")

    # 1 (3) 契約終了確認画面が表示されます。問題ないことを確認し、「契約終了」をクリックします
    await visitor.at("/terminate")
    await expect(page.get_by_role("heading", level=1)).to_have_text("契約終了確認")
    await visitor.reads("申請日から45日を以って会員の登録情報を抹消するものとします。")
    promised = await page.locator(".when").all_inner_texts()
    await page.get_by_label("終了の理由").select_option("TOO_EXPENSIVE")
    await visitor.reaches("1-3-confirmation")
    await visitor.press("契約終了")

    # 1 (4) 利用停止手続きが完了しましたと表示され、契約状態が契約終了となります。
    await visitor.at("/done")
    await expect(page.get_by_role("heading", level=1)).to_have_text("利用停止手続きが完了しました")
    assert await visitor.particular("契約状態") == "契約終了"
    assert await page.locator(".when").all_inner_texts() == promised
    await visitor.reaches("1-4-terminated")

    # 1 (5) 利用終了受付メールを受信します。
    (mail,) = await service.mails(1)
    assert mail["Subject"] == "【おまかせログイン】サービス利用停止受理通知"

    # 2 (2) ホーム画面にて「契約再開」をクリックします。
    await visitor.follow("ホームに戻る")
    await visitor.at("/home")
    assert await visitor.particular("契約状態") == "契約終了"
    await visitor.reads("「契約再開」から利用を再開することが可能です。")
    await visitor.reaches("2-2-home")
    await visitor.press("契約再開")

    # 2 (3) 利用再開手続きが完了しましたと表示され、契約状態が契約中となります。
    await visitor.at("/done")
    await expect(page.get_by_role("heading", level=1)).to_have_text("利用再開手続きが完了しました")
    assert await visitor.particular("契約状態") == "契約中"
    assert await visitor.particular("契約終了日") == "-"
    await visitor.reaches("2-3-resumed")

    # 2 (4) 利用再開受付メールを受信します。
    subjects = {mail["Subject"] for mail in await service.mails(2)}
    assert "【おまかせログイン】サービス利用再開受理通知" in subjects


@at_both_widths
async def test_after_the_last_day_the_contract_can_be_read_and_nothing_else(visitor: Visitor) -> None:
    await visitor.at_home("closed@example.jp")
    await visitor.reads("サービスのご利用と利用再開の受付は終了いたしました。")
    await visitor.reads("ふたたびご利用になる場合は、新規にお申し込みください。")
    await expect(visitor.page.locator("#content").get_by_role("button")).to_have_count(0)
    await expect(visitor.page.locator("#content").get_by_role("link")).to_have_count(0)
    await visitor.reaches("2-closed")
    await visitor.open("/terminate")
    await visitor.at("/home")


async def test_the_window_that_closes_while_the_page_is_open_is_explained(visitor: Visitor) -> None:
    await visitor.at_home("lastday@example.jp")
    other = await visitor.page.context.new_page()
    await other.goto(f"{visitor.base_url}/home")
    await other.get_by_role("button", name="15日目へ").click()
    await expect(other.get_by_text("サービスのご利用と利用再開の受付は終了いたしました。")).to_be_visible()

    await visitor.press("契約再開")
    await expect(visitor.page.locator(".notice.problem")).to_be_visible()
    await visitor.reads("サービスのご利用と利用再開の受付は終了いたしました。")
    await visitor.finds_no_barrier()


async def test_an_erased_contractor_is_answered_like_an_unknown_address(visitor: Visitor) -> None:
    await visitor.at_home("closed@example.jp")
    await visitor.press("46日目へ")
    await visitor.at("/")
    await visitor.is_told("ログインの有効期間が終了しました。")

    answers = []
    for email in ("closed@example.jp", "nobody@example.jp"):
        await visitor.open("/")
        await visitor.log_in(email)
        await visitor.is_told("正しくありません")
        answers.append(await visitor.page.locator("#notice").inner_text())
    assert answers[0] == answers[1]
    await visitor.finds_no_barrier()


async def test_a_new_password_comes_by_mail(visitor: Visitor, service: Running) -> None:
    await visitor.open("/")
    await visitor.follow("パスワードを忘れた方はこちら")
    await visitor.at("/password")
    await visitor.finds_no_barrier()
    await visitor.page.get_by_label("メールアドレス").fill("active@example.jp")
    await visitor.press("送信")
    await visitor.reads("メールをご確認ください")
    await visitor.finds_no_barrier()

    (mail,) = await service.mails(1)
    link = next(line for line in mail.get_content().splitlines() if "/password/" in line)
    await visitor.page.goto(link)
    await visitor.page.get_by_label("新しいパスワード", exact=True).fill("short")
    await visitor.page.get_by_label("新しいパスワード（確認）").fill("another")
    await visitor.press("設定")
    await visitor.reads("12文字以上で入力してください。")
    await visitor.finds_no_barrier()
    for label in ("新しいパスワード", "新しいパスワード（確認）"):
        await visitor.page.get_by_label(label, exact=True).fill("a new password of mine")
    await visitor.press("設定")
    await visitor.at("/")
    await visitor.is_told("新しいパスワードを設定しました。")
    await visitor.log_in("active@example.jp", "a new password of mine")
    await visitor.at("/home")

    await visitor.page.goto(link)
    for label in ("新しいパスワード", "新しいパスワード（確認）"):
        await visitor.page.get_by_label(label, exact=True).fill("and yet another one")
    await visitor.press("設定")
    await expect(visitor.page.locator(".notice.problem")).to_be_visible()
