"""Every page in surroundings that fail it.

Scripts do not come, storage and cookies are blocked, the browser is of the oldest supported version, the session ends,
another account logs in in another tab.

The pages are those of `PAGES` and of `PATHS_OF` in `test_outcomes`.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from playwright.async_api import Browser, Page, Route, expect
from tests.browser.conftest import NOTICE, Visitor
from tests.browser.test_outcomes import NOTICE as ANY_NOTICE
from tests.browser.test_outcomes import (
    OUTCOME,
    PATHS_OF,
    Stage,
    Viewer,
    contractor,
    contractor_who_has_terminated,
    contractor_who_may_resume,
    operator,
    operator_who_holds,
    stage_of,
    stranger,
)
from tests.server.running import GRACE_CONTRACT, PASSWORD, RESET, Client, Running

from contract_server.console.pages import PAGES

pytestmark = pytest.mark.browser

SCRIPTS = "**/console/*.js"
TEN_SECONDS_LATER = "document.getAnimations().forEach((animation) => animation.finish())"
EMAILS = {
    contractor: "active@example.jp",
    contractor_who_has_terminated: "active@example.jp",
    contractor_who_may_resume: "lastday@example.jp",
    operator: "operator@example.jp",
    operator_who_holds: "operator@example.jp",
}

BLOCKED_STORAGE = """
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("Access is denied.", "SecurityError"); } });
"""
NO_STORAGE = """
for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { value: null });
"""
# what came after Chrome and Edge 88, Firefox 85 and Safari 14.1
NO_NEWER_API = """
for (const [owner, ...names] of [
  [AbortSignal, "timeout", "any", "abort"],
  [window, "reportError", "structuredClone", "navigation", "scheduler"],
  [crypto, "randomUUID"],
  [Crypto.prototype, "randomUUID"],
  [Object, "hasOwn", "groupBy"],
  [Array, "fromAsync"],
  [Promise, "withResolvers", "try"],
  [URL, "canParse", "parse"],
  [Array.prototype, "at", "findLast", "findLastIndex", "toSorted", "toReversed", "toSpliced", "with"],
  [String.prototype, "at", "isWellFormed", "toWellFormed"],
  [URLSearchParams.prototype, "size"],
  [SubmitEvent.prototype, "submitter"],
  [HTMLFormElement.prototype, "requestSubmit"],
  [Element.prototype, "checkVisibility", "setHTMLUnsafe", "getHTML"],
  [Element.prototype, ...Object.keys(Element.prototype).filter((name) => name.startsWith("aria"))],
  [HTMLElement.prototype, "inert", "popover", "showPopover", "togglePopover"],
])
  for (const name of names) delete owner[name];
"""
SURROUNDINGS = {"blocked storage": BLOCKED_STORAGE, "no storage": NO_STORAGE, "oldest browsers": NO_NEWER_API}
in_each = pytest.mark.parametrize("script", SURROUNDINGS.values(), ids=SURROUNDINGS)


def address(path: str) -> str:
    return path.format(id=GRACE_CONTRACT)


@asynccontextmanager
async def stage_in(script: str, chromium: Browser, service: Running) -> AsyncIterator[Stage]:
    async with stage_of((1280, 720), chromium, service) as stage:
        await stage.page.context.add_init_script(script)
        yield stage
        assert stage.faults == []


@pytest.fixture
async def page(chromium: Browser, client: Client) -> AsyncIterator[Page]:
    """A tab of a telephone's size, without a session."""
    await client.ask(RESET)
    async with await chromium.new_context(viewport={"width": 390, "height": 664}, locale="ja-JP") as context:
        yield await context.new_page()


async def log_in(page: Page, email: str) -> None:
    await page.locator("#email").fill(email)
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#log-in [type=submit]").click()


