/**
 * Markup that carries its styles in `data-style`.
 *
 * `style-src 'self'` blocks every `style="..."` that is parsed from markup, while styles set through the object
 * model are allowed. Monaco draws its lines as markup; the bundler renames the attribute in Monaco's sources
 * (`bundler/rewrites.mjs`), and these two functions set it after parsing, before anything is measured.
 */
import { trustedHtml } from "./trusted.js";

/** `element.innerHTML = markup`, styles included. */
export function setMarkup(element, markup) {
  element.innerHTML = trustedHtml(markup);
  applyStyles(element);
}

/** `element.insertAdjacentHTML("afterend", markup)`, styles included. */
export function insertMarkupAfter(element, markup) {
  element.insertAdjacentHTML("afterend", trustedHtml(markup));
  applyStyles(element.parentNode);
}

function applyStyles(root) {
  for (const element of root.querySelectorAll("[data-style]")) {
    element.style.cssText = element.dataset.style;
    element.removeAttribute("data-style");
  }
}
