/**
 * What the browser keeps of the playground: tabs and history, without the secrets in them.
 *
 * A secret is the text of a password, a token or a recovery code, in an operation or in a variable that stands for
 * one, and every header. Its place is stored empty. The passwords of the tour are public: they come back on reading.
 */
import { steps } from "./steps.js";

const SECRET = "password|token|recoveryCode";
const VALUE = String.raw`"""[^]*?(?:"""|$)|"(?:[^"\\\n]|\\.)*"?`;

const TABS = "graphiql:tabState";
const LISTS = { [TABS]: "tabs", "graphiql:queries": "queries", "graphiql:favorites": "favorites" };

/** What GraphiQL keeps of the open tab a second time: it is read from the tabs instead. */
const OF_OPEN_TAB = { "graphiql:query": "query", "graphiql:variables": "variables", "graphiql:headers": "headers" };

/** An operation without its secrets. */
export function withoutSecrets({ query, variables, ...rest }) {
  const named = new RegExp(String.raw`(?:${SECRET})\w*\s*:\s*\$(\w+)`, "gi");
  const names = [...(query ?? "").matchAll(named)].map(([, variable]) => variable);
  return { ...rest, query: blanked(query, names), variables: blanked(variables, names), headers: null };
}

function blanked(text, names) {
  const name = String.raw`\w*(?:${[SECRET, ...names].join("|")})\w*"?`;
  const type = String.raw`(?:[\w!\[\]]+\s*=\s*)?`; // of a variable that has a default
  return text?.replace(new RegExp(String.raw`(${name}\s*:\s*${type})(?:${VALUE})`, "gi"), `$1""`);
}

const blankSteps = steps.map((step) => ({ step, blank: withoutSecrets(step).variables }));

function withPublicPasswords(operation) {
  const known = blankSteps.find(
    ({ step, blank }) => step.operations.includes(operation.operationName) && blank === operation.variables,
  );
  return known ? { ...operation, variables: known.step.variables } : operation;
}

function changed(key, value, change) {
  const list = LISTS[key];
  if (!list || !value) return value;
  try {
    const kept = JSON.parse(value);
    return JSON.stringify({ ...kept, [list]: kept[list].map(change) });
  } catch {
    return null; // stored by something else
  }
}

const read = (key) => changed(key, localStorage.getItem(key), withPublicPasswords);

function partOfOpenTab(part) {
  const { tabs, activeTabIndex } = JSON.parse(read(TABS)) ?? {};
  return tabs?.[activeTabIndex]?.[part] ?? null;
}

/** A part of the `Storage` interface, as GraphiQL uses it. */
export const storage = {
  getItem: (key) => (key in OF_OPEN_TAB ? partOfOpenTab(OF_OPEN_TAB[key]) : read(key)),
  setItem(key, value) {
    if (key in OF_OPEN_TAB) localStorage.removeItem(key);
    else localStorage.setItem(key, changed(key, value, withoutSecrets));
  },
  removeItem: (key) => localStorage.removeItem(key),
  clear: () => localStorage.clear(),
  get length() {
    return localStorage.length;
  },
};
