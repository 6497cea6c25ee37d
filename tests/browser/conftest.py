"""A person at the contract-management pages, in the system's Chromium, against the running product."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, Route, expect
from tests.chromium import REPORT_VIOLATIONS
from tests.conftest import new_database
from tests.server.running import PASSWORD, RESET, Client, Running, running

from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.servers.redis import EmbeddedRedis

SIZES = {1280: 800, 390: 844}
NOTICE = ".notice[role]"
VIOLATIONS_ALONE = {"resultTypes": ["violations"]}  # telling what is right, too, would take twice the time

_OF_A_BAD_LINE = re.compile(r"ERR_FAILED|ERR_INTERNET_DISCONNECTED|status of 50[0-9]")
_NAMES_OF_FOCUS = "[document.activeElement.id, document.activeElement.innerText]"


@dataclass
class Visitor:
    """One person with one tab."""

    page: Page
    base_url: str
    screens: Path
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.base_url}{path}")
        await self.settled()

    async def at(self, path: str) -> None:
        """Wait for the page at `path`, complete."""
        await self.page.wait_for_url(f"{self.base_url}{path}")
        await self.settled()

    async def settled(self) -> None:
        await expect(self.page.locator("[aria-busy]")).to_have_count(0)

    async def log_in(self, email: str, password: str = PASSWORD) -> None:
        await self.page.get_by_label("メールアドレス").fill(email)
        await self.page.get_by_label("パスワード").fill(password)
        await self.page.get_by_role("button", name="ログイン").click()

    async def at_home(self, email: str) -> None:
        await self.open("/")
        await self.log_in(email)
        await self.at("/home")

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def follow(self, name: str) -> None:
        await self.page.get_by_role("link", name=name, exact=True).click()

    async def reads(self, text: str) -> None:
        """The page says so, visibly."""
        await expect(self.page.get_by_text(text).first).to_be_visible()

    async def is_told(self, text: str) -> None:
        """The page says so in a notice, within the screen."""
        notice = self.page.locator(NOTICE).filter(has_text=text)
        await expect(notice).to_be_visible()
        await expect(notice).to_be_in_viewport(ratio=1)

    async def particular(self, term: str) -> str:
        """What stands beside a term of the contract."""
        row = self.page.locator("dl > div").filter(has=self.page.locator(f"dt:text-is('{term}')"))
        return await row.locator("dd").inner_text()

    async def tab_to(self, name: str) -> None:
        """Press Tab until the element of that id or text has the focus."""
        for _ in range(40):
            await self.page.keyboard.press("Tab")
            if name in await self.page.evaluate(_NAMES_OF_FOCUS):
                return
        raise AssertionError(f"the keyboard does not reach {name!r}")

    async def finds_no_barrier(self) -> None:
        """The state as it is now: nothing that axe objects to, and nothing beside the screen."""
        size = self.page.viewport_size
        assert size is not None
        found = (await Axe().run(self.page, options=VIOLATIONS_ALONE)).response["violations"]
        assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= size["width"]

    async def reaches(self, step: str) -> None:
        """A step of the manual: it has no barrier, and is shown in its picture."""
        await self.finds_no_barrier()
        size = self.page.viewport_size
        assert size is not None
        await self.page.screenshot(path=self.screens / f"{step}-{size['width']}.png", full_page=True)


class Line:
    """The line between a page and the API, which can be cut, and be slow."""

    def __init__(self, page: Page, operation: str) -> None:
        self._page = page
        self._operation = operation
        self._speeds_up = asyncio.Event()
        self.sent = 0

    async def cut_before_the_request(self) -> None:
        await self._on_each(lambda route: route.abort())

    async def cut_before_the_answer(self) -> None:
        async def answer_is_lost(route: Route) -> None:
            await route.fetch()
            await route.abort()

        await self._on_each(answer_is_lost)

    async def be_slow(self) -> None:
        async def wait(route: Route) -> None:
            await self._speeds_up.wait()
            await route.continue_()

        await self._on_each(wait)

    def speed_up(self) -> None:
        self._speeds_up.set()

    async def be_answered_by(self, status: int, body: str) -> None:
        """By a proxy, say, that finds no API behind it."""
        await self._on_each(lambda route: route.fulfill(status=status, body=body))

    async def mend(self) -> None:
        await self._page.unroute("**/graphql")

    async def _on_each(self, act) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - one of those above
        async def when_meant(route: Route) -> None:
            if self._operation in (route.request.post_data or ""):
                self.sent += 1
                await act(route)
            else:
                await route.continue_()

        await self._page.route("**/graphql", when_meant)


@pytest.fixture(scope="session")
async def service(
    postgres: EmbeddedPostgres, redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A server and a worker, for all tests at the pages."""
    async with running(await new_database(postgres), redis.url, tmp_path_factory.mktemp("pages")) as found:
        yield found


@pytest.fixture
async def client(service: Running) -> AsyncIterator[Client]:
    """Somebody at the API itself."""
    async with service.client() as found:
        yield found


@pytest.fixture
async def visitor(
    chromium: Browser, service: Running, client: Client, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Visitor]:
    """A visitor on demonstration data as it was at first, with 1280 pixels unless the test asks for another width.

    At the end nothing was asked of anybody else, no policy was violated, and no script failed. Pictures go to a
    folder of the test's own, or to `SCREENS` where that is set.
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
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(f"error: {error}"))
        visitor.page.on(
            "console",
            # a bad line is what some tests are about
            lambda message: (
                visitor.complaints.append(message.text)
                if message.type in ("error", "warning") and not _OF_A_BAD_LINE.search(message.text)
                else None
            ),
        )
        yield visitor
        assert visitor.complaints == []
        assert [url for url in visitor.requests if not url.startswith(f"{service.base_url}/")] == []
