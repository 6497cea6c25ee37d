"""Every page in each of its states: width, text size, colours, language, and bytes."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Visitor
from tests.server.running import GRACE_CONTRACT, PASSWORD, Client, Running

pytestmark = pytest.mark.browser

LARGEST_PAGE = 60 * 1024
TWICE_THE_TEXT = "document.documentElement.style.fontSize = '200%'"
WIDTH = "document.documentElement.scrollWidth"

# all that a browser without a cache receives for a page: the page, its files, and the API's responses
TRANSFERRED = """
[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .map((entry) => [new URL(entry.name).pathname, entry.transferSize])
"""
# all text for eyes and screen readers, without people's names and without parts marked as Japanese
WORDS = """
(() => {
  const page = document.body.cloneNode(true);
  for (const excluded of page.querySelectorAll("[lang=ja], dd, #who, tbody a, script, noscript")) excluded.remove();
  const names = ["aria-label", "alt", "title", "placeholder", "data-label"];
  const valuesOf = (element) => names.map((name) => element.getAttribute(name) ?? "");
  const attributes = [...page.querySelectorAll("*")].flatMap(valuesOf);
  return [document.title, page.innerText, ...attributes].join("\\n").replaceAll("おまかせログイン", "");
})()
"""
LINKS = ("/address#unknown", "/second-factor", "/second-factor/new#unknown")
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


async def every_page(visitor: Visitor) -> AsyncIterator[str]:
    """Open the pages one after another, without using text of a language; yield the name of each state."""
    for path in ("/", "/login", "/password", "/password/new#unknown", "/receipt", *LINKS):
        await visitor.open(path)
        yield path

    await log_in(visitor, "active@example.jp", "/home")
    yield "home, active"
    await visitor.open("/account")
    yield "account"
    await visitor.open("/terminate")
    yield "confirmation"
    await visitor.page.locator("#confirm [type=submit]").click()
    await visitor.expect_page("/done")
    yield "terminated"
    await visitor.open("/home")
    yield "home, terminated"
    await visitor.page.locator("#resume").click()
    await visitor.expect_page("/done")
    yield "resumed"
    await log_out(visitor)

    await log_in(visitor, "closed@example.jp", "/home")
    yield "home, closed"
    await log_out(visitor)

    await log_in(visitor, "operator@example.jp", "/operator")
    yield "operator: list"
    await visitor.open("/operator?status=ERASED")
    yield "operator: empty list"
    await visitor.open(f"/operator/contracts/{GRACE_CONTRACT}")
    yield "operator: contract"
    await visitor.page.locator("#reference").fill("2026-0142")
    await visitor.page.locator("#reason").fill("2026-0142")
    await visitor.page.locator("#holding [type=submit]").click()
    await visitor.page.locator(".notice.information[role]").wait_for()
    yield "operator: held contract"
    await visitor.open("/operator/contracts/none")
    yield "operator: missing contract"
    await visitor.open("/operator/erasures")
    yield "operator: erasures"
    await visitor.open("/operator/health")
    yield "operator: health"
    await visitor.open("/operator/audit")
    yield "operator: audit trail"
    await visitor.open("/operator/audit?contract=none")
    yield "operator: empty audit trail"


async def log_in(visitor: Visitor, email: str, home: str) -> None:
    await visitor.open("/")
    await visitor.page.locator("#email").fill(email)
    await visitor.page.locator("#password").fill(PASSWORD)
    await visitor.page.keyboard.press("Enter")
    await visitor.expect_page(home)


async def log_out(visitor: Visitor) -> None:
    await visitor.page.locator("#log-out").click()
    await visitor.expect_page("/")


async def check_width_with_large_text(visitor: Visitor, name: str) -> None:
    size = visitor.page.viewport_size
    assert size is not None
    await visitor.page.evaluate(TWICE_THE_TEXT)
    assert await visitor.page.evaluate(WIDTH) <= size["width"], name


@pytest.mark.parametrize("visitor", [360], indirect=True)
async def test_every_page_starts_and_has_no_barrier_on_the_narrowest_screen_in_the_dark(visitor: Visitor) -> None:
    await visitor.page.emulate_media(color_scheme="dark")
    async for name in every_page(visitor):
        await expect(visitor.page.locator("#not-started"), name).to_have_count(0)
        await visitor.check_accessibility()
        await check_width_with_large_text(visitor, name)


@pytest.mark.parametrize("visitor", [1920], indirect=True)
async def test_every_page_is_light_and_has_no_word_of_japanese_in_english(visitor: Visitor) -> None:
    page = visitor.page
    await page.add_init_script("localStorage.setItem('language', 'en')")
    browser = await page.context.new_cdp_session(page)
    await browser.send("Network.setCacheDisabled", {"cacheDisabled": True})
    async for name in every_page(visitor):
        await page.locator("#clock-now:not(:empty)").wait_for()
        transferred = await page.evaluate(TRANSFERRED)
        assert {"/console/console.css", "/graphql"} <= {path for path, _ in transferred}, name
        assert all(size > 0 for _, size in transferred), name
        assert sum(size for _, size in transferred) < LARGEST_PAGE, name
        assert not JAPANESE.findall(await page.evaluate(WORDS)), name
        await check_width_with_large_text(visitor, name)


@pytest.mark.parametrize("visitor", [390], indirect=True)
async def test_mails_are_read_without_a_barrier(visitor: Visitor, client: Client, service: Running) -> None:
    await visitor.open("/dev/mail")
    await visitor.expect_text("送信されたメールはまだありません。")
    await visitor.check_accessibility()
    await client.ask("""mutation { requestPasswordReset(input: { email: "active@example.jp" }) { ok } }""")
    await service.mails(1)
    await visitor.page.reload()
    await visitor.check_accessibility()
    await visitor.page.locator(".mails a").click()
    await visitor.page.locator(".body").wait_for()
    await visitor.check_accessibility()
    await check_width_with_large_text(visitor, "mail")
    await visitor.page.emulate_media(color_scheme="dark")
    await visitor.check_accessibility()
