// One wish of the contractor, sent as often as it takes and carried out once.
//
// A wish is kept in the tab with its idempotency key before it is first sent, so whatever hides the answer (a
// reload, the back button, a cut line) the same wish can be sent again, and the API gives its first answer again.
// It belongs to the version of the contract that the person saw: another version is another wish.

import { ask, NotLoggedIn } from "./api.js";
import { CONTRACT } from "./contract.js";
import { say } from "./language.js";
import { GREETED } from "./outcome.js";
import { tab } from "./storage.js";

const ACTIONS = { terminate: "契約終了", resume: "契約再開" };
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

const STATUS_AFTER = { terminate: "TERMINATED", resume: "ACTIVE" };

const kept = (contractId) => `wish:${contractId}`;

/** The wish that was sent and whose answer never came, as `{ action, input }`; null when there is none. */
export const unanswered = (contract) => tab.read(kept(contract.id));

/**
 * Whether the wish can still be carried out, because the contract offers its action. A newer version alone proves nothing:
 * it may come of a change that the person cannot see.
 */
export const isOpen = (wish, contract) => contract.availableActions.includes(wish.action.toUpperCase());

/** Send a wish: the unanswered one for the contract as it is now, or a new one. The answer is `{ done, kind, problem, contract }`. */
export function attempt(action, contract, details = {}) {
  const earlier = unanswered(contract);
  const repeated = earlier?.action === action && earlier.input.expectedVersion === contract.version;
  const wish = repeated ? earlier : { action, input: newInput(contract, details) };
  tab.write(kept(contract.id), wish);
  return repeated ? send(wish) : sendFirst(wish);
}

// a wish that was never sent before and is refused without a session was not accepted: that is certain
async function sendFirst(wish) {
  try {
    return await send(wish);
  } catch (error) {
    if (error instanceof NotLoggedIn) {
      tab.remove(kept(wish.input.contractId));
      error.unfinished = notAccepted(wish);
    }
    throw error;
  }
}

/** The last thing that was carried out in this tab; null when there is none. */
export const lastOutcome = () => tab.read(OUTCOME);

/** What can be said while no answer has come. */
export const uncertain = () =>
  say(
    "通信できませんでした。お手続きが受け付けられたかどうかは、もう一度お試しいただくと確認できます。二重に受け付けられることはありません。",
    "The line was cut. Try again to find out whether your request was accepted; it is never accepted twice.",
  );

/** What can be said of a wish that is still open: the person may send it again. */
export const stillOpen = ({ action }) =>
  say(
    `前回のお手続きが受け付けられたか、確認できませんでした。お手続きを続ける場合は、もう一度「${ACTIONS[action]}」を押してください。二重に受け付けられることはありません。`,
    `We could not confirm that your earlier request was accepted. To go on, please choose to ${action} once more; it is never accepted twice.`,
  );

const notAccepted = ({ action }) =>
  say(
    `お手続きは受け付けられていません。ログイン後に、もう一度「${ACTIONS[action]}」を押してください。`,
    `Your request was not accepted. Please choose to ${action} once more after the log-in.`,
  );

const alreadyDone = (action) =>
  say(
    `すでに${ACTIONS[action]}のお手続きが完了しています。`,
    action === "resume" ? "The contract is resumed already." : "The contract is terminated already.",
  );

// the contractor of another contract is logged in by now
function notOfThisAccount() {
  tab.remove(GREETED);
  return say(
    "別のタブで別のアカウントにログインされたため、お手続きは行われませんでした。いまのアカウントの契約内容をご確認ください。",
    "Nothing was done, because another account has logged in in another tab. This is the contract of that account.",
  );
}

function problemOf(action, { code, message, contract }) {
  if (code === "CONTRACT_NOT_FOUND") return { kind: "problem", problem: notOfThisAccount() };
  if (contract?.status === STATUS_AFTER[action]) return { kind: "information", problem: alreadyDone(action) };
  return { kind: "problem", problem: message };
}

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
  tab.remove(kept(input.contractId));
  if (result.code) return { done: false, contract: result.contract, ...problemOf(action, result) };
  tab.write(OUTCOME, { action, contractId: input.contractId, version: result.contract.version });
  return { done: true, contract: result.contract };
}
