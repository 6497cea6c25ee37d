// ログイン: the manual's first picture.

import { ask } from "./api.js";
import { byId } from "./dom.js";
import { enter } from "./entering.js";
import { onSubmit } from "./form.js";
import { homeOf, viewerNow } from "./frame.js";
import { say } from "./language.js";
import { goTo, tell } from "./outcome.js";

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

// who is logged in already need not do it again; where that cannot be found out, the form is there
viewerNow().then(
  (viewer) => viewer && goTo(homeOf(viewer)),
  () => {},
);
