// The link of an operator: registers a passkey, once. Its token is in the fragment, which no server and no log gets.

import { ask } from "./api.js";
import { byId, h, started } from "./dom.js";
import { say } from "./language.js";
import { fill, press, tell } from "./outcome.js";
import { withDevice } from "./passkey.js";

const BEGIN = `
mutation ($input: BeginEnrolmentInput!) {
  result: beginEnrolment(input: $input) { ... on PasskeyOptions { options } ... on Problem { message } }
}`;
const ENROL = `
mutation ($input: EnrolPasskeyInput!) {
  result: enrolPasskey(input: $input) { ... on PasskeyEnrolled { recoveryCodes } ... on Problem { message } }
}`;

const token = location.hash.slice(1);
addEventListener("hashchange", () => location.reload()); // another link was opened in this tab

byId("register").addEventListener("click", ({ currentTarget }) => press(currentTarget, () => register(currentTarget)));
started();

async function register(button) {
  const { result: begun } = await ask(BEGIN, { input: { token } });
  if (begun.message) return tell("problem", begun.message, button);
  const credential = await withDevice(() => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(begun.options));
    return navigator.credentials.create({ publicKey });
  });
  const { result } = await ask(ENROL, { input: { token, credential } });
  if (result.message) return tell("problem", result.message, button);
  show(result.recoveryCodes);
  tell("information", say("パスキーを登録しました。", "Your passkey is registered."));
}

const show = (codes) =>
  fill(
    h("h2", {}, say("回復用コード", "Recovery codes")),
    h(
      "p",
      {},
      say(
        "パスキーを使用できないときに、1つを一度だけ使用できます。この画面でのみ表示されます。印刷するなどして、安全な場所に保管してください。",
        "Each takes the place of your passkey once. They are shown on this page only: print them, or keep them in a safe place.",
      ),
    ),
    h("ul.codes", {}, codes.map((code) => h("li.id", {}, code))),
    h("a.button.secondary", { href: "/" }, say("ログイン画面へ", "Log in")),
  );