async def enter_as(page: Page, service: Running, email: str) -> None:
    """Replace the browser's session, as a log-in in another tab does."""
    async with service.client() as client:
        await client.log_in(email)
        cookies = [
            {"name": it.name, "value": it.value or "", "url": service.base_url} for it in client.http.cookies.jar
        ]
    await page.context.add_cookies(cookies)  # type: ignore[arg-type]


async def test_a_page_whose_scripts_do_not_come_says_so_after_ten_seconds(page: Page, service: Running) -> None:
    for each in PAGES:
        for missing in (SCRIPTS, f"**/console/{each.name}.js", "**/console/storage.js"):
            await page.route(missing, lambda route: route.abort())
            await page.goto(f"{service.base_url}{address(each.path)}")
            notice = page.locator("#not-started")
            await expect(notice).to_be_hidden()
            await page.evaluate(TEN_SECONDS_LATER)
            await expect(notice).to_be_in_viewport(ratio=1)
            await expect(notice.locator("[lang=ja], [lang=en]")).to_have_count(3)
            await page.unroute(missing)
    await page.goto(f"{service.base_url}/receipt")
    await page.route(SCRIPTS, lambda route: route.abort())
    await page.reload()
    await page.evaluate(TEN_SECONDS_LATER)
    await page.unroute(SCRIPTS)
    await page.get_by_text("再読み込み").click()
    await expect(page.locator("#not-started")).to_have_count(0)


async def test_a_form_that_is_sent_before_the_scripts_have_come_says_that_nothing_was_accepted(
    page: Page, service: Running
) -> None:
    sent = set()
    for each in PAGES:
        await page.route(SCRIPTS, lambda route: route.abort())
        await page.goto(f"{service.base_url}{address(each.path)}#token")
        if await page.locator("form[method=post]:visible").count() == 0:
            continue
        await page.locator("form[method=post] [type=submit]").click()
        await page.wait_for_url("**?early*")
        await expect(page.locator("#early")).to_be_in_viewport(ratio=1)
        assert page.url.endswith("#token")
        await page.unroute(SCRIPTS)
        await page.reload()
        outcome = await page.wait_for_function(OUTCOME, arg=ANY_NOTICE)
        assert json.loads(await outcome.json_value())["faults"] == []
        sent.add(each.path)
    assert sent == {"/", "/login", "/password", "/receipt", "/second-factor"}


@in_each
async def test_every_page_opens_in(script: str, chromium: Browser, service: Running) -> None:
    async with stage_in(script, chromium, service) as stage:
        for viewer in (stranger, contractor, operator):
            email = EMAILS.get(viewer)
            if email:
                await enter_as(stage.page, service, email)
            for path in sorted(PATHS_OF[viewer]):
                await stage.open(path)
                await expect(stage.page.locator("#not-started")).to_have_count(0)
                assert stage.page.url == f"{service.base_url}{path}"


@in_each
async def test_the_whole_procedure_succeeds_in(script: str, page: Page, service: Running) -> None:
    await page.add_init_script(script)
    await page.goto(f"{service.base_url}/")
    await page.locator("#language").click()
    await expect(page.locator("h1")).to_have_text("Log in")
    await log_in(page, "active@example.jp")
    await page.wait_for_url("**/home")
    await page.get_by_text("Terminate the contract").click()
    await page.get_by_label("Reason").select_option("TOO_EXPENSIVE")
    await page.locator("#language").click()
    await expect(page.get_by_label("終了の理由")).to_have_value("TOO_EXPENSIVE")
    await page.locator("#confirm [type=submit]").click()
    await page.wait_for_url("**/done")
    await expect(page.locator("h1")).to_have_text("利用停止手続きが完了しました")
    await page.locator("#resume").click()
    await expect(page.locator("h1")).to_have_text("利用再開手続きが完了しました")
    await page.locator("#log-out").click()
    await expect(page.locator(NOTICE)).to_have_text("ログアウトしました。")


