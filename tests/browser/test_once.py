"""If a response is lost, the action is carried out once, and the page finds its outcome again."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import ApiConnection, Visitor
from tests.server.running import ACTIVE_CONTRACT, GRACE_CONTRACT, Client

pytestmark = pytest.mark.browser

EVENTS = """
query ($id: ID!) { contract(id: $id) { events(first: 100) { nodes { type } } } }
"""
HOLD = "mutation ($input: HoldErasureInput!) { holdErasure(input: $input) { __typename } }"


async def events(client: Client) -> list[str]:
    """The types of the contract's events, read as an operator."""
    await client.log_in("operator@example.jp")
    contract = (await client.ask(EVENTS, id=ACTIVE_CONTRACT))["contract"]
    return [event["type"] for event in contract["events"]["nodes"]]


async def hold(client: Client, contract_id: str) -> None:
    """Place a hold as an operator; the contractor's pages do not show it."""
    await client.log_in("operator@example.jp")
    await client.ask(HOLD, input={"contractId": contract_id, "reason": "case 1"})


TERMINATED_ONCE = ["STARTED", "TERMINATION_REQUESTED"]


async def open_confirmation(visitor: Visitor) -> None:
    await visitor.open_home("active@example.jp")
    await visitor.follow("契約終了")
    await visitor.expect_page("/terminate")


async def test_a_double_click_sends_one_request(visitor: Visitor, client: Client) -> None:
    await open_confirmation(visitor)
    api = ApiConnection(visitor.page, "terminateContract")
    await api.delay_requests()
    await visitor.page.get_by_role("button", name="契約終了").dblclick()
    await expect(visitor.page.get_by_role("button", name="送信しています…")).to_be_visible()
    await visitor.page.get_by_role("button", name="送信しています…").click(force=True)
    api.release()
    await visitor.expect_page("/done")
    assert api.requests == 1
    assert await events(client) == TERMINATED_ONCE


async def test_a_lost_answer_is_given_again(visitor: Visitor, client: Client) -> None:
    await open_confirmation(visitor)
    api = ApiConnection(visitor.page, "terminateContract")
    await api.lose_responses()
    await visitor.press("契約終了")
    await visitor.expect_notice("二重に受け付けられることはありません。")
    await visitor.check_accessibility()
    await api.restore()
    await visitor.press("もう一度試す")
    await visitor.expect_page("/done")
    await visitor.expect_text("利用停止手続きが完了しました")
    assert await events(client) == TERMINATED_ONCE


async def test_while_nobody_knows_whether_it_was_accepted_the_wish_stays_what_it_was(
    visitor: Visitor, client: Client
) -> None:
    await open_confirmation(visitor)
    reason = visitor.page.get_by_label("終了の理由")
    await reason.select_option("TOO_EXPENSIVE")
    api = ApiConnection(visitor.page, "terminateContract")
    await api.fail_requests()
    await visitor.press("契約終了")
    await visitor.expect_notice("二重に受け付けられることはありません。")
    await expect(reason).to_be_disabled()
    await visitor.page.reload()
    await visitor.wait_until_loaded()
    await expect(reason).to_be_disabled()
    await expect(reason).to_have_value("TOO_EXPENSIVE")
    await visitor.check_accessibility()
    await api.restore()
    await visitor.press("契約終了")
    await visitor.expect_page("/done")
    assert await events(client) == TERMINATED_ONCE


async def test_a_reload_finds_the_outcome_whose_answer_was_lost(visitor: Visitor, client: Client) -> None:
    await open_confirmation(visitor)
    api = ApiConnection(visitor.page, "terminateContract")
    await api.lose_responses()
    await visitor.press("契約終了")
    await visitor.expect_notice("二重に受け付けられることはありません。")
    await api.restore()
    await visitor.page.reload()
    await visitor.expect_page("/done")
    await visitor.expect_text("利用停止手続きが完了しました")
    assert await events(client) == TERMINATED_ONCE


async def test_a_reload_does_not_send_what_never_arrived(visitor: Visitor, client: Client) -> None:
    await open_confirmation(visitor)
    api = ApiConnection(visitor.page, "terminateContract")
    await api.fail_requests()
    await visitor.press("契約終了")
    await visitor.expect_notice("二重に受け付けられることはありません。")
    await api.restore()
    await visitor.page.reload()
    await visitor.expect_notice("前回のお手続きが受け付けられたか、確認できませんでした。")
    assert await events(client) == ["STARTED"]
    await visitor.press("契約終了")
    await visitor.expect_page("/done")
    assert await events(client) == TERMINATED_ONCE


