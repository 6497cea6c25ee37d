"""A call, from the first word to the question of an auditor a year later, by pages and by commands."""

import json

import asyncpg
import pytest
from playwright.async_api import expect
from tests.browser.conftest import SIZES, Visitor
from tests.operations.cli.terminal import run
from tests.server.running import GRACE_CONTRACT, Client, Running

from contract_server.development.demo.people import OPERATOR_NAME

pytestmark = pytest.mark.browser

SECOND, NAME_OF_SECOND = "second@example.jp", "運用 二郎"
STATUS = "query ($number: String!) { contractStatusByReceipt(number: $number) { status } }"


async def open_found(visitor: Visitor, words: str, company: str) -> None:
    """Search for what a caller says, and open the one contract that is found."""
    await visitor.open("/operator")
    await visitor.page.get_by_label("会社名・氏名・連絡先・番号").fill(words)
    await visitor.press("絞り込む")
    await visitor.page.wait_for_url("**/operator?*")
    await expect(visitor.page.locator("tbody tr")).to_have_count(1)
    await visitor.follow(company)
    await visitor.page.wait_for_url("**/operator/contracts/*")
    await visitor.wait_until_loaded()


async def log_in_as_operator(visitor: Visitor) -> None:
    await visitor.open("/")
    await visitor.log_in("operator@example.jp")
    await visitor.expect_page("/operator")


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
async def test_a_caller_is_helped_and_a_year_later_the_receipt_number_names_who_held_and_who_released(
    visitor: Visitor, client: Client, service: Running
) -> None:
    added = await run(
        service.variables, "user", "add", SECOND, "--name", NAME_OF_SECOND, given="a long walk by the river"
    )
    assert added.status == 0, added.errors
    await log_in_as_operator(visitor)
    await open_found(visitor, "いずみ商店", "有限会社いずみ商店")
    contract_id = visitor.page.url.rpartition("/")[2]

    await visitor.press("契約再開を代行")
    await visitor.expect_text("入力してください。")
    await visitor.page.get_by_label("依頼の経緯").fill("電話：誤って契約終了を押した")
    await visitor.press("契約再開を代行")
    await visitor.expect_notice("契約を再開しました。")
    assert await visitor.detail("契約状態") == "契約中"
    await visitor.expect_text("利用再開受理通知")
    await visitor.check_accessibility()
    await visitor.page.get_by_label("依頼の経緯").fill("電話：やはり解約する")
    await visitor.press("契約終了を代行")
    await visitor.expect_notice("契約終了を受け付けました。受付番号：")
    number = await visitor.detail("受付番号")

    await visitor.page.get_by_label("案件番号").fill("2026-0142")
    await visitor.page.get_by_label("理由").fill("係争中")
    await visitor.press("抹消を保留")
    await visitor.expect_notice("抹消を保留しました。")
    released = await run(service.variables, "release", contract_id, "--reason", "和解成立", "--as", SECOND)
    assert (released.status, released.output) == (0, "The erasure is not on hold.\n"), released.errors

    await client.advance(days=366)
    assert (await client.ask(STATUS, number=number))["contractStatusByReceipt"] == {"status": "ERASED"}
    await open_found(visitor, number, "（抹消済み）")
    row = visitor.page.get_by_role("region", name="解除した保留").locator("tbody tr")
    for text in ("2026-0142", OPERATOR_NAME, NAME_OF_SECOND):
        await expect(row).to_contain_text(text)
    await expect(visitor.page.get_by_text("係争中")).to_have_count(0)
    await visitor.check_accessibility()

    (found,) = json.loads((await run(service.variables, "contracts", "find", number, "--json")).output)
    shown = json.loads((await run(service.variables, "contracts", "show", found["id"], "--json")).output)
    (hold,) = shown["holds"]
    assert (hold["reference"], hold["placed_by"], hold["released_by"]) == ("2026-0142", OPERATOR_NAME, NAME_OF_SECOND)
    assert (hold["reason"], hold["release_reason"]) == (None, None)
    assert {event["actor"] for event in shown["events"] if event["type"] == "RESUMED"} == {"OPERATOR"}


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
async def test_an_operator_sees_the_mails_of_a_contract_and_closes_one_that_failed(
    visitor: Visitor, service: Running
) -> None:
    connection = await asyncpg.connect(service.database_url)
    for number, kind in ((900_001, "termination_accepted"), (900_002, "resumption_accepted")):
        await connection.execute(
            "INSERT INTO outbox_mail (id, contract_id, kind, message_id, dated_at, recipient, subject, body, state,"
            " attempts, next_attempt_at, failure)"
            " VALUES ($1, $2, $3, $3, now(), 'grace@example.jp', 's', 'b', 'FAILED', 8, now(), 'RejectedByServer')",
            number,
            GRACE_CONTRACT,
            kind,
        )
    await connection.close()
    await log_in_as_operator(visitor)
    await visitor.open(f"/operator/contracts/{GRACE_CONTRACT}")
    mails = visitor.page.get_by_role("region", name="送信の状況")
    await expect(mails).to_contain_text("RejectedByServer")
    await expect(mails).not_to_contain_text("grace@example.jp")
    await visitor.check_accessibility()
    await visitor.page.locator("#dismissal-900001").fill("電話で伝えた")
    await visitor.page.locator("#dismiss-900001").click()
    await visitor.expect_notice("メールを対応済みにしました。")
    await visitor.page.locator("#retry-900002").click()
    await visitor.expect_notice("メールをもう一度送信します。")
    await expect(visitor.page.locator(".failed-mail")).to_have_count(0)


@pytest.mark.parametrize(
    ("help_", "notice"),
    [
        ("ログイン制限を解除する", "ログイン制限を解除しました。"),
        ("ログイン中の画面をすべて終了する", "ログイン中の画面をすべて終了しました。"),
        ("パスワード再設定のメールを送る", "パスワード再設定のメールを送信します。"),
    ],
)
async def test_an_operator_helps_a_contractor_to_log_in(visitor: Visitor, help_: str, notice: str) -> None:
    await log_in_as_operator(visitor)
    await visitor.open(f"/operator/contracts/{GRACE_CONTRACT}")
    await visitor.page.get_by_label("対応", exact=True).select_option(help_)
    await visitor.page.get_by_label("依頼の内容").fill("電話でのご依頼")
    await visitor.press("実行")
    await visitor.expect_notice(notice)


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
async def test_an_operator_sees_what_is_erased_when_and_retries_what_failed(visitor: Visitor, service: Running) -> None:
    connection = await asyncpg.connect(service.database_url)
    await connection.execute(
        "INSERT INTO due_failure (contract_id, act, due_at, tries, failure, next_try_at, set_aside_at)"
        " SELECT id, 'ERASE', erasure_due_at, 8, 'LedgerUnavailable', now(), now() FROM contract WHERE id = $1",
        GRACE_CONTRACT,
    )
    await connection.close()
    await log_in_as_operator(visitor)
    await visitor.follow("抹消予定")
    await visitor.expect_page("/operator/erasures")
    await expect(visitor.page.locator("tbody tr")).to_have_count(3)
    await visitor.expect_text("8 (LedgerUnavailable)")
    await visitor.check_accessibility()
    await visitor.press("中断した処理をすべて再試行")
    await visitor.expect_notice("次の処理で再試行します。")
    await expect(visitor.page.get_by_text("8 (LedgerUnavailable)")).to_have_count(0)
