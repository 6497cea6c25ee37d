/**
 * Which tabs a visitor finds.
 *
 * GraphiQL keeps its tabs in the browser's storage and opens what it finds there. A newcomer gets the tour by
 * finding it there already. Who has been here keeps the tabs as left, until the tour itself changes: then its
 * steps are laid out anew, in front of the tabs that are the visitor's own.
 */
import story from "playground:story";
import { holds, steps } from "./steps.js";
import { storage } from "./storage.js";

const TABS = "graphiql:tabState";
const TOLD = "playground:story";

/** Lays out the tour for who has not seen this version of it. */
export function welcome() {
  if (storage.getItem(TOLD) === story.version) return;
  const own = stored().filter((tab) => !steps.some((step) => holds(tab, step)));
  storage.setItem(TABS, JSON.stringify({ activeTabIndex: 0, tabs: [...steps.map(asTab), ...own] }));
  storage.setItem(TOLD, story.version);
}

/**
 * Every step as it was at first, from the next time that the page is opened; the visitor's own tabs stay. Not at
 * once: GraphiQL writes its tabs a moment after each change, and would write the old ones over the new.
 */
export function startOver() {
  storage.removeItem(TOLD);
}

function stored() {
  try {
    return JSON.parse(storage.getItem(TABS)).tabs;
  } catch {
    return []; // nothing stored, or by something else
  }
}

function asTab({ query, variables, operations: [operationName] }) {
  return { id: operationName, title: operationName, query, variables, headers: null, operationName, response: null };
}
