// The link in the mail: a new password, once.

import { ask } from "./api.js";
import { byId } from "./dom.js";
import { onSubmit, reject } from "./form.js";
import { say } from "./language.js";
import { goTo, tell } from "./outcome.js";

const RESET = `
mutation ($input: ResetPasswordInput!) {
  resetPassword(input: $input) { __typename ... on Problem { message } }
}`;

onSubmit(byId("reset"), async ({ password, again }, button) => {
  if (password !== again)
    return reject(byId("again"), say("同じパスワードを入力してください。", "Please enter the same password."));
  const token = location.pathname.split("/").pop();
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
