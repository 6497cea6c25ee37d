// Development only: the clock that server and worker share, moved from the page.

import { ask } from "./api.js";
import { byId, isBusy } from "./dom.js";
import { instant, say } from "./language.js";
import { press, tell } from "./outcome.js";
import { tab } from "./storage.js";

const CLOCK = `
query {
  testClock { now }
  viewer { contract { termination { timeline { serviceEnd { lastDay at } erasure { at } } } } }
}`;
const ADVANCE = `
mutation ($input: AdvanceTestClockInput!) {
  advanceTestClock(input: $input) { ... on TestClockAdvanced { testClock { now } } ... on InvalidInput { message } }
}`;
const RESET = "mutation { resetDemo { testClock { now } } }";

const buttons = [...byId("clock").querySelectorAll("[data-move]")];
let targets = { day: { days: 1 } };

for (const button of buttons)
  button.addEventListener("click", () => {
    if (!buttons.some(isBusy)) press(button, () => move(button));
  });
read();
addEventListener("online", read);

function read() {
  show().catch(() => display(say("時計を読み取れません", "The clock cannot be read")));
}

async function show() {
  const { testClock, viewer } = await ask(CLOCK);
  display(instant(testClock.now));
  const dates = viewer?.contract?.termination?.timeline;
  targets = { day: { days: 1 } };
  if (dates) {
    const { serviceEnd, erasure } = dates;
    const now = Date.parse(testClock.now);
    const instants = {
      "last-day": `${serviceEnd.lastDay}T09:00:00${serviceEnd.at.slice(-6)}`,
      closed: serviceEnd.at,
      erased: erasure.at,
    };
    for (const [name, to] of Object.entries(instants)) if (Date.parse(to) > now) targets[name] = { to };
  }
  for (const button of buttons) button.disabled = !(button.dataset.move in targets) && button.dataset.move !== "start";
}

async function move(button) {
  const name = button.dataset.move;
  if (name === "start") {
    await ask(RESET);
    tab.clear();
  } else {
    const { advanceTestClock } = await ask(ADVANCE, { input: targets[name] });
    if (advanceTestClock.message) return tell("problem", advanceTestClock.message, button);
  }
  location.reload();
  return new Promise(() => {}); // busy until the page has gone
}

function display(text) {
  byId("clock-now").textContent = text;
}
