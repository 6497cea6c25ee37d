/**
 * A style sheet without a `<style>` element, for code that writes its own.
 *
 * `style-src 'self'` blocks `<style>` elements; constructed style sheets belong to the script that made them, and
 * the script comes from our own origin. The class has the part of `HTMLStyleElement` that Monaco uses.
 */
export class AdoptedStyle {
  #root;
  #text = "";
  className = "";
  sheet = new CSSStyleSheet({ media: "screen" });

  /** Applies where `container` is: in its shadow root, or in the document. */
  constructor(container = document) {
    const root = container.getRootNode();
    this.#root = root instanceof ShadowRoot ? root : document;
    this.#root.adoptedStyleSheets.push(this.sheet);
  }

  get textContent() {
    return this.#text;
  }

  set textContent(text) {
    this.#text = text;
    this.sheet.replaceSync(text);
  }

  get innerText() {
    return this.#text;
  }

  set innerText(text) {
    this.textContent = text;
  }

  remove() {
    this.#root.adoptedStyleSheets = this.#root.adoptedStyleSheets.filter((sheet) => sheet !== this.sheet);
  }
}

/** What `react-style-singleton` exports: one sheet while anybody wants it (it locks the page's scrolling). */
export function stylesheetSingleton() {
  let style = null;
  let users = 0;
  return {
    add(text) {
      if (users++ > 0) return;
      style = new AdoptedStyle();
      style.textContent = text;
    },
    remove() {
      if (--users > 0) return;
      style?.remove();
      style = null;
    },
  };
}
