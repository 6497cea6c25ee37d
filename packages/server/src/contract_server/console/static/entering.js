// What follows a log-in, after its last step.

import { homeOf } from "./frame.js";
import { say } from "./language.js";
import { goTo, RETURN, tell } from "./outcome.js";
import { tab } from "./storage.js";

const OF_EVERY_ROLE = "/account";

/** Go to the page that asked for the log-in, if it is one of the viewer's role; no viewer means that no cookie is kept. */
export function enter(viewer, button) {
  if (!viewer) return tell("problem", cookiesBlocked(), button);
  const { path, text } = tab.take(RETURN) ?? {};
  const home = homeOf(viewer);
  const isOfRole = path === OF_EVERY_ROLE || path?.startsWith("/operator") === home.startsWith("/operator");
  return isOfRole ? goTo(path, text) : goTo(home);
}

const cookiesBlocked = () =>
  say(
    "ブラウザーの設定によりCookieが保存されないため、ログインできません。Cookieを許可してから、もう一度お試しください。",
    "Your browser does not keep cookies, so you cannot log in. Please allow cookies and try again.",
  );
