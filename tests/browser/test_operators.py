"""The operators' pages."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import SIZES, Visitor
from tests.server.running import Client

pytestmark = pytest.mark.browser


async def at_the_list(visitor: Visitor) -> None:
    await visitor.open("/")
    await visitor.log_in("operator@example.jp")
    await visitor.at("/operator")


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
async def test_an_operator_finds_a_contract_and_holds_its_erasure(visitor: Visitor) -> None:
    page = visitor.page
    await at_the_list(visitor)
    await expect(page.locator("tbody tr")).to_have_count(4)
    await visitor.finds_no_barrier()
    await page.get_by_label("契約状態").select_option("TERMINATED")
    await visitor.press("絞り込む")
    await page.wait_for_url("**/operator?*")
    await expect(page.locator("tbody tr")).to_have_count(3)
    await visitor.follow("合同会社えんがわ企画")
    await page.wait_for_url("**/operator/contracts/*")
    await visitor.settled()
    await visitor.reads("契約終了の申請")

    await visitor.press("抹消を保留")
    await visitor.reads("入力してください。")
    await page.get_by_label("理由").fill("2026-0142")
    await visitor.press("抹消を保留")
    await visitor.is_told("抹消を保留しました。")
    assert await visitor.particular("理由") == "2026-0142"
    await visitor.reads("抹消の保留")
    await visitor.finds_no_barrier()
    await visitor.press("保留を解除")
    await visitor.is_told("抹消の保留を解除しました。")
    await visitor.finds_no_barrier()


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
async def test_an_operator_sees_whether_the_service_keeps_its_promises(visitor: Visitor) -> None:
    await at_the_list(visitor)
    await visitor.follow("稼働状況")
    await visitor.at("/operator/health")
    await expect(visitor.page.locator(".checks li")).to_have_count(6)
    await visitor.finds_no_barrier()


async def test_an_erased_contract_leaves_its_dates_and_events(visitor: Visitor, client: Client) -> None:
    await at_the_list(visitor)
    await visitor.follow("合同会社えんがわ企画")
    await visitor.page.wait_for_url("**/operator/contracts/*")
    await client.advance(days=26)
    await visitor.page.reload()
    await visitor.settled()
    await visitor.reads("登録情報の抹消")
    assert await visitor.particular("契約状態") == "抹消済み"
    assert await visitor.particular("会社名") == "-"
    await visitor.finds_no_barrier()


async def test_a_contractor_is_sent_home_from_the_operators_pages(visitor: Visitor) -> None:
    await visitor.at_home("active@example.jp")
    await visitor.page.goto(f"{visitor.base_url}/operator")
    await visitor.at("/home")
    await visitor.is_told("この画面を表示する権限がありません。")


async def test_a_contract_that_is_not_there_is_said_to_be_missing(visitor: Visitor) -> None:
    await at_the_list(visitor)
    await visitor.open("/operator/contracts/018f0000-0000-7000-8000-00000000ffff")
    await visitor.reads("契約が見つかりません。")
