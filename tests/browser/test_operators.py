"""The operators' pages."""

import re

import asyncpg
import pytest
from playwright.async_api import expect
from tests.browser.conftest import SIZES, Visitor
from tests.server.running import GRACE_CONTRACT, Client, Running

from contract_server.development.demo.people import OPERATOR_NAME

JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff].*\n")  # the title comes before the status chip

pytestmark = pytest.mark.browser


HOLDS = "query ($id: ID!) { contract(id: $id) { erasureHold { reference } erasureHolds { id } } }"
PLACE = """
mutation ($id: ID!, $case: String!) {
  holdErasure(input: { contractId: $id, reason: $case, reference: $case }) { __typename }
}
"""
CHECKS = "{ health { checks { name } } }"
RELEASE = """
mutation ($id: ID!, $hold: ID!) { releaseErasureHold(input: { contractId: $id, holdId: $hold }) { __typename } }
"""


async def open_list(visitor: Visitor) -> None:
    await visitor.open("/")
    await visitor.log_in("operator@example.jp")
    await visitor.expect_page("/operator")


async def hold(visitor: Visitor) -> None:
    await visitor.page.get_by_label("案件番号").fill("2026-0142")
    await visitor.page.get_by_label("理由").fill("係争中")
    await visitor.press("抹消を保留")
    await visitor.expect_notice("抹消を保留しました。")


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
async def test_an_operator_finds_a_contract_and_holds_its_erasure(visitor: Visitor) -> None:
    page = visitor.page
    await open_list(visitor)
    await expect(page.locator("tbody tr")).to_have_count(4)
    await visitor.check_accessibility()
    await page.get_by_label("契約状態").select_option("TERMINATED")
    await visitor.press("絞り込む")
    await page.wait_for_url("**/operator?*")
    await expect(page.locator("tbody tr")).to_have_count(3)
    await visitor.follow("合同会社えんがわ企画")
    await page.wait_for_url("**/operator/contracts/*")
    await visitor.wait_until_loaded()
    await visitor.expect_text("契約終了の申請")

    await visitor.press("抹消を保留")
    await visitor.expect_text("入力してください。")
    await hold(visitor)
    assert await visitor.detail("案件番号") == "2026-0142"
    assert await visitor.detail("保留した人") == OPERATOR_NAME
    await visitor.expect_text("抹消の保留")
    await visitor.check_accessibility()
    await page.get_by_label("解除の理由").fill("和解成立")
    await visitor.press("保留を解除")
    await visitor.expect_notice("抹消の保留を解除しました。")
    await expect(page.get_by_role("region", name="解除した保留").locator("tbody tr")).to_contain_text("2026-0142")
    await visitor.check_accessibility()


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
async def test_an_operator_releases_the_hold_that_the_page_shows_and_no_other(visitor: Visitor, client: Client) -> None:
    page = visitor.page
    await open_list(visitor)
    await visitor.open(f"/operator/contracts/{GRACE_CONTRACT}")
    await hold(visitor)
    await client.log_in("operator@example.jp")
    seen = (await client.ask(HOLDS, id=GRACE_CONTRACT))["contract"]["erasureHolds"][0]["id"]
    await client.ask(RELEASE, id=GRACE_CONTRACT, hold=seen)
    await client.ask(PLACE, id=GRACE_CONTRACT, case="CASE-2")

    await page.get_by_label("解除の理由").fill("和解成立")
    await visitor.press("保留を解除")
    await visitor.expect_notice("抹消の保留を解除しました。ほかの保留が残っています。")
    assert await visitor.detail("案件番号") == "CASE-2"
    await expect(page.get_by_role("region", name="解除した保留").locator("tbody tr")).to_have_count(1)

    await page.get_by_label("案件番号").fill("CASE-3")
    await page.get_by_label("保留の理由").fill("差押え")
    await visitor.press("保留を追加")
    await visitor.expect_notice("抹消を保留しました。")
    await visitor.check_accessibility()
    case_3 = page.locator("form.hold").filter(has_text="CASE-3")
    await case_3.get_by_label("解除の理由").fill("差押えの解除")
    await case_3.get_by_role("button").click()
    await visitor.expect_notice("抹消の保留を解除しました。ほかの保留が残っています。")
    await expect(page.locator("form.hold")).to_have_count(1)
    await page.get_by_label("解除の理由").fill("和解成立")
    await visitor.press("保留を解除")
    await visitor.expect_notice("抹消の保留を解除しました。")
    await expect(page.locator("form.hold")).to_have_count(0)
    assert (await client.ask(HOLDS, id=GRACE_CONTRACT))["contract"]["erasureHold"] is None


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
async def test_an_operator_finds_a_caller_and_reads_who_did_what(visitor: Visitor) -> None:
    page = visitor.page
    await open_list(visitor)
    await page.get_by_label("会社名・氏名・連絡先・番号").fill("㈲いずみ")
    await visitor.press("絞り込む")
    await page.wait_for_url("**/operator?*")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await visitor.follow("有限会社いずみ商店")
    await visitor.expect_text("受付番号")
    await hold(visitor)
    await visitor.follow("操作履歴")
    await page.wait_for_url("**/operator/audit")
    await visitor.expect_text("係争中")
    await visitor.expect_text("抹消の保留")
    await visitor.check_accessibility()
    await page.get_by_label("操作", exact=True).select_option("LOGGED_IN")
    await visitor.press("絞り込む")
    await page.wait_for_url("**/operator/audit?*")
    await visitor.wait_until_loaded()
    await expect(page.locator("tbody tr").first).to_contain_text("画面")


