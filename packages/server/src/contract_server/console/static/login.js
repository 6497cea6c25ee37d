// ログイン: the manual's first picture.

import { ask } from "./api.js";
import { byId } from "./dom.js";
import { onSubmit } from "./form.js";
import { homeOf, viewerNow } from "./frame.js";
import { say } from "./language.js";
import { goTo, RETURN, tell } from "./outcome.js";
import { tab } from "./storage.js";

const LOG_IN = `
mutation ($input: LogInInput!) {
  logIn(input: $input) {
    __typename
    ... on LoggedIn { viewer { role } }
    ... on Problem { code message }
    ... on SecondFactorRequired { enrolled }
  }
}`;

if (location.pathname === "/login") {
  document.querySelector("h1").textContent = say("契約管理 ログイン", "Contract management log-in");
  byId("contract-log-in").setAttribute("aria-current", "page");
}

onSubmit(byId("log-in"), async ({ email, password }, button) => {
  const { logIn } = await ask(LOG_IN, { input: { email, password } });
  if (logIn.viewer) return enter(await viewerNow(), button);
  if (logIn.enrolled) return goTo("/second-factor");
  if (logIn.code !== "BUSY") byId("password").value = ""; // then the same password is to be sent again
  byId("password").focus();
  tell("problem", logIn.message, button); // after too many tries it says when to come back
});

// the page that asked for the log-in, if it is one of this role's
function enter(viewer, button) {
  if (!viewer) return tell("problem", cookiesBlocked(), button);
  const { path, text } = tab.take(RETURN) ?? {};
  const home = homeOf(viewer);
  const isOfRole = path?.startsWith("/operator") === home.startsWith("/operator");
  return isOfRole ? goTo(path, text) : goTo(home);
}

const cookiesBlocked = () =>
  say(
    "ブラウザーの設定によりCookieが保存されないため、ログインできません。Cookieを許可してから、もう一度お試しください。",
    "Your browser does not keep cookies, so you cannot log in. Please allow cookies and try again.",
  );

// who is logged in already need not do it again; where that cannot be found out, the form is there
viewerNow().then(
  (viewer) => viewer && goTo(homeOf(viewer)),
  () => {},
);
