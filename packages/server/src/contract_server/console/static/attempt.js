// One wish of the contractor, sent as often as it takes and carried out once.
//
// A wish is kept in the tab with its idempotency key before it is first sent, so whatever hides the answer (a
// reload, the back button, a cut line) the same wish can be sent again, and the API gives its first answer again.
// It belongs to the version of the contract that the person saw: another version is another wish.

import { ask } from "./api.js";
import { CONTRACT } from "./contract.js";
import { say } from "./language.js";

const OUTCOME = "outcome";

const problems = `
  ... on Problem { code message }
  ... on ActionRefused { contract { ...Contract } }
  ... on StaleContract { contract { ...Contract } }`;

const OPERATIONS = {
  terminate: `mutation ($input: TerminateContractInput!) {
    result: terminateContract(input: $input) { __typename ... on ContractTerminated { contract { ...Contract } } ${problems} }
  } ${CONTRACT}`,
  resume: `mutation ($input: ResumeContractInput!) {
    result: resumeContract(input: $input) { __typename ... on ContractResumed { contract { ...Contract } } ${problems} }
  } ${CONTRACT}`,
};

const kept = (action, contract) => `${action}:${contract.id}`;

const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? "null");
const write = (key, value) => sessionStorage.setItem(key, JSON.stringify(value));

/** The wish that was sent and whose answer never came; null when there is none. */
export const unanswered = (action, contract) => read(kept(action, contract));

/** Send a wish: the one that is still unanswered, or a new one. The answer is `{ done, problem, contract }`. */
export async function attempt(action, contract, details = {}) {
  const earlier = unanswered(action, contract);
  const wish = earlier?.expectedVersion === contract.version ? earlier : newWish(contract, details);
  write(kept(action, contract), wish);
  return send(action, wish);
}

/**
 * What became of a wish whose answer was lost, where the contract no longer offers the action: then it cannot be carried
 * out without another click. A newer version alone does not prove that: it may come of what the person cannot see.
 */
export const outcomeOf = (action, contract) => send(action, unanswered(action, contract));

/** The last thing that was carried out in this tab; null when there is none. */
export const lastOutcome = () => read(OUTCOME);

/** What can be said while no answer has come. */
export const uncertain = () =>
  say(
    "通信できませんでした。お手続きが受け付けられたかどうかは、もう一度お試しいただくと確認できます。二重に受け付けられることはありません。",
    "The line was cut. Try again to find out whether your request was accepted; it is never accepted twice.",
  );

const newWish = (contract, details) => ({
  contractId: contract.id,
  expectedVersion: contract.version,
  idempotencyKey: randomKey(),
  ...details,
});

// crypto.randomUUID exists on secure origins only, and a development server on a local network is none
const randomKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function send(action, wish) {
  const { result } = await ask(OPERATIONS[action], { input: wish });
  sessionStorage.removeItem(kept(action, { id: wish.contractId }));
  if (result.code) return { done: false, problem: result.message, contract: result.contract };
  write(OUTCOME, { action, contractId: wish.contractId, version: result.contract.version });
  return { done: true, contract: result.contract };
}
