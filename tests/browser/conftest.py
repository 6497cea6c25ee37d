"""The contract-management pages in the system's Chromium, against the running product."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, Route, expect
from tests.chromium import REPORT_VIOLATIONS
from tests.conftest import seeded_database
from tests.server.running import PASSWORD, RESET, Client, Running, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

SIZES = {1280: 800, 390: 844}
NOTICE = ".notice[role]"
VIOLATIONS_ONLY = {"resultTypes": ["violations"]}  # listing passed rules, too, would take twice the time

_NAMES_OF_FOCUS = "[document.activeElement.id, document.activeElement.innerText]"
_CONNECTION_ERROR = re.compile(r"ERR_FAILED|ERR_INTERNET_DISCONNECTED|status of 50[0-9]")


@dataclass
class Visitor:
    """A visitor with one tab."""

    page: Page
    base_url: str
    screens: Path
    requests: list[str] = field(default_factory=list)
    console_errors: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.base_url}{path}")
        await self.wait_until_loaded()

    async def expect_page(self, path: str) -> None:
        """Wait until the page at `path` is loaded."""
        await self.page.wait_for_url(f"{self.base_url}{path}")
        await self.wait_until_loaded()

    async def wait_until_loaded(self) -> None:
        await expect(self.page.locator("[aria-busy]")).to_have_count(0)

    async def log_in(self, email: str, password: str = PASSWORD) -> None:
        await self.page.get_by_label("メールアドレス").fill(email)
        await self.page.get_by_label("パスワード").fill(password)
        await self.page.get_by_role("button", name="ログイン").click()

    async def open_home(self, email: str) -> None:
        await self.open("/")
        await self.log_in(email)
        await self.expect_page("/home")

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def follow(self, name: str) -> None:
        await self.page.get_by_role("link", name=name, exact=True).click()

    async def expect_text(self, text: str) -> None:
        """Check that the page shows a text."""
        await expect(self.page.get_by_text(text).first).to_be_visible()

    async def expect_notice(self, text: str) -> None:
        """Check that a notice with the text is fully visible."""
        notice = self.page.locator(NOTICE).filter(has_text=text)
        await expect(notice).to_be_visible()
        await expect(notice).to_be_in_viewport(ratio=1)

    async def detail(self, term: str) -> str:
        """The value beside a term of the contract."""
        row = self.page.locator("dl > div").filter(has=self.page.locator(f"dt:text-is('{term}')"))
        return await row.locator("dd").inner_text()

    async def tab_to(self, name: str) -> None:
        """Press Tab until the element of that id or text has the focus."""
        for _ in range(40):
            await self.page.keyboard.press("Tab")
            if name in await self.page.evaluate(_NAMES_OF_FOCUS):
                return
        raise AssertionError(f"the keyboard does not reach {name!r}")

    async def check_accessibility(self) -> None:
        """Check that axe finds no violation and that the page is no wider than the screen."""
        size = self.page.viewport_size
        assert size is not None
        violations = (await Axe().run(self.page, options=VIOLATIONS_ONLY)).response["violations"]
        assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in violations] == []
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= size["width"]

    async def check_step(self, step: str) -> None:
        """Check a step of the manual, and save its picture."""
        await self.check_accessibility()
        size = self.page.viewport_size
        assert size is not None
        await self.page.screenshot(path=self.screens / f"{step}-{size['width']}.png", full_page=True)


class ApiConnection:
    """The connection between a page and the API, for requests that contain `operation`. It can fail and be slow."""

    def __init__(self, page: Page, operation: str) -> None:
        self._page = page
        self._operation = operation
        self._released = asyncio.Event()
        self.requests = 0

    async def fail_requests(self) -> None:
        await self._on_each(lambda route: route.abort())

    async def lose_responses(self) -> None:
        async def drop_response(route: Route) -> None:
            await route.fetch()
            await route.abort()

        await self._on_each(drop_response)

    async def delay_requests(self) -> None:
        async def wait(route: Route) -> None:
            await self._released.wait()
            await route.continue_()

        await self._on_each(wait)

    def release(self) -> None:
        self._released.set()

    async def respond_with(self, status: int, body: str) -> None:
        """Respond like a proxy that cannot reach the API."""
        await self._on_each(lambda route: route.fulfill(status=status, body=body))

    async def restore(self) -> None:
        await self._page.unroute("**/graphql")

    async def _on_each(self, handle: Callable[[Route], Awaitable[None]]) -> None:
        async def handle_if_matching(route: Route) -> None:
            if self._operation in (route.request.post_data or ""):
                self.requests += 1
                await handle(route)
            else:
                await route.continue_()

        await self._page.route("**/graphql", handle_if_matching)


@pytest.fixture(scope="session")
async def service(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A server and a worker for all tests of the pages."""
    async with running(await seeded_database(postgres), redis.url, tmp_path_factory.mktemp("pages")) as service:
        yield service


@pytest.fixture
async def client(service: Running) -> AsyncIterator[Client]:
    """A client of the API itself."""
    async with service.client() as client:
        yield client


@pytest.fixture
async def visitor(
    chromium: Browser, service: Running, client: Client, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Visitor]:
    """A visitor with fresh demonstration data, on a screen of 1280 pixels unless the test sets another width.

    At the end, checks that the pages sent no request to another origin, violated no policy, and logged no error.
    Pictures go to the folder `SCREENS` if it is set, otherwise to a temporary folder.
    """
    await client.ask(RESET)
    width = getattr(request, "param", 1280)
    async with await chromium.new_context(
        viewport={"width": width, "height": SIZES.get(width, 800)}, locale="ja-JP", reduced_motion="reduce"
    ) as context:
        await context.add_init_script(REPORT_VIOLATIONS)
        screens = Path(os.environ.get("SCREENS", tmp_path))
        visitor = Visitor(await context.new_page(), service.base_url, screens)
        visitor.page.on("request", lambda sent: visitor.requests.append(sent.url))
        visitor.page.on("pageerror", lambda error: visitor.console_errors.append(f"error: {error}"))
        visitor.page.on(
            "console",
            # some tests cause connection errors
            lambda message: (
                visitor.console_errors.append(message.text)
                if message.type in ("error", "warning") and not _CONNECTION_ERROR.search(message.text)
                else None
            ),
        )
        yield visitor
        assert visitor.console_errors == []
        assert [url for url in visitor.requests if not url.startswith(f"{service.base_url}/")] == []
