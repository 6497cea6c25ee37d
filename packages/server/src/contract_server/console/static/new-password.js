// The link in the mail: a new password, once. Its token is in the fragment, which no server and no log gets.

import { ask } from "./api.js";
import { byId } from "./dom.js";
import { onSubmit, reject } from "./form.js";
import { say } from "./language.js";
import { fill, goTo, load, tell } from "./outcome.js";

const LINK = "query ($token: String!) { passwordResetLink(token: $token) { email } }";
const RESET = `
mutation ($input: ResetPasswordInput!) {
  resetPassword(input: $input) { __typename ... on Problem { message } }
}`;

const token = location.hash.slice(1);
addEventListener("hashchange", () => location.reload()); // another link was opened in this tab

load(async () => {
  const { passwordResetLink: link } = await ask(LINK, { token });
  fill();
  if (!link) return tell("problem", dead());
  byId("email").value = link.email;
  byId("reset").hidden = false;
});

onSubmit(byId("reset"), async ({ password, again }, button) => {
  if (password !== again)
    return reject(byId("again"), say("同じパスワードを入力してください。", "Please enter the same password."));
  const { resetPassword } = await ask(RESET, { input: { token, newPassword: password } });
  if (resetPassword.__typename === "InvalidInput") return reject(byId("password"), resetPassword.message);
  if (resetPassword.message) return tell("problem", resetPassword.message, button);
  return goTo(
    "/",
    say(
      "新しいパスワードを設定しました。新しいパスワードでログインしてください。",
      "Your new password is set. Please log in with it.",
    ),
  );
});

const dead = () =>
  say(
    "このリンクは無効か、有効期限が切れています。URLを再度お受け取りください。",
    "This link is not valid, or no longer. Please ask for a new one.",
  );
