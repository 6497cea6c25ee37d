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

const kept = (contractId) => `wish:${contractId}`;

const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? "null");
const write = (key, value) => sessionStorage.setItem(key, JSON.stringify(value));

/** The wish that was sent and whose answer never came, as `{ action, input }`; null when there is none. */
export const unanswered = (contract) => read(kept(contract.id));

/**
 * Whether the wish can still be carried out, because the contract offers its action. A newer version alone proves nothing:
 * it may come of a change that the person cannot see.
 */
export const isOpen = (wish, contract) => contract.availableActions.includes(wish.action.toUpperCase());

/** Send a wish: the unanswered one for the contract as it is now, or a new one. The answer is `{ done, problem, contract }`. */
export function attempt(action, contract, details = {}) {
  const earlier = unanswered(contract);
  const repeated = earlier?.action === action && earlier.input.expectedVersion === contract.version;
  const wish = repeated ? earlier : { action, input: newInput(contract, details) };
  write(kept(contract.id), wish);
  return send(wish);
}

/** The last thing that was carried out in this tab; null when there is none. */
export const lastOutcome = () => read(OUTCOME);

/** What can be said while no answer has come. */
export const uncertain = () =>
  say(
    "通信できませんでした。お手続きが受け付けられたかどうかは、もう一度お試しいただくと確認できます。二重に受け付けられることはありません。",
    "The line was cut. Try again to find out whether your request was accepted; it is never accepted twice.",
  );

/** What can be said of a wish that is still open: the person may send it again. */
export const stillOpen = ({ action }) =>
  say(
    `前回の送信は、受け付けられたことを確認できておりません。お手続きを続ける場合は、もう一度「${action === "resume" ? "契約再開" : "契約終了"}」をクリックしてください。二重に受け付けられることはありません。`,
    `We could not confirm that your earlier request was accepted. To go on, please choose to ${action} once more; it is never accepted twice.`,
  );

const newInput = (contract, details) => ({
  contractId: contract.id,
  expectedVersion: contract.version,
  idempotencyKey: randomKey(),
  ...details,
});

// crypto.randomUUID exists on secure origins only, and a development server on a local network is none
const randomKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Send a wish as it was first sent: its answer is the first one, where there was one. */
export async function send({ action, input }) {
  const { result } = await ask(OPERATIONS[action], { input });
  sessionStorage.removeItem(kept(input.contractId));
  if (result.code) return { done: false, problem: result.message, contract: result.contract };
  write(OUTCOME, { action, contractId: input.contractId, version: result.contract.version });
  return { done: true, contract: result.contract };
}
