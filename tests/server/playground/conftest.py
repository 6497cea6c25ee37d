"""A browser that is looked over the shoulder: what it asks for, and what it complains about."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from tests.server.playground.sources import bundler
from tests.server.running import Client

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SIZES = {1280: 800, 390: 844}

# nothing that Chromium does of its own accord, and no name but our own address resolves
_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.effectiveDirective} blocked ${event.blockedURI} ${event.sample}`));
"""


@dataclass
class Visit:
    """The playground as one visitor has it open."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def open(self, address: str) -> None:
        """Open the page, and wait until it can be used."""
        await self.page.goto(address)
        await self.settled()

    async def settled(self) -> None:
        """The operation is on the screen, and the schema is known."""
        await expect(self.page.locator(".graphiql-query-editor .view-line").first).to_be_visible()
        await expect(self.page.locator(".graphiql-spin")).to_have_count(0)

    async def choose(self, step: str) -> None:
        """Open a step of the tour by its English title."""
        if not await self.page.get_by_role("region", name="Tour").is_visible():
            await self.page.get_by_role("button", name="Show Tour").click()
        title = self.page.get_by_text(step, exact=True)
        await self.page.get_by_role("region", name="Tour").get_by_role("button").filter(has=title).click()

    async def run(self, operation: str | None = None) -> None:
        """Run what is open; of several operations, the one that is named."""
        button = self.page.get_by_role("button", name="Execute query")
        if operation is None:
            await expect(button).not_to_have_attribute("aria-haspopup", "menu")
            await button.click()
        else:
            await expect(button).to_have_attribute("aria-haspopup", "menu")
            await button.click()
            await self.page.get_by_role("menuitem", name=operation).click()

    async def expect_answer(self, text: str) -> None:
        """Wait for an answer that contains the text."""
        await expect(self.page.locator(".result-window .view-lines")).to_contain_text(text)

    async def tab_to(self, name: str) -> None:
        """Press Tab until the element of that name has the focus."""
        for _ in range(80):
            await self.page.keyboard.press("Tab")
            if name in await self.page.evaluate(_NAME_OF_FOCUS):
                return
        raise AssertionError(f"the keyboard does not reach {name!r}")


_NAME_OF_FOCUS = """
(({ activeElement: focused, body }) => (focused === body ? "" : (focused.ariaLabel ?? focused.innerText)))(document)
"""


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium, with the playground as its sources are now."""
    bundler["build_if_outdated"]()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def visit(chromium: Browser, client: Client, request: pytest.FixtureRequest) -> AsyncIterator[Visit]:
    """A newcomer at the playground, on a screen of 1280 pixels unless the test asks for another width."""
    address = str(client.http.base_url.join("/graphql"))
    width = getattr(request, "param", 1280)
    async with await chromium.new_context(viewport={"width": width, "height": SIZES[width]}, locale="ja-JP") as context:
        await context.add_init_script(_REPORT_VIOLATIONS)
        visit = Visit(await context.new_page())
        visit.page.on("request", lambda sent: visit.requests.append(sent.url))
        visit.page.on("console", lambda message: visit.complaints.append(f"{message.type}: {message.text}"))
        visit.page.on("pageerror", lambda error: visit.complaints.append(f"error: {error}"))
        await visit.open(address)
        yield visit
        assert visit.complaints == []
        assert [url for url in visit.requests if not url.startswith(address)] == []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser's tests out where there is no Chromium."""
    if CHROMIUM is None:
        left_out = [item for item in items if item.get_closest_marker("browser")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that they were."""
    if CHROMIUM is None:
        terminalreporter.write_line("The browser's tests were left out: this machine has no Chromium.")
