"""Every button of every page, pressed when things go wrong: the outcome is on the screen, and the focus is with it.

The pages are those of `PATHS_OF`, which must be complete. The buttons are those that the browser shows.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from itertools import count
from typing import Any, Concatenate, ParamSpec, TypeVar

import asyncpg
import pytest
from playwright.async_api import Browser, ElementHandle, Page, Route, expect
from playwright.async_api import TimeoutError as NothingSeen
from tests.chromium import REPORT_VIOLATIONS
from tests.server.running import (
    GRACE_CONTRACT,
    PASSWORD,
    RESET,
    RESUME,
    TERMINATE,
    Client,
    Running,
)

from contract_server.console.pages import PAGES

pytestmark = pytest.mark.browser

SIZES = ((1280, 720), (390, 664))
HOLD = 'mutation ($id: ID!) { holdErasure(input: { contractId: $id, reason: "2026-0142" }) { __typename } }'
LONG_HISTORY = """
INSERT INTO contract_event (id, contract_id, at, type, actor)
SELECT gen_random_uuid(), $1, now(), 'RESUMED', 'OPERATOR' FROM generate_series(1, 23)
"""
MANY_CONTRACTS = """
INSERT INTO contract (id, version, status, started_on, applications)
SELECT gen_random_uuid(), 1, 'ACTIVE', '2024-03-01', 0 FROM generate_series(1, 20)
"""
FAILED_MAIL = """
INSERT INTO outbox_mail (id, contract_id, kind, message_id, dated_at, recipient, subject, body, state, attempts,
                         next_attempt_at)
