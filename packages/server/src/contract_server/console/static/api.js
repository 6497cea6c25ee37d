// The one way to the API. An answer is data; what is no answer is one of a few things that every page can tell.

import { language } from "./language.js";

const PATIENCE = 20_000;

/** No answer came, or none that says anything: whether the request was carried out is not known. */
export class Unreachable extends Error {}

/** The session has ended, or there never was one. `unfinished` says what was not carried out for this reason. */
export class NotLoggedIn extends Error {
  unfinished = "";
}

/** The viewer's role does not allow this. */
export class Forbidden extends Error {}

/** The API was asked for what cannot be, as by an address that somebody has typed; the message says what to do. */
export class Mistaken extends Error {}

// not AbortSignal.timeout, which came to browsers late
function endOfPatience() {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), PATIENCE);
  return controller.signal;
}

/** Ask the API, with the session's cookie. What needs the second factor of an operator is asked again after it. */
export async function ask(query, variables = {}, afterSecondFactor = false) {
  let answer;
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "Accept-Language": language },
      body: JSON.stringify({ query, variables }),
      signal: endOfPatience(),
    });
    answer = await response.json();
  } catch (cause) {
    throw new Unreachable("no answer", { cause });
  }
  const codes = (answer.errors ?? []).map((error) => error.extensions?.code);
  if (codes.includes("UNAUTHENTICATED")) throw new NotLoggedIn("no session");
  if (codes.includes("SECOND_FACTOR_NEEDED") && !afterSecondFactor) {
    const { showPasskey } = await import("./passkey.js");
    await showPasskey();
    return ask(query, variables, true);
  }
  if (codes.includes("SECOND_FACTOR_NEEDED")) throw new Mistaken(answer.errors[0].message);
  if (codes.includes("FORBIDDEN")) throw new Forbidden(answer.errors[0].message);
  if (codes.includes("BAD_USER_INPUT")) throw new Mistaken(answer.errors[0].message);
  if (codes.length || !answer.data) throw new Unreachable(answer.errors?.[0]?.message ?? "no data");
  return answer.data;
}
