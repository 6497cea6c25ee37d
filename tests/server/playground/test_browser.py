"""The playground in Chromium, against the running product.

After each test, the fixture `playground` checks that no request went to another origin and that the console is empty.
"""

from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, Response, expect
from tests.server.playground.conftest import SIZES, PlaygroundPage
from tests.server.playground.sources import STEPS
from tests.server.playground.tour import FRONT_END, Run, Tour

from contract_server.development.demo.people import PASSWORD

pytestmark = pytest.mark.browser

SECRET = "hunter2-hunter2"
MINE = "mine@example.jp"
LOG_INS = [
    (f'mutation {{ logIn(input: {{ email: "{MINE}", password: "{SECRET}" }}) {{ __typename }} }}', "{}"),
    (
        f'mutation ($w: String!) {{ logIn(input: {{ email: "{MINE}", password: $w }}) {{ __typename }} }}',
        f'{{ "w": "{SECRET}" }}',
    ),
    (
        f'mutation ($w: String! = "{SECRET}") {{ logIn(input: {{ email: "{MINE}", password: $w }}) {{ __typename }} }}',
        "{}",
    ),
    (
        "mutation ($input: LogInInput!) { logIn(input: $input) { __typename } }",
        f'{{ "input": {{ "email": "{MINE}", "password": "{SECRET}" }} }}',
    ),
]
TYPED = """
(number) => {
  const { query, variables } = JSON.parse(localStorage["graphiql:tabState"]).tabs[number] ?? {};
  return query?.includes("logIn(") && variables?.startsWith("{");
}
"""
STORED = """
async () => {
  const databases = await indexedDB.databases();
  return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, databases, await caches.keys()]);
}
"""

at_both_widths = pytest.mark.parametrize("playground", SIZES, indirect=True)


@at_both_widths
async def test_a_newcomer_finds_the_tour_and_everything_on_one_screen(
    playground: PlaygroundPage, tmp_path: Path
) -> None:
    page = playground.page
    size = page.viewport_size
    assert size is not None
    await page.screenshot(path=tmp_path / f"playground-{size['width']}.png")
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    for wanted in (
        page.get_by_role("button", name="Execute query"),
        page.get_by_role("group", name="GraphQL operation"),
        page.get_by_role("group", name="Variables, JSON"),
        page.get_by_role("group", name="Answer, JSON"),
    ):
        box = await wanted.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= size["width"] + 1
        assert 0 <= box["y"] <= box["y"] + box["height"] <= size["height"] + 1
        assert box["width"] * box["height"] > 30 * 30
    await expect(page.get_by_role("heading", level=1)).to_have_text("おまかせログイン 契約管理 API")


async def test_a_newcomer_logs_in_and_sees_the_contract_with_the_keyboard_alone(playground: PlaygroundPage) -> None:
    await playground.tab_to("Execute query")
    await playground.page.keyboard.press("Enter")
    await playground.expect_answer('"LoggedIn"')
    await playground.page.keyboard.press("Shift+Tab")
    await playground.page.keyboard.press("Enter")  # into the editor
    await playground.page.keyboard.press("Tab")  # and out of it
    await expect(playground.page.get_by_role("button", name="Execute query")).to_be_focused()
    await playground.tab_to("See the contract")
    await playground.page.keyboard.press("Enter")
    await playground.tab_to("GraphQL operation")
    await playground.page.keyboard.press("Enter")
    await playground.page.keyboard.press("Control+Enter")
    await playground.expect_answer("株式会社あおぞら製作所")


@at_both_widths
async def test_the_whole_tour_runs_in_the_playground_as_the_pages_tell_it(playground: PlaygroundPage) -> None:
    await expect(playground.page.locator(".graphiql-tab")).to_have_count(len(STEPS))
    for run in Tour(FRONT_END).runs:
        await playground.choose(run.step.title)
        async with playground.page.expect_response(partial(answers, run)) as answered:
            await playground.run(run.operation if run.step.has_several_operations else None)
        answer = await (await answered.value).json()
        assert "errors" not in answer, answer
        assert run.expects(answer["data"]), answer
        await playground.expect_answer(f'"{next(iter(answer["data"]))}"')


def answers(run: Run, response: Response) -> bool:
    """Whether this is the response to the operation."""
    return f'"operationName":"{run.operation}"' in (response.request.post_data or "")