async def test_where_cookies_are_blocked_the_log_in_says_so(page: Page, service: Running) -> None:
    async def without_cookies(route: Route) -> None:
        response = await route.fetch()
        await page.context.clear_cookies()
        kept = {name: value for name, value in response.headers.items() if name != "set-cookie"}
        await route.fulfill(response=response, headers=kept)

    await page.add_init_script(BLOCKED_STORAGE)
    await page.route("**/graphql", without_cookies)
    await page.goto(f"{service.base_url}/")
    await log_in(page, "active@example.jp")
    await expect(page.locator(NOTICE)).to_contain_text("Cookieを許可してから")
    await expect(page.locator(NOTICE)).to_be_in_viewport(ratio=1)
    await page.unroute_all(behavior="wait")


async def opened_as(stage: Stage, viewer: Viewer, path: str) -> None:
    assert await stage.show(viewer, path)
    await stage.page.context.clear_cookies()
    await stage.page.reload()
    await stage.page.wait_for_url(f"{stage.service.base_url}/")


async def test_a_log_in_leads_back_to_the_page_that_asked_for_it(chromium: Browser, service: Running) -> None:
    async with stage_in("", chromium, service) as stage:
        for viewer, email in EMAILS.items():
            for path in sorted(PATHS_OF[viewer]):
                await opened_as(stage, viewer, path)
                await log_in(stage.page, email)
                await stage.page.wait_for_url(f"{service.base_url}{path}")


async def test_a_log_in_of_another_role_leads_to_its_own_home(chromium: Browser, service: Running) -> None:
    async with stage_in("", chromium, service) as stage:
        await opened_as(stage, contractor, "/terminate")
        await log_in(stage.page, "operator@example.jp")
        await stage.page.wait_for_url("**/operator")


@pytest.mark.parametrize(
    ("path", "button", "accounts"),
    [
        ("/terminate", "#confirm [type=submit]", ("active@example.jp", "grace@example.jp")),
        ("/home", "#resume", ("grace@example.jp", "active@example.jp")),
        ("/home", "#resume", ("grace@example.jp", "closed@example.jp")),
    ],
)
async def test_what_is_pressed_after_a_log_in_of_another_account_is_not_done(
    page: Page, service: Running, path: str, button: str, accounts: tuple[str, str]
) -> None:
    email, other = accounts
    await enter_as(page, service, email)
    await page.goto(f"{service.base_url}{path}")
    await page.locator(button).wait_for()
    await enter_as(page, service, other)
    await page.locator(button).click()
    await page.wait_for_url("**/home")
    await expect(page.locator(NOTICE)).to_contain_text("お手続きは行われませんでした。")
    await expect(page.locator("dd").filter(has_text=other)).to_be_visible()


async def test_a_page_that_opens_after_a_log_in_of_another_account_says_whose_it_is(
    page: Page, service: Running
) -> None:
    await enter_as(page, service, "active@example.jp")
    await page.goto(f"{service.base_url}/home")
    await page.locator("#log-out").wait_for()
    await enter_as(page, service, "grace@example.jp")
    await page.reload()
    await expect(page.locator(NOTICE)).to_contain_text("様の画面に切り替わりました。")
    await page.reload()
    await page.locator("#log-out").wait_for()
    await expect(page.locator(NOTICE)).to_have_count(0)


@pytest.mark.parametrize("visitor", [1280, 390], indirect=True)
async def test_an_address_without_a_page_is_answered_in_both_languages(visitor: Visitor, client: Client) -> None:
    page = visitor.page
    for title in ("ページが見つかりません", "Page not found"):
        async with page.expect_response("**/nothing/here") as answer:
            await page.goto(f"{visitor.base_url}/nothing/here")
        assert (await answer.value).status == HTTPStatus.NOT_FOUND
        await expect(page.locator("h1")).to_have_text(title)
        await visitor.check_accessibility()
        await page.locator("#language").click()
    visitor.console_errors.clear()  # the browser reports the status
    assert (await client.http.get("/nothing/here")).text == "Not Found"
