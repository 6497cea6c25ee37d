// The link in a mail about a new address: each of the two mailboxes confirms it, once.

import { ask } from "./api.js";
import { h } from "./dom.js";
import { say } from "./language.js";
import { fill, goTo, load, press, tell } from "./outcome.js";

const LINK = "query ($token: String!) { addressLink(token: $token) { newEmail cameToNewAddress } }";
const CONFIRM = `
mutation ($input: ConfirmAddressInput!) {
  result: confirmAddress(input: $input) { ... on AddressConfirmed { changed } ... on Problem { message } }
}`;

const token = location.hash.slice(1);
addEventListener("hashchange", () => location.reload()); // another link was opened in this tab

load(async () => {
  const { addressLink: link } = await ask(LINK, { token });
  if (link) return show(link);
  fill();
  tell("problem", dead());
});

const show = ({ newEmail, cameToNewAddress }) =>
  fill(
    h(
      "p",
      {},
      cameToNewAddress
        ? say("ログインに使用するメールアドレスとして、確認します。", "You confirm this address, which is to be logged in with.")
        : say("メールアドレスを次のとおり変更することに同意します。", "You agree that the address becomes this one."),
    ),
    h("p.large", {}, newEmail),
    h(
      "button.primary.wide",
      { id: "confirm", type: "button", onclick: ({ currentTarget }) => press(currentTarget, () => confirm(currentTarget)) },
      cameToNewAddress ? say("確認", "Confirm") : say("同意", "Agree"),
    ),
  );

async function confirm(button) {
  const { result } = await ask(CONFIRM, { input: { token } });
  if (result.message) return tell("problem", result.message, button);
  return goTo("/", result.changed ? changed() : waiting());
}

const changed = () =>
  say(
    "メールアドレスを変更しました。新しいメールアドレスでログインしてください。",
    "The address is changed. Please log in with the new one.",
  );

const waiting = () =>
  say(
    "確認しました。もう一方のメールアドレスでもご確認いただくと、変更が完了します。",
    "Thank you. The change is complete once the other address has confirmed it, too.",
  );

const dead = () =>
  say(
    "このリンクは無効か、有効期限が切れています。変更をもう一度お申し込みください。",
    "This link is not valid, or no longer. Please ask for the change again.",
  );
