// What the operators' pages share.

import { Forbidden, NotLoggedIn } from "./api.js";

/** These pages are for operators; everybody else is sent where they belong. */
export function requireOperator(viewer) {
  if (!viewer) throw new NotLoggedIn("no session");
  if (viewer.role !== "OPERATOR") throw new Forbidden("not an operator");
}
