"""The playground in a browser, with its requests and its console messages recorded."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, Page, expect
from tests.chromium import REPORT_VIOLATIONS
from tests.server.playground.sources import bundler
from tests.server.running import Client

SIZES = {1280: 800, 390: 844}


@dataclass
class PlaygroundPage:
    """The playground in one tab."""

    page: Page
    requests: list[str] = field(default_factory=list)
    console_messages: list[str] = field(default_factory=list)

    async def open(self, address: str) -> None:
        """Open the page and wait until it is loaded."""
        await self.page.goto(address)
        await self.wait_until_loaded()

    async def wait_until_loaded(self) -> None:
        """Wait until the operation is visible and the schema is loaded."""
        await expect(self.page.locator(".graphiql-query-editor .view-line").first).to_be_visible()
        await expect(self.page.locator(".graphiql-spin")).to_have_count(0)

    async def choose(self, step: str) -> None:
        """Open a step of the tour by its English title."""
        if not await self.page.get_by_role("region", name="Tour").is_visible():
            await self.page.get_by_role("button", name="Show Tour").click()
        title = self.page.get_by_text(step, exact=True)
        await self.page.get_by_role("region", name="Tour").get_by_role("button").filter(has=title).click()

    async def run(self, operation: str | None = None) -> None:
        """Run the open operation; if there are several, the one of that name."""
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


@pytest.fixture(scope="session", autouse=True)
def _bundle() -> None:
    """The playground as its sources are now."""
    bundler["build_if_outdated"]()


@pytest.fixture
async def playground(
    chromium: Browser, client: Client, request: pytest.FixtureRequest
) -> AsyncIterator[PlaygroundPage]:
    """The playground with an empty browser profile, on a screen of 1280 pixels unless the test sets another width."""
    address = str(client.http.base_url.join("/graphql"))
    width = getattr(request, "param", 1280)
    async with await chromium.new_context(viewport={"width": width, "height": SIZES[width]}, locale="ja-JP") as context:
        await context.add_init_script(REPORT_VIOLATIONS)
        playground = PlaygroundPage(await context.new_page())
        playground.page.on("request", lambda sent: playground.requests.append(sent.url))
        playground.page.on(
            "console", lambda message: playground.console_messages.append(f"{message.type}: {message.text}")
        )
        playground.page.on("pageerror", lambda error: playground.console_messages.append(f"error: {error}"))
        await playground.open(address)
        yield playground
        assert playground.console_messages == []
        assert [url for url in playground.requests if not url.startswith(address)] == []