VALUES (900001, $1, 'termination_accepted', 'a', now(), 'grace@example.jp', 's', 'b', 'FAILED', 3, now())
"""
FAILED_ACTION = """
INSERT INTO due_failure (contract_id, act, due_at, tries, failure, next_try_at, set_aside_at)
SELECT id, 'ERASE', erasure_due_at, 8, 'LedgerUnavailable', now(), now() FROM contract WHERE id = $1
"""

BUTTONS = "button:enabled:visible:not(.notice *), .button:visible, .tabs a:visible"
TYPED = {"email": "active@example.jp", "password": PASSWORD, "text": "2026-0142"}
LONGEST_STEP_S = 60
"""A hundred times as long as a step takes."""
NO_DIALOGUE = "window.print = () => { window.printed = true; }"
API = "**/graphql"
NEW_TAB = "about:blank"
NOTICE = ":is(.notice[role], [role] > .notice)"

PRESSED = """(button, [typed, notice]) => {
  if (!button.closest(notice)) window.pressed = button;
  window.printed = false;
  for (const old of document.querySelectorAll(notice)) old.dataset.old = "";
  for (const field of button.form?.elements ?? []) if (field.required) field.value = typed[field.type] ?? "";
  button.scrollIntoView({ block: "end", behavior: "instant" });
}"""
TWO_FRAMES = "new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))"
# null while nothing has come of it. A page that was left has no `pressed`.
OUTCOME = """(selector) => {
  const focused = document.activeElement;
  const outcome = find();
  return outcome && JSON.stringify(outcome);

  function find() {
    const pressed = window.pressed;
    if (document.readyState !== "complete" || pressed?.isConnected && pressed.ariaDisabled) return null;
    const notice = [...document.querySelectorAll(selector)].findLast((each) => !("old" in each.dataset));
    if (notice) return { kind: "notice", left: !pressed, text: notice.innerText, faults: faultsOf(notice, pressed) };
    if (document.querySelector("[aria-busy]")) return null;
    if (!pressed) return { kind: "page", left: true, faults: [] };
    if (window.printed) return { kind: "paper", left: false, faults: [] };
    if (!pressed.isConnected) return { kind: "content", left: false, faults: faultsOf(focused, null) };
    if (!focused.ariaInvalid) return null;
    const lack = document.getElementById(`${focused.id}-problem`);
    return { kind: "field", left: false, faults: faultsOf(lack, focused) };
  }

  function faultsOf(told, beside) {
    const faults = [];
    const { left, right, top, bottom } = told.getBoundingClientRect();
    const { width, height } = visualViewport;
    if (left < 0 || top < 0 || right > width + 1 || bottom > height + 1)
      faults.push(`it stands at ${[left, top, right, bottom].map(Math.round)} of ${[width, height].map(Math.round)}`);
    for (const x of [left + 12, (left + right) / 2, right - 12])
      for (const y of [top + 4, (top + bottom) / 2, bottom - 4])
        if (!told.contains(document.elementFromPoint(x, y))) faults.push(`it is covered at ${[x, y].map(Math.round)}`);
    const place = beside?.isConnected ? beside.getBoundingClientRect() : { top: Infinity, bottom: -Infinity };
    const isBeside = top - place.bottom < 150 && place.top - bottom < 150;
    const keepsFocus = beside && (beside === focused || beside.form?.contains(focused));
    if (!told.contains(focused) && !(isBeside && keepsFocus))
      faults.push(`the focus is on ${focused.id || focused.innerText.slice(0, 20) || focused.tagName}`);
    return faults;
  }
}"""


_P = ParamSpec("_P")
_T = TypeVar("_T")


def limited(
    step: Callable[Concatenate["Stage", _P], Awaitable[_T]],
) -> Callable[Concatenate["Stage", _P], Awaitable[_T]]:
    """Fail with the place where a step does not end: most calls of Playwright would wait for ever."""

    @wraps(step)
    async def within_limit(stage: "Stage", /, *args: _P.args, **named: _P.kwargs) -> _T:
        try:
            async with asyncio.timeout(LONGEST_STEP_S):
                return await step(stage, *args, **named)
        except TimeoutError as error:
            message = f"{step.__name__} {args} at {stage.page.url} did not end within {LONGEST_STEP_S} s"
            raise AssertionError(message) from error

    return within_limit


@dataclass
class Stage:
    """One tab with one viewer, in a world that can be put back to its beginning."""

    page: Page
    service: Running
    faults: list[str] = field(default_factory=list)
    presses: int = 0
    shown: object = None
    """The viewer whose world is as it was at first."""

    async def enter(self, email: str | None) -> None:
        """Begin again, as that viewer."""
        await self.leave()
        await self.forget()
        async with self.service.client() as client:
            await client.ask(RESET)
            await self.execute("DELETE FROM session")
            if email:
                await client.log_in(email)
            await self.page.context.add_cookies(
                [
                    {"name": each.name, "value": each.value or "", "url": self.service.base_url}
                    for each in client.http.cookies.jar
                ]
            )

    @limited
    async def forget(self) -> None:
        """Remove what the browser keeps for all tabs."""
        browser = await self.page.context.new_cdp_session(self.page)
        stored = {"origin": self.service.base_url, "storageTypes": "cookies,local_storage"}
        await browser.send("Storage.clearDataForOrigin", stored)
        await browser.detach()

    @limited
    async def execute(self, statement: str, *values: object) -> None:
        connection = await asyncpg.connect(self.service.database_url)
        await connection.execute(statement, *values)
        await connection.close()

    @limited
    async def leave(self) -> None:
        """Go on in a new tab: a page that still leads somewhere would get in the way of the next."""
        if self.page.url == NEW_TAB:
            return
        left, self.page = self.page, await self.page.context.new_page()
        await left.unroute_all(behavior="ignoreErrors")
        await left.close()

    async def show(self, viewer: "Viewer", path: str) -> bool:
        """Open a page as a viewer. False where it leads elsewhere."""
        if self.shown is not viewer:
            await viewer(self)
            self.shown = viewer
        await self.open(path)
        return self.page.url == f"{self.service.base_url}{path}"

    @limited
    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.service.base_url}{path}")
        await expect(self.page.locator("[aria-busy]")).to_have_count(0)
        await expect(self.page.locator("#clock-now")).not_to_be_empty()

    def note(self, where: str, outcome: dict[str, Any]) -> None:
        """Keep what was wrong with an outcome."""
        self.faults += [f"{where}: {fault}" for fault in outcome["faults"]]

    def was_in_order(self) -> None:
        """Every outcome was where it belongs."""
        assert self.presses
        assert self.faults == []

    @limited
    async def buttons(self, selector: str = BUTTONS) -> list[ElementHandle]:
        return await self.page.query_selector_all(selector)

    @limited
    async def set_offline(self, offline: bool) -> None:
        await self.page.context.set_offline(offline)

    @limited
    async def replace_api(self, api: "StandIn") -> None:
        await self.page.route(API, api.reply)

    @limited
    async def restore_api(self) -> None:
        await self.page.unroute(API)

    @limited
    async def press(self, button: ElementHandle, typed: dict[str, str]) -> dict[str, Any]:
        """What came of it."""
        self.presses += 1
        await button.evaluate(PRESSED, [typed, NOTICE])
        await button.click(no_wait_after=True)
        try:
            outcome = await self.page.wait_for_function(OUTCOME, arg=NOTICE, timeout=15_000)
        except NothingSeen:
            return {"kind": "nothing", "left": False, "faults": ["nothing came of it"]}
        found: dict[str, Any] = json.loads(await outcome.json_value())  # a string outlives its page
        return found


Viewer = Callable[[Stage], Awaitable[None]]


async def stranger(stage: Stage) -> None:
    await stage.enter(None)


async def contractor(stage: Stage) -> None:
    await stage.enter("active@example.jp")


async def contractor_who_is_logged_in_elsewhere(stage: Stage) -> None:
    await contractor(stage)
    async with stage.service.client() as client:
        await client.log_in("active@example.jp")


async def contractor_who_has_terminated(stage: Stage) -> None:
    await stage.enter("active@example.jp")
    await stage.open("/terminate")
    await stage.page.locator("#confirm [type=submit]").click()
    await stage.page.wait_for_url("**/done")


async def contractor_who_may_resume(stage: Stage) -> None:
    await stage.enter("lastday@example.jp")


async def operator(stage: Stage) -> None:
    await stage.enter("operator@example.jp")
    await stage.execute(LONG_HISTORY, GRACE_CONTRACT)
    await stage.execute(MANY_CONTRACTS)
    await stage.execute(FAILED_MAIL, GRACE_CONTRACT)
    await stage.execute(FAILED_ACTION, GRACE_CONTRACT)


async def operator_who_holds(stage: Stage) -> None:
    await operator(stage)
    async with stage.service.client() as client:
        await client.log_in("operator@example.jp")
        await client.ask(HOLD, id=GRACE_CONTRACT)


CONTRACT_PATH = f"/operator/contracts/{GRACE_CONTRACT}"
PATHS = {page.path.format(id=GRACE_CONTRACT) for page in PAGES}
PATHS_FOR_ALL = {
    "/password",
    "/password/new",
    "/receipt",
    "/address",
    "/second-factor",
    "/second-factor/new",
}  # their buttons are pressed as a stranger
PATHS_OF: dict[Viewer, set[str]] = {
    stranger: PATHS_FOR_ALL | {"/", "/login"},
    contractor: {"/home", "/terminate", "/account"},
    contractor_who_is_logged_in_elsewhere: {"/account"},
    contractor_who_has_terminated: {"/home", "/done"},
    contractor_who_may_resume: {"/home"},
    operator: {
        "/operator",
        "/operator/audit",
        "/operator/erasures",
        "/operator/health",
        CONTRACT_PATH,
        "/account",
    },
    operator_who_holds: {CONTRACT_PATH},
}
PATHS_BESIDE: dict[Viewer, set[str]] = {
    contractor_who_is_logged_in_elsewhere: {"/home", "/terminate"},
    contractor_who_has_terminated: {"/account"},
    contractor_who_may_resume: {"/account"},
    operator_who_holds: PATHS_OF[operator],
}  # a hold changes the buttons of the contract's page alone, and none of these those of the account's


@asynccontextmanager
async def stage_of(size: tuple[int, int], chromium: Browser, service: Running) -> AsyncIterator[Stage]:
    """A stage of that size, with and without a wish for less movement."""
    async with await chromium.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="ja-JP",
        reduced_motion="reduce" if size == SIZES[0] else "no-preference",
    ) as context:
        await context.add_init_script(REPORT_VIOLATIONS + NO_DIALOGUE)
        found = Stage(await context.new_page(), service)
        context.on("weberror", lambda error: found.faults.append(f"error: {error.error}"))
        yield found


@pytest.fixture(params=SIZES, ids=lambda size: "x".join(map(str, size)))
async def stage(chromium: Browser, service: Running, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with stage_of(request.param, chromium, service) as found:
        yield found


each_viewer = pytest.mark.parametrize("viewer", PATHS_OF)


Answer = Callable[[Route], Awaitable[None]]


def refusal(code: str, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """Every request is answered by that error."""

    async def answer(route: Route) -> None:
        error = {"message": "いまはできません。", "extensions": {"code": code}}
        await route.fulfill(status=status, json={"errors": [error]})

    return answer


def can_be_refused(request: str) -> bool:
    return "mutation" in request and "message" in request


async def problem(route: Route) -> None:
    """Every change that the rules can refuse is refused. Everything else is answered as ever."""
    request = route.request.post_data or ""
    if not can_be_refused(request):
        await route.continue_()
        return
    name = "result" if "result:" in request else request.partition("(input: $input)")[0].split()[-1]
    refused = {"__typename": "ActionRefused", "code": "SOME_CODE", "message": "いまはできません。", "contract": None}
    await route.fulfill(json={"data": {name: refused}})


@dataclass
class StandIn:
    """What answers in the place of the API; how many changes it was asked for, and how many reached the API."""

    answer: Answer
    changes: int = 0
    made: int = 0

    async def reply(self, route: Route) -> None:
        request = route.request.post_data or ""
        self.changes += "mutation" in request
        self.made += "mutation" in request and self.answer is problem and not can_be_refused(request)
        await self.answer(route)


ANSWERS: dict[str, Answer] = {
    "away": refusal("INTERNAL_SERVER_ERROR", HTTPStatus.SERVICE_UNAVAILABLE),
    "mistaken": refusal("BAD_USER_INPUT"),
    "forbidden": refusal("FORBIDDEN"),
    "logged out": refusal("UNAUTHENTICATED"),
    "refused": problem,
}


@pytest.mark.parametrize("stage", SIZES[:1], indirect=True)
@each_viewer
async def test_the_pages_that_a_viewer_can_see_are_these(stage: Stage, viewer: Viewer) -> None:
    seen = {path for path in sorted(PATHS) if await stage.show(viewer, path)}
    assert seen == PATHS_OF[viewer] | PATHS_FOR_ALL | PATHS_BESIDE.get(viewer, set())


@each_viewer
async def test_without_a_connection_every_button_says_so_where_it_is(stage: Stage, viewer: Viewer) -> None:
    for path in sorted(PATHS_OF[viewer]):
        await stage.show(viewer, path)
        await stage.set_offline(True)
        for number, button in enumerate(await stage.buttons()):
            outcome = await stage.press(button, TYPED)
            stage.note(f"{viewer.__name__} at {path}, button {number}", outcome)
            if outcome["kind"] == "notice" and (again := await stage.buttons(f"{NOTICE} button")):
                stage.note(f"{viewer.__name__} at {path}, button {number} again", await stage.press(again[0], TYPED))
            assert not outcome["left"], path
        await stage.set_offline(False)
    stage.was_in_order()


@each_viewer
async def test_every_answer_that_is_none_is_told_where_the_button_is_or_on_the_page_that_follows(
    stage: Stage, viewer: Viewer
) -> None:
    tried_everywhere = {"away"}
    for path in sorted(PATHS_OF[viewer]):
        await stage.show(viewer, path)
        for name, answer in ANSWERS.items():
            buttons = BUTTONS if name in tried_everywhere else "main button:visible:not(.notice *)"
            for number in count():
                shown = await stage.buttons(buttons)
                if number >= len(shown):
                    break
                button = shown[number]
                api = StandIn(answer)
                await stage.replace_api(api)
                outcome = await stage.press(button, TYPED)
                stays = outcome["kind"] in ("notice", "field", "paper") and not outcome["left"]
                if not stays:
                    await stage.leave()
                await stage.restore_api()
                where = f"{name}: {viewer.__name__} at {path}, button {number}"
                stage.note(where, outcome)
                if api.changes and outcome["kind"] == "page":
                    stage.faults.append(f"{where}: nothing was told")
                if not stays:
                    if api.made or path == "/done":  # only the tab itself knows what was done in it
                        stage.shown = None
                    await stage.show(viewer, path)
    stage.was_in_order()


async def changed_elsewhere(client: Client) -> None:
    for email, change in (
        ("active@example.jp", TERMINATE),
        ("lastday@example.jp", RESUME),
        ("grace@example.jp", RESUME),
    ):
        viewer = (await client.log_in(email))["viewer"]
        await client.ask(change, id=viewer["contract"]["id"])


async def after_the_deadline(client: Client) -> None:
    await client.advance(days=20)


async def after_the_erasure(client: Client) -> None:
    await client.advance(days=60)


@pytest.mark.parametrize("viewer", [viewer for viewer in PATHS_OF if viewer is not stranger])
@pytest.mark.parametrize("happens", [changed_elsewhere, after_the_deadline, after_the_erasure])
async def test_a_page_that_is_out_of_date_tells_what_became_of_each_button(
    stage: Stage, viewer: Viewer, happens: Callable[[Client], Awaitable[None]]
) -> None:
    buttons = "main button:visible"
    for path in sorted(PATHS_OF[viewer]):
        await stage.show(viewer, path)
        for number in range(len(await stage.buttons(buttons))):
            if number:
                await stage.show(viewer, path)
            async with stage.service.client() as client:
                await happens(client)
            stage.shown = None
            button = (await stage.buttons(buttons))[number]
            stage.note(f"{viewer.__name__} at {path}, button {number}", await stage.press(button, TYPED))
    stage.was_in_order()


async def test_a_form_leads_to_what_it_lacks(stage: Stage) -> None:
    scenes = [(viewer, path) for viewer in PATHS_OF for path in sorted(PATHS_OF[viewer])]
    for viewer, path in scenes:
        await stage.show(viewer, path)
        for button in await stage.buttons("form:has([required]) [type=submit]:visible"):
            outcome = await stage.press(button, {})
            assert outcome["kind"] == "field"
            stage.note(f"{viewer.__name__} at {path}", outcome)
    stage.was_in_order()


async def test_a_reloaded_page_that_completes_late_does_not_scroll_away_from_its_notice(stage: Stage) -> None:
    told = asyncio.Event()

    async def late(route: Route) -> None:
        await told.wait()
        await route.continue_()

    await stage.show(operator, "/operator")
    await stage.replace_api(StandIn(ANSWERS["away"]))
    await stage.page.route("**/clock.js", late)
    await stage.page.locator("#language").click(no_wait_after=True)
    await stage.page.locator(NOTICE).wait_for()
    told.set()
    await stage.page.wait_for_load_state("load")
    await stage.page.evaluate(TWO_FRAMES)
    outcome = await stage.page.wait_for_function(OUTCOME, arg=NOTICE)
    stage.note("complete", json.loads(await outcome.json_value()))
    await stage.leave()
    await stage.page.unroute_all()
    assert stage.faults == []
