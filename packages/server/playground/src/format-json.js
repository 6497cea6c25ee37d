/** Lays out the variables and headers of a tab; comments stay where they are. */
import { applyEdits, format } from "jsonc-parser";

export function formatJSONC(text) {
  return applyEdits(text, format(text, undefined, { insertSpaces: true, tabSize: 2 }));
}
