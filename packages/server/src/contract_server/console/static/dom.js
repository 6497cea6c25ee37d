// Elements without markup in strings: whatever a contract is called, it stays text.

/** `h("a.strong", { href: "/" }, "text", other)`; nothing is made of null and false. */
export function h(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  element.classList.add(...classes);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Set an attribute, or remove it where there is no value. Not `ariaDisabled` and the like, which came late. */
export const setState = (element, name, value) =>
  value ? element.setAttribute(name, value) : element.removeAttribute(name);

/** A button whose work has not ended. */
export const isBusy = (button) => button.hasAttribute("aria-disabled");

/** The page's scripts are here: the notice that they are missing need not appear. */
export const started = () => byId("not-started")?.remove();

export const byId = (id) => document.getElementById(id);