async def test_a_reload_does_not_send_what_never_arrived_where_a_hold_was_placed_meanwhile(
    visitor: Visitor, client: Client
) -> None:
    await open_confirmation(visitor)
    api = ApiConnection(visitor.page, "terminateContract")
    await api.fail_requests()
    await visitor.press("契約終了")
    await visitor.expect_notice("二重に受け付けられることはありません。")
    await api.restore()
    await hold(client, ACTIVE_CONTRACT)
    await visitor.page.reload()
    await visitor.expect_notice("前回のお手続きが受け付けられたか、確認できませんでした。")
    assert await events(client) == ["STARTED", "ERASURE_HELD"]
    await visitor.press("契約終了")
    await visitor.expect_page("/done")
    assert await events(client) == ["STARTED", "ERASURE_HELD", "TERMINATION_REQUESTED"]


async def test_a_reload_does_not_resume_by_itself_where_a_hold_was_placed_meanwhile(
    visitor: Visitor, client: Client
) -> None:
    await visitor.open_home("grace@example.jp")
    api = ApiConnection(visitor.page, "resumeContract")
    await api.fail_requests()
    await visitor.press("契約再開")
    await visitor.expect_notice("二重に受け付けられることはありません。")
    await api.restore()
    await hold(client, GRACE_CONTRACT)
    await visitor.page.reload()
    await visitor.wait_until_loaded()
    assert await visitor.detail("契約状態") == "契約終了"
    await visitor.press("契約再開")
    await visitor.expect_page("/done")


async def test_a_page_that_was_open_when_a_hold_was_placed_resumes_at_once(visitor: Visitor, client: Client) -> None:
    await visitor.open_home("grace@example.jp")
    await hold(client, GRACE_CONTRACT)
    await visitor.press("契約再開")
    await visitor.expect_page("/done")


async def test_a_page_that_was_open_beyond_the_deadline_says_that_it_has_passed(
    visitor: Visitor, client: Client
) -> None:
    await visitor.open_home("lastday@example.jp")
    await client.advance(days=1)
    await visitor.press("契約再開")
    await visitor.expect_notice("をもって受付を終了いたしました。")
    await expect(visitor.page.get_by_role("button", name="契約再開")).to_have_count(0)


async def test_a_lost_answer_to_resuming_is_found_again(visitor: Visitor) -> None:
    await visitor.open_home("grace@example.jp")
    api = ApiConnection(visitor.page, "resumeContract")
    await api.lose_responses()
    await visitor.press("契約再開")
    await visitor.expect_notice("二重に受け付けられることはありません。")
    await api.restore()
    await visitor.page.reload()
    await visitor.expect_page("/done")
    await visitor.expect_text("利用再開手続きが完了しました")


async def test_the_back_button_leads_to_the_outcome_and_never_to_a_second_application(
    visitor: Visitor, client: Client
) -> None:
    await open_confirmation(visitor)
    await visitor.press("契約終了")
    await visitor.expect_page("/done")
    await visitor.page.reload()
    await visitor.expect_text("利用停止手続きが完了しました")
    await visitor.page.go_back()
    await visitor.expect_page("/home")
    assert await visitor.detail("契約状態") == "契約終了"
    await visitor.open("/terminate")
    await visitor.expect_page("/done")
    assert await events(client) == TERMINATED_ONCE


async def test_a_second_tab_is_told_what_the_first_one_did(visitor: Visitor, client: Client) -> None:
    await open_confirmation(visitor)
    other = await visitor.page.context.new_page()
    await other.goto(f"{visitor.base_url}/terminate")
    await other.get_by_role("button", name="契約終了", exact=True).click()
    await other.wait_for_url("**/done")

    await visitor.press("契約終了")
    await visitor.expect_notice("すでに契約終了のお手続きが完了しています。")
    await visitor.expect_text("現在の契約内容")
    assert await visitor.detail("契約状態") == "契約終了"
    await visitor.check_accessibility()
    assert await events(client) == TERMINATED_ONCE


async def test_a_second_tab_is_told_that_the_first_one_resumed(visitor: Visitor) -> None:
    await visitor.open_home("grace@example.jp")
    other = await visitor.page.context.new_page()
    await other.goto(f"{visitor.base_url}/home")
    await other.locator("#resume").click()
    await other.wait_for_url("**/done")
    await visitor.press("契約再開")
    await visitor.expect_notice("すでに契約再開のお手続きが完了しています。")
    assert await visitor.detail("契約状態") == "契約中"
