// What came of it, told where the person is.
//
// `load` shows what a page is made of, and `press` does what a button is for. Both end in new content, in another page,
// or in a notice. A notice stands beside its button. Where the button is gone, it stands beside the button that took
// its place (the same id), or else at the head of the page. It is scrolled into view at once. It takes the focus,
// unless the person has the focus on something that can be used. It comes along from page to page until a button is
// pressed.

import { Forbidden, Mistaken, NotLoggedIn, Unreachable } from "./api.js";
import { byId, h, isBusy, setState, started } from "./dom.js";
import { say } from "./language.js";
import { tab } from "./storage.js";

/** Kept in the tab from the first answer that named a viewer until the session ends. */
export const GREETED = "greeted";

/** Kept in the tab while the viewer logs in: the page that asked for it, and what is to be told there. */
export const RETURN = "return";

const HOME = "/home";
const CARRIED = "notice";
const ROW = ".buttons, .who, .tabs, .links, .filters";

let current = null; // the notice that is shown
let reload = null; // loads what could not be loaded

/** Tell an outcome beside the button that was pressed. */
export function tell(kind, text, control = null) {
  show({ control, element: notice(kind, text) });
}

/** Show what the page is about in place of what was there; the focus stays in it. */
export function fill(...children) {
  const content = byId("content");
  const hadFocus = content.contains(document.activeElement);
  content.replaceChildren(...children.flat().filter(Boolean));
  content.removeAttribute("aria-busy");
  if (hadFocus) focusHeading();
  if (current && !current.element.isConnected) place();
}

/** Go to another page in place of this one, and tell something there. Never ends: what led here stays busy. */
export function goTo(address, text = "", kind = "information") {
  const onward = text ? { kind, text } : current?.carried;
  if (onward) tab.write(CARRIED, onward);
  location.replace(address);
  return new Promise(() => {});
}

/** Load what the page is made of. A failure stands in its place, and goes with the connection's return or a retry. */
export async function load(work) {
  reload = null;
  started();
  try {
    await work();
  } catch (error) {
    const { text, repeatable } = await explain(error);
    const again = () => {
      fill(h("p.loading", {}, say("読み込んでいます…", "Loading…")));
      return load(work);
    };
    const element = notice("problem", text, repeatable && again);
    fill(element);
    reveal(element);
    reload = repeatable && again;
  }
}

/** Do what a button is for, once at a time. `unknown` says what is not known where no answer has come. */
export async function press(button, work, unknown = "") {
  if (isBusy(button)) return;
  clear();
  const ready = busy(button);
  try {
    await work();
  } catch (error) {
    await fail(error, button, () => press(button, work, unknown), unknown);
  } finally {
    ready(); // the button's own text may need another line
    if (current) reveal(current.element);
  }
}

/** Whether there is a connection to leave this page by; says so where there is none. */
export function mayLeave(event, button) {
  if (navigator.onLine) return true;
  event.preventDefault();
  fail(new Unreachable("no connection"), button, () => button.click());
  return false;
}

// without a connection, the browser's own page would take the place of ours and of what was typed into it
addEventListener("click", (event) => {
  const link = event.target.closest("a[href]:not([href^='#'])");
  if (link) mayLeave(event, link);
});
addEventListener("submit", (event) => {
  if (event.target.method === "get") mayLeave(event, event.submitter ?? event.target.querySelector("[type=submit]"));
});

// what the page lacks is loaded, which changes nothing; what was pressed is left to the person, who may think again
addEventListener("online", async () => {
  const back = say("通信が回復しました。", "The connection is back.");
  if (current?.again) {
    const { control, again, unknown } = current;
    const offer = say("「もう一度試す」を押してください。", "Please choose “Try again”.");
    show({ control, again, unknown, element: notice("information", `${back}${say("", " ")}${offer}`, again, unknown) });
  }
  if (!reload) return;
  await reload();
  if (!reload && !current) tell("information", back);
});

async function fail(error, control, again, unknown = "") {
  const { text, repeatable } = await explain(error);
  if (!repeatable) return tell("problem", text, control);
  show({ control, again, unknown, element: notice("problem", unknown || text, again) });
}

/** What to tell about an error, and whether trying again may help. Where another page is the answer, never ends. */
async function explain(error) {
  if (error instanceof NotLoggedIn) {
    const text = tab.take(GREETED) ? sessionEnded() : say("ログインしてください。", "Please log in.");
    tab.write(RETURN, { path: location.pathname + location.search, text: error.unfinished });
    return goTo("/", [text, error.unfinished].filter(Boolean).join(say("", " ")));
  }
  if (error instanceof Forbidden && location.pathname !== HOME)
    return goTo(HOME, say("この画面を表示する権限がありません。", "Your account does not have access to that page."));
  if (error instanceof Mistaken || error instanceof Forbidden) return { text: error.message, repeatable: false };
  if (!(error instanceof Unreachable)) (window.reportError ?? console.error)(error); // a mistake of ours
  return { text: unreachable(), repeatable: true };
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

const notice = (kind, text, again = null, more = "") =>
  h(
    `div.notice.${kind}`,
    { role: kind === "problem" ? "alert" : "status", tabindex: "-1" },
    h("p", {}, text),
    more && h("p", {}, more),
    again && h("button.secondary", { type: "button", onclick: again }, say("もう一度試す", "Try again")),
  );

function show(told) {
  clear();
  current = told;
  place();
}

function place() {
  const { element, control } = current;
  const button = control?.isConnected ? control : control && byId(control.id);
  if (button) (button.closest(ROW) ?? button).after(element);
  else byId("main").prepend(element);
  reveal(element);
}

function reveal(element) {
  history.scrollRestoration = "manual"; // once a reloaded page is complete, the browser would scroll away from it
  if (document.activeElement.tabIndex < 0) element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest", behavior: "instant" });
}

function clear() {
  if (!current) return;
  const { element, control } = current;
  current = null;
  const hadFocus = element.contains(document.activeElement);
  element.remove();
  if (!hadFocus) return;
  if (control?.isConnected) control.focus();
  else focusHeading();
}

function focusHeading() {
  const heading = document.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus();
}

/** A button that says that it is at work; the function that ends this. It keeps the focus, so it is not disabled. */
function busy(button) {
  const text = button.textContent;
  button.textContent = say("送信しています…", "Sending…");
  setState(button, "aria-disabled", "true");
  return () => {
    button.textContent = text;
    setState(button, "aria-disabled", null);
  };
}

history.scrollRestoration = "auto"; // what was set stays with the page's entry when it is left
const early = byId("early"); // the server's notice
const carried = tab.take(CARRIED);
if (early) {
  current = { element: early };
  reveal(early);
} else if (carried) {
  tell(carried.kind, carried.text);
  current.carried = carried;
}
