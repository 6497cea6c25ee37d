/**
 * The one place that turns text into markup or into a script's address.
 *
 * The page is served with `require-trusted-types-for 'script'`: the browser refuses a plain string wherever it
 * would be parsed as HTML or run as a script. Only this module may say "I know where this text comes from".
 */
const workerAddresses = new Set();

/** Declares the address of a script of this bundle, so that a worker may be started from it. */
export function workerAddress(file) {
  const address = new URL(file, import.meta.url).href;
  workerAddresses.add(address);
  return address;
}

const rules = {
  // Monaco escapes every character of the edited text itself, markdown-it renders with `html: false`.
  createHTML: (markup) => markup,
  createScriptURL(address) {
    if (!workerAddresses.has(address)) throw new TypeError(`Not a script of the playground: ${address}`);
    return address;
  },
};

// A browser that does not know Trusted Types does not ask for them either.
const policy = globalThis.trustedTypes?.createPolicy("playground", rules) ?? rules;

export const trustedHtml = (markup) => policy.createHTML(markup);
export const trustedScript = (address) => policy.createScriptURL(address);
