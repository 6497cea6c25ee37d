// What every page has: the language switch, who is logged in, and one place where outcomes are told.

import { ask, Forbidden, Mistaken, NotLoggedIn } from "./api.js";
import { byId, h } from "./dom.js";
import { say, switchLanguage, translate } from "./language.js";

const VIEWER = "query { viewer { name role } }";
const LOG_OUT = "mutation { logOut { ok } }";
const LATER = "notice";
const GREETED = "greeted";
const HOME = "/home";

translate();
byId("language").addEventListener("click", switchLanguage);
byId("log-out").addEventListener("click", logOut);
// a page that the browser kept is as old as its last answer
addEventListener("pageshow", (event) => event.persisted && location.reload());

const promised = sessionStorage.getItem(LATER);
if (promised) {
  sessionStorage.removeItem(LATER);
  tell("information", promised);
}

/** Tell an outcome where eyes and screen readers look for it. */
export function tell(kind, text, ...more) {
  byId("notice").replaceChildren(h(`div.notice.${kind}`, {}, h("p", {}, text), ...more));
}

export const tellNothing = () => byId("notice").replaceChildren();

/** Go to another page, leaving this one out of the history, and tell something there. */
export function goTo(address, text = "") {
  if (text) sessionStorage.setItem(LATER, text);
  location.replace(address);
}

/** Do what needs a viewer and the API; where it fails, say so, and offer to try again. */
export async function guarded(act) {
  try {
    await act();
  } catch (error) {
    tellFailure(error, () => guarded(act));
  }
}

/** Say why nothing came of it. `again` tries once more; `text` says what is not known meanwhile. */
export function tellFailure(error, again, text = unreachable()) {
  if (error instanceof NotLoggedIn) {
    goTo("/", sessionStorage.getItem(GREETED) ? sessionEnded() : say("ログインしてください。", "Please log in."));
    sessionStorage.removeItem(GREETED);
  } else if (error instanceof Forbidden && location.pathname !== HOME) {
    goTo(HOME, say("この画面を表示する権限がありません。", "Your account does not have access to that page."));
  } else if (error instanceof Mistaken || error instanceof Forbidden) {
    tell("problem", error.message);
  } else {
    tell("problem", text, again && retry(again));
  }
}

const sessionEnded = () =>
  say(
    "ログインの有効期間が終了しました。もう一度ログインしてください。",
    "Your session has ended. Please log in again.",
  );

const unreachable = () =>
  say(
    "ただいま接続できません。通信の状態をご確認のうえ、しばらくしてからもう一度お試しください。",
    "We cannot be reached at the moment. Please check your connection and try again shortly.",
  );

function retry(again) {
  const tryAgain = () => {
    tellNothing();
    again();
  };
  return h("button.secondary", { type: "button", onclick: tryAgain }, say("もう一度試す", "Try again"));
}

/** Show who is logged in. */
export function greet(viewer) {
  sessionStorage.setItem(GREETED, "yes");
  byId("who").textContent = say(`${viewer.name} 様`, viewer.name);
  byId("log-out").hidden = false;
}

/** The first page of a role. */
export const homeOf = (viewer) => (viewer.role === "OPERATOR" ? "/operator" : HOME);

/** Whoever is logged in; null when nobody is. */
export const viewerNow = async () => (await ask(VIEWER)).viewer;

async function logOut() {
  byId("log-out").disabled = true;
  try {
    await ask(LOG_OUT);
    sessionStorage.removeItem(GREETED);
    goTo("/", say("ログアウトしました。", "You are logged out."));
  } catch (error) {
    byId("log-out").disabled = false;
    tellFailure(error, logOut);
  }
}
