/** What every editor of the page gets, whoever makes it: a name for screen readers, a way out, whole lines. */
import { TabFocus } from "monaco-editor/esm/vs/editor/browser/config/tabFocus.js";
import { editor } from "./monaco.js";

const NAMES = [
  ["operation.graphql", "GraphQL operation"],
  ["variables.json", "Variables, JSON"],
  ["request-headers.json", "Request headers, JSON"],
  ["response.json", "Answer, JSON"],
];

/** To be called before the first editor is made. */
export function makeEditorsAccessible() {
  TabFocus.setTabFocusMode(true); // Ctrl+M makes Tab indent again
  editor.onDidCreateEditor((created) => {
    created.updateOptions({ fontSize: 13, wordWrap: "on" });
    created.onDidChangeModel(({ newModelUrl }) => {
      const named = NAMES.find(([file]) => newModelUrl?.path.endsWith(file));
      if (named) nameEditor(created, named[1]);
    });
  });
}

function nameEditor(created, name) {
  const frame = created.getContainerDomNode();
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-label", `${name}; Enter to edit, Tab to leave`);
  created.updateOptions({ ariaLabel: name });
}
