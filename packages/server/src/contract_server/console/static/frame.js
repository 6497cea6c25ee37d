// What every page has: the language switch, who is logged in, and the way out.

import { ask } from "./api.js";
import { byId } from "./dom.js";
import { say, switchLanguage, translate } from "./language.js";
import { GREETED, goTo, mayLeave, press, tell } from "./outcome.js";
import { tab } from "./storage.js";

const OPERATOR = "OPERATOR";
const VIEWER = "query { viewer { name role } }";
const LOG_OUT = "mutation { logOut { ok } }";

translate();
byId("language").addEventListener("click", (event) => mayLeave(event, byId("language")) && switchLanguage());
byId("log-out").addEventListener("click", (event) => press(event.currentTarget, logOut));
// a page that the browser kept is as old as its last answer
addEventListener("pageshow", (event) => event.persisted && location.reload());

/** Show who is logged in; tell it where it is another account than before, because of a log-in in another tab. */
export function greet(viewer) {
  const before = tab.read(GREETED);
  const account = viewer.contract?.id ?? OPERATOR;
  tab.write(GREETED, account);
  byId("who").textContent = say(`${viewer.name} 様`, viewer.name);
  byId("account").hidden = false;
  byId("log-out").hidden = false;
  if (before && before !== account) tell("information", switched(viewer));
}

const switched = ({ name }) =>
  say(
    `別のタブでログインされたため、${name} 様の画面に切り替わりました。`,
    `This is now the page of ${name}, who logged in in another tab.`,
  );

/** The first page of a role. */
export const homeOf = (viewer) => (viewer.role === OPERATOR ? "/operator" : "/home");

/** The viewer of this session; null without one. */
export const viewerNow = async () => (await ask(VIEWER)).viewer;

async function logOut() {
  await ask(LOG_OUT);
  tab.remove(GREETED);
  return goTo("/", say("ログアウトしました。", "You are logged out."));
}