async def test_an_operator_turns_the_pages_of_many_contracts_and_keeps_the_filter(
    visitor: Visitor, service: Running
) -> None:
    page, rows = visitor.page, visitor.page.locator("tbody tr")
    await execute(
        service,
        "INSERT INTO contract (id, version, status, started_on, applications)"
        " SELECT gen_random_uuid(), 1, 'ACTIVE', '2024-03-01', 0 FROM generate_series(1, 44)",
    )
    await open_list(visitor)
    await expect(rows).to_have_count(20)
    await expect(page.get_by_role("link", name="最初のページ")).to_have_count(0)
    await page.get_by_label("契約状態").select_option("ACTIVE")
    await visitor.press("絞り込む")
    seen = await shown_contracts(visitor)
    for count in (20, 5):
        await visitor.follow("次のページ")
        await expect(rows).to_have_count(count)
        seen += await shown_contracts(visitor)
        await expect(page.get_by_label("契約状態")).to_have_value("ACTIVE")
    assert len(set(seen)) == len(seen) == 45
    await expect(page.get_by_role("link", name="次のページ")).to_have_count(0)
    await visitor.check_accessibility()
    await visitor.follow("最初のページ")
    await expect(rows).to_have_count(20)
    assert await shown_contracts(visitor) == seen[:20]


async def test_a_long_history_is_read_on_where_the_first_part_ended(visitor: Visitor, service: Running) -> None:
    events = visitor.page.locator("#events li")
    await execute(
        service,
        "INSERT INTO contract_event (id, contract_id, at, type, actor)"
        " SELECT gen_random_uuid(), $1, now(), 'RESUMED', 'OPERATOR' FROM generate_series(1, 23)",
        GRACE_CONTRACT,
    )
    await open_list(visitor)
    await visitor.open(f"/operator/contracts/{GRACE_CONTRACT}")
    await expect(events).to_have_count(20)
    await visitor.press("続きを表示")
    await expect(events).to_have_count(25)
    await expect(events.nth(20)).to_be_focused()
    await expect(visitor.page.get_by_role("button", name="続きを表示")).to_have_count(0)
    await visitor.check_accessibility()


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
async def test_an_operator_finds_contracts_by_the_day_of_their_erasure(visitor: Visitor) -> None:
    page, rows = visitor.page, visitor.page.locator("tbody tr")
    await open_list(visitor)
    await page.get_by_label("抹消される日").fill("2000-01-01")
    await visitor.press("絞り込む")
    await visitor.expect_text("該当する契約はありません。")
    await visitor.check_accessibility()
    await page.get_by_label("抹消される日").fill("2999-12-31")
    await visitor.press("絞り込む")
    await expect(rows).to_have_count(3)
    await visitor.open("/operator?status=nonsense&hold=nonsense")
    await expect(rows).to_have_count(4)


async def shown_contracts(visitor: Visitor) -> list[str]:
    await visitor.wait_until_loaded()
    return await visitor.page.locator("tbody .id").all_inner_texts()


async def execute(service: Running, statement: str, *values: str) -> None:
    connection = await asyncpg.connect(service.database_url)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
async def test_an_operator_sees_whether_the_service_keeps_its_promises(visitor: Visitor, client: Client) -> None:
    await client.log_in("operator@example.jp")
    checks = (await client.ask(CHECKS))["health"]["checks"]
    await open_list(visitor)
    await visitor.follow("稼働状況")
    await visitor.expect_page("/operator/health")
    titles = await visitor.page.locator(".checks h2").all_inner_texts()
    assert len(titles) == len(checks)
    assert [title for title in titles if not JAPANESE.search(title)] == []
    await visitor.check_accessibility()


async def test_an_address_that_somebody_has_typed_is_told_what_is_wrong_with_it(visitor: Visitor) -> None:
    await open_list(visitor)
    await visitor.page.goto(f"{visitor.base_url}/operator?after=x")
    await visitor.expect_notice("after: a cursor of an earlier answer is expected")


async def test_an_erased_contract_leaves_its_dates_and_events(visitor: Visitor, client: Client) -> None:
    await open_list(visitor)
    await visitor.follow("合同会社えんがわ企画")
    await visitor.page.wait_for_url("**/operator/contracts/*")
    await client.advance(days=26)
    await visitor.page.reload()
    await visitor.wait_until_loaded()
    await visitor.expect_text("登録情報の抹消")
    assert await visitor.detail("契約状態") == "抹消済み"
    assert await visitor.detail("会社名") == "-"
    await visitor.check_accessibility()


async def test_a_contractor_is_sent_home_from_the_operators_pages(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    await visitor.page.goto(f"{visitor.base_url}/operator")
    await visitor.expect_page("/home")
    await visitor.expect_notice("この画面を表示する権限がありません。")


async def test_a_contract_that_is_not_there_is_said_to_be_missing(visitor: Visitor) -> None:
    await open_list(visitor)
    await visitor.open("/operator/contracts/018f0000-0000-7000-8000-00000000ffff")
    await visitor.expect_text("契約が見つかりません。")
    await visitor.check_accessibility()