async def test_every_part_of_the_editor_works_under_the_policy(playground: PlaygroundPage) -> None:
    page = playground.page
    editor = page.get_by_role("group", name="GraphQL operation")
    await playground.choose("See the contract")
    await editor.locator(".view-line", has_text="viewer {").click()
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Control+Space")
    await expect(page.locator(".suggest-widget").get_by_text("sessionExpiresAt")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.type("nonsense")
    await expect(editor.locator(".squiggly-error")).to_be_visible()
    await page.keyboard.press("F8")
    await expect(page.locator(".zone-widget")).to_contain_text('Cannot query field "nonsense"')
    await page.keyboard.press("Escape")
    await page.keyboard.press("F1")
    await page.keyboard.type("Run Operation")
    await expect(page.get_by_role("option", name="Run Operation")).to_be_visible()
    await page.keyboard.press("Escape")
    await editor.locator(".view-line", has_text="viewer {").click(button="right")
    await expect(page.locator(".monaco-menu")).to_contain_text("Prettify Editors")
    await page.keyboard.press("Escape")
    await editor.get_by_text("viewer", exact=True).hover()
    await expect(page.locator(".monaco-hover-content", has_text="Query.viewer")).to_be_visible()
    await page.keyboard.press("Control+f")
    await expect(page.locator(".find-widget.visible")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Prettify query").click()
    await page.get_by_role("button", name="Merge fragments").click()
    await page.get_by_role("button", name="Open settings").click()
    await page.get_by_role("dialog").get_by_role("button", name="Dark").click()
    await page.keyboard.press("Escape")


async def test_the_documentation_of_the_schema_can_be_read(playground: PlaygroundPage) -> None:
    await playground.page.get_by_role("button", name="Show Documentation Explorer").click()
    documentation = playground.page.get_by_role("region", name="Documentation Explorer")
    await documentation.get_by_role("link", name="Query", exact=True).click()
    await expect(documentation).to_contain_text("The person who is logged in; null when nobody is.")


async def test_no_password_is_stored_in_the_browser(playground: PlaygroundPage) -> None:
    page = playground.page
    await playground.run()
    await playground.expect_answer('"LoggedIn"')
    for number, (operation, variables) in enumerate(LOG_INS, len(STEPS)):
        await page.get_by_role("button", name="New tab").click()
        for editor, text in (("GraphQL operation", operation), ("Variables, JSON", variables)):
            await page.get_by_role("group", name=editor).locator(".view-lines").click()
            await page.keyboard.press("Control+a")
            await page.keyboard.insert_text(text)
        await page.wait_for_function(TYPED, arg=number)
        await playground.run()
        await playground.expect_answer('"LogInRefused"')
    await page.wait_for_function("() => JSON.parse(localStorage['graphiql:queries']).queries.length === 5")
    stored = await page.evaluate(STORED)
    assert SECRET not in stored
    assert PASSWORD not in stored

    await page.reload()
    await playground.wait_until_loaded()
    await expect(page.locator(".graphiql-query-editor")).to_contain_text("logIn(")
    await playground.choose("Log in")
    await playground.run()
    await playground.expect_answer('"LoggedIn"')


async def test_the_history_brings_back_what_was_run(playground: PlaygroundPage) -> None:
    page = playground.page
    await playground.choose("Preview the timeline")
    await playground.run()
    await playground.expect_answer('"2024-03-15"')
    await page.get_by_role("button", name="New tab").click()
    await page.get_by_role("button", name="Show History").click()
    await page.get_by_role("region", name="History").get_by_text("PreviewTimeline").click()
    await expect(page.locator(".graphiql-query-editor")).to_contain_text("# 3. Preview the timeline")
    await playground.run()
    await playground.expect_answer('"2024-03-15"')


async def test_tabs_are_found_as_they_were_left(playground: PlaygroundPage) -> None:
    await playground.choose("Preview the timeline")
    await playground.page.get_by_role("group", name="GraphQL operation").locator(".view-line").first.click()
    await playground.page.keyboard.type("# mine\n")
    stored = "() => localStorage.getItem('graphiql:tabState')?.includes('# mine')"
    await playground.page.wait_for_function(stored)
    await playground.page.reload()
    await playground.wait_until_loaded()
    await expect(playground.page.locator(".graphiql-query-editor")).to_contain_text("# mine")


async def test_a_step_that_was_closed_or_changed_comes_back(playground: PlaygroundPage) -> None:
    page = playground.page
    tab = page.locator("#graphiql-session-tab-0")
    await expect(tab).to_have_text("LogIn")
    await tab.hover()
    await page.get_by_role("button", name="Close Tab").first.click()
    await expect(tab).to_have_text("MyContract")
    await playground.choose("Log in")
    await playground.run()
    await playground.expect_answer('"LoggedIn"')
    await page.get_by_role("button", name="Put every step back").click()
    await expect(tab).to_have_text("LogIn")
    await playground.wait_until_loaded()
    await expect(page.locator(".graphiql-query-editor")).to_contain_text("# 1. Log in")


async def test_the_query_builder_writes_what_is_ticked_by_mouse_and_by_keyboard(playground: PlaygroundPage) -> None:
    page = playground.page
    await page.get_by_role("button", name="New tab").click()
    await page.get_by_role("button", name="Show Query builder").click()
    builder, editor = page.get_by_role("region", name="Query builder"), page.locator(".graphiql-query-editor")
    await builder.get_by_role("checkbox", name="policy", exact=True).click()
    await builder.get_by_role("checkbox", name="erasureDays").press("Space")
    await expect(editor).to_contain_text("erasureDays")
    await expect(builder.get_by_role("checkbox", name="erasureDays")).to_be_checked()
    await playground.run()
    await playground.expect_answer('"erasureDays": 45')


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_panel_can_be_read_and_used_in_both_color_schemes(
    playground: PlaygroundPage, scheme: Literal["light", "dark"], tmp_path: Path
) -> None:
    page = playground.page
    await playground.run()
    await playground.expect_answer('"LoggedIn"')
    await playground.choose("See the contract")
    await page.emulate_media(color_scheme=scheme)
    for panel in ("Tour", "Documentation Explorer", "Query builder", "History"):
        region = page.get_by_role("region", name=panel)
        if not await region.is_visible():
            await page.get_by_role("button", name=f"Show {panel}").click()
        await expect(region).to_be_visible()
        await page.screenshot(path=tmp_path / f"{scheme}-{panel}.png")
        assert await violations(page) == []


@at_both_widths
async def test_the_page_has_no_barrier_that_axe_finds(playground: PlaygroundPage) -> None:
    assert await violations(playground.page) == []


async def violations(page: Page) -> list[str]:
    """What axe finds, with the elements."""
    report = await Axe().run(page)
    return [f"{found['id']}: {node['html']}" for found in report.response["violations"] for node in found["nodes"]]
