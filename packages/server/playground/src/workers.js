/**
 * Monaco's language services, each a file of this bundle from our own origin.
 *
 * Left alone, Monaco would start its workers from `blob:` addresses, and would register a Trusted Types policy
 * for each of a dozen modules; here there is one policy, and no address but these three.
 */
import addresses from "playground:worker-files";
import { trustedHtml, trustedScript, workerAddress } from "./trusted.js";

const WORKERS = new Map(Object.entries(addresses).map(([label, file]) => [label, workerAddress(file)]));

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) =>
    new Worker(trustedScript(WORKERS.get(label) ?? WORKERS.get("editor")), { name: label, type: "module" }),
  createTrustedTypesPolicy: (_name, { createHTML }) =>
    createHTML && { createHTML: (text, ...rest) => trustedHtml(createHTML(text, ...rest)) },
};
