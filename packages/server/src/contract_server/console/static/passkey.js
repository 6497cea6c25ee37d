// The second factor of an operator: a passkey, which signs for this site alone, or a recovery code in its place.

import { ask, Mistaken } from "./api.js";
import { say } from "./language.js";

const BEGIN = `
mutation { result: beginSecondFactor { ... on PasskeyOptions { options } ... on Problem { message } } }`;
const PASS = `
mutation ($input: PassSecondFactorInput!) {
  result: passSecondFactor(input: $input) { ... on LoggedIn { viewer { role } } ... on Problem { message } }
}`;

/** Let the passkey sign; the viewer, who is logged in then. */
export async function showPasskey() {
  const { result } = await ask(BEGIN);
  if (result.message) throw new Mistaken(result.message);
  const credential = await withDevice(() => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(result.options));
    return navigator.credentials.get({ publicKey });
  });
  return pass({ credential });
}

/** Use up a recovery code; the viewer, who is logged in then. */
export const showCode = (recoveryCode) => pass({ recoveryCode });

/** What a device has signed, as JSON. The person may have given it up, or the device may not know the passkey. */
export async function withDevice(work) {
  try {
    return JSON.stringify(await work());
  } catch (cause) {
    const text = say(
      "パスキーを確認できませんでした。もう一度お試しいただくか、「アカウント」の「二段階認証」から回復用コードをご利用ください。",
      "Your passkey could not be used. Please try again, or use a recovery code under “Your account”, “Second factor”.",
    );
    throw new Mistaken(text, { cause });
  }
}

async function pass(input) {
  const { result } = await ask(PASS, { input });
  if (result.message) throw new Mistaken(result.message);
  return result.viewer;
}
